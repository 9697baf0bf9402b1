package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/redact"
)

// endpoint is where the database is, and how it must be spoken to.
type endpoint struct {
	url    redact.Secret
	own    []setting         // that the URL asks for
	mode   pgx.QueryExecMode // that the URL asks for
	chosen bool              // whether it asks for a mode
	pooled bool              // each transaction may run on another connection of the server
	hosts  *hosts
}

// A setting is a parameter of the server and its value.
type setting struct{ name, value string }

// poolerParameter is the option of the URL that says which pooler there is. The server
// does not know it.
const poolerParameter = "pooler"

// errMode is for modes in which the server is not asked for the types of arguments.
var errMode = errors.New("the option default_query_exec_mode of the database URL must be " +
	"cache_statement, cache_describe or describe_exec")

var errPooler = errors.New(`the option pooler of the database URL must be "transaction" or "session"`)

// startup are the parameters that may stand in the startup packet. Poolers know these
// and refuse a client that sends others, unless they are told to ignore them.
var startup = []string{
	"application_name", "client_encoding", "datestyle", "options", "replication",
	"standard_conforming_strings", "timezone",
}

// find reads the URL, and asks the server whether it is behind a pooler unless the URL
// says so.
func find(ctx context.Context, url redact.Secret) (*endpoint, error) {
	cfg, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return nil, errURL // the parser's own text may quote the URL
	}
	raw, err := pgconn.ParseConfig(url.Reveal())
	if err != nil {
		return nil, errURL
	}
	e := &endpoint{url: url, mode: cfg.DefaultQueryExecMode, hosts: newHosts(&cfg.Config)}
	if e.mode == pgx.QueryExecModeExec || e.mode == pgx.QueryExecModeSimpleProtocol {
		return nil, errMode
	}
	_, e.chosen = raw.RuntimeParams["default_query_exec_mode"]
	for _, name := range slices.Sorted(maps.Keys(cfg.RuntimeParams)) {
		// Those with pool_ are for the pool, which takes them out.
		if name != poolerParameter && !strings.HasPrefix(name, "pool_") && !slices.Contains(startup, strings.ToLower(name)) {
			e.own = append(e.own, setting{name, cfg.RuntimeParams[name]})
		}
	}
	switch pooler := cfg.RuntimeParams[poolerParameter]; pooler {
	case "transaction":
		e.pooled = true
	case "session":
	case "":
		if e.pooled, err = e.probe(ctx); err != nil {
			return nil, err
		}
	default:
		return nil, errPooler
	}
	return e, nil
}

// prepare makes cfg connect to the endpoint: what poolers refuse is left out of the
// startup packet, and statements are prepared in a way that works.
func (e *endpoint) prepare(cfg *pgx.ConnConfig) {
	cfg.ConnectTimeout = connectLimit
	cfg.DialFunc = e.hosts.watch(cfg.DialFunc)
	p := cfg.RuntimeParams
	delete(p, poolerParameter)
	for _, s := range e.own {
		delete(p, s.name)
	}
	if p["application_name"] == "" {
		p["application_name"] = "custodex"
	}
	p["timezone"] = "UTC"
	switch {
	case e.chosen:
		cfg.DefaultQueryExecMode = e.mode
	case e.pooled:
		// The description of a statement is kept here, and the statement is parsed by
		// the connection that runs it.
		cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	default:
		cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	}
}

// settings are those that every statement runs under, which may take as long as limit.
func (e *endpoint) settings(limit time.Duration) []setting {
	all := slices.Clone(e.own)
	all = append(all,
		setting{"lock_timeout", milliseconds(lockLimit)},
		setting{"statement_timeout", milliseconds(limit)},
		setting{"idle_in_transaction_session_timeout", milliseconds(idleLimit)},
	)
	for _, name := range slices.Sorted(maps.Keys(planner)) {
		all = append(all, setting{name, planner[name]})
	}
	return all
}

// durable makes every commit wait for the disk, whatever the database or the URL say.
// Only "off" does not, so others stay.
const durable = `set_config('synchronous_commit', ` +
	`CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, `

// calls are the calls of set_config that make settings, for the transaction or for the
// session.
func calls(settings []setting, local bool) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "set_config(%s, %s, %t), ", quoted(s.name), quoted(s.value), local)
	}
	fmt.Fprintf(&b, "%s%t)", durable, local)
	return b.String()
}

// begins gives the statement that each transaction begins with. It names the
// application and takes the role, also where afterConnect has: a connection that lost its role
// would have the rights of the user who logged in. Behind a pooler it makes the settings too,
// since the connection may have been another client's a moment ago.
func (e *endpoint) begins(limit time.Duration) string {
	named := setApp + `, set_config('role', '` + runtimeRole + `', true)`
	if !e.pooled {
		return named
	}
	return named + ", " + calls(e.settings(limit), true)
}

// afterConnect gives what is done with a new connection, nil for nothing: it makes the
// settings, and gives up the rights of the user who logged in.
func (e *endpoint) afterConnect(limit time.Duration) func(context.Context, *pgx.Conn) error {
	if e.pooled {
		return e.hosts.ready
	}
	sql := "SELECT " + calls(e.settings(limit), false) + "; SET ROLE " + runtimeRole
	return func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		if err != nil {
			return noMember(err)
		}
		return e.hosts.ready(ctx, conn)
	}
}

// noMember says what to do when the user of the URL may not take the role.
func noMember(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
		return fmt.Errorf("the database user may not act as %s; let an administrator run: "+
			"GRANT %s TO the user of the database URL", runtimeRole, runtimeRole)
	}
	return err
}

// quoted makes a literal of SQL.
func quoted(s string) string {
	s = strings.ReplaceAll(s, `'`, `''`)
	if strings.Contains(s, `\`) {
		return `E'` + strings.ReplaceAll(s, `\`, `\\`) + `'`
	}
	return `'` + s + `'`
}
