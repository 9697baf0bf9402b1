package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// probeRounds is how often the probe looks. One is enough for a pooler that nobody
// else uses; with others, a look can miss it.
const probeRounds = 3

// What needs a session of its own.
var (
	errPooled      = notPooled("the schema can only be changed")
	errPooledRoles = notPooled("roles can only be made")
)

func notPooled(what string) error {
	return errors.New(what + " over a connection to the server itself, " +
		"and the database URL leads to a pooler that gives each transaction another one; " +
		"run this with the server's own address")
}

// probe reports whether there is a pooler in between that gives each transaction a
// connection of its own to the server. It looks who answers: without such a pooler, a
// connection is always answered by the same process of the server, and no other
// connection is.
func (e *endpoint) probe(ctx context.Context) (pooled bool, err error) {
	one, err := e.plain(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = one.Close(ctx) }()
	two, err := e.plain(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = two.Close(ctx) }()
	for range probeRounds {
		before, err := answers(ctx, one, "SELECT pg_backend_pid()")
		if err != nil {
			return false, err
		}
		// The transaction keeps its process busy, so that it cannot answer the first
		// connection next.
		other, err := answers(ctx, two, "BEGIN; SELECT pg_backend_pid()")
		if err != nil {
			return false, err
		}
		if other == before {
			return true, nil
		}
		after, err := answers(ctx, one, "SELECT pg_backend_pid()")
		if err != nil || after != before {
			return err == nil, err
		}
		if _, err := answers(ctx, two, "COMMIT; SELECT pg_backend_pid()"); err != nil {
			return false, err
		}
	}
	return false, nil
}

// plain makes a connection without settings and without the role.
func (e *endpoint) plain(ctx context.Context) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(e.url.Reveal())
	if err != nil {
		return nil, errURL
	}
	e.prepare(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, translate(ctx, err)
	}
	return conn, e.hosts.ready(ctx, conn)
}

// answers runs plain statements and gives the first column of the last row.
func answers(ctx context.Context, conn *pgx.Conn, sql string) (string, error) {
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", fmt.Errorf("look for a pooler: %w", translate(ctx, err))
	}
	var got string
	for _, r := range results {
		for _, row := range r.Rows {
			got = string(row[0])
		}
	}
	return got, nil
}

// changeable refuses to change a schema through a pooler: the lock against a second
// program that does so belongs to a session.
func changeable(ctx context.Context, e *endpoint) (done bool, err error) {
	if !e.pooled {
		return false, nil
	}
	err = checkSchema(ctx, e)
	if unfit(err) {
		return true, errors.Join(err, errPooled)
	}
	return true, err
}
