package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// credentials are those that bench made for itself in a database. They are kept beside
// the database, in a file that only its owner can read, so that a later run uses the
// same customers.
type credentials struct {
	App          id.App `json:"app_id"`
	ClientKey    string `json:"client_key"`
	ClientSecret string `json:"client_secret"`
}

const credentialsFile = "bench.json"

// rateLimit is the limit of the credential in requests a minute. It is never reached,
// and counted like any other.
const rateLimit = 10_000_000

// local is a database of our own with a server over it, in this process.
type local struct {
	cfg    config.Config
	store  store.Store
	server *running
	creds  credentials
	caller tenant.Caller
}

// running is a server that is serving.
type running struct {
	*server.Server
	stop  context.CancelFunc
	ended chan error
}

func serve(cfg config.Config, st store.Store, version string) (*running, error) {
	srv, err := server.NewOver(cfg, st, version)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := srv.Listen(); err != nil {
		cancel()
		return nil, errors.Join(err, srv.Close(context.Background()))
	}
	r := &running{srv, cancel, make(chan error, 1)}
	go func() { r.ended <- srv.Run(ctx) }()
	return r, nil
}

func (r *running) end() error {
	r.stop()
	return <-r.ended
}

func (r *running) endpoint(c credentials) (*endpoint, error) {
	return newEndpoint("http://"+r.Addr(), c.ClientKey, redact.NewSecret(c.ClientSecret))
}

// unaudited is a store without audit. It exists only here, to show what audit costs.
type unaudited struct{ store.Store }

// Record drops the entries.
func (unaudited) Record(context.Context, id.App, ...store.AuditRow) error { return nil }

// Disclose drops the entry.
func (u unaudited) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	return store.Disclose(ctx, u, app, ref, use)
}

// Update drops the entries of a change.
func (u unaudited) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	return u.Store.Update(ctx, app, func(tx store.Tx) error { return fn(forgetful{tx}) })
}

type forgetful struct{ store.Tx }

// AuditAppend drops the entry.
func (forgetful) AuditAppend(store.AuditRow) {}

// Close leaves the store open for the other server.
func (unaudited) Close(context.Context) error { return nil }

// local opens or makes the configured database, and serves it.
func (r *run) local(ctx context.Context) (*target, error) {
	l := &local{cfg: config.Default()}
	l.cfg.Addr, l.cfg.ManageAddr = "127.0.0.1:0", "127.0.0.1:0"
	l.cfg.Jobs = job.Kinds{loadKind: loader{}}
	l.cfg.JobShare = 100             // there is nobody to wait while it fills
	l.cfg.LogLevel = slog.LevelError // the log of requests would fill the terminal
	with := "encrypted, audited, fsynced, rate-limited"
	if r.DatabaseURL.IsZero() {
		l.cfg.DataDir = r.Data
	} else {
		l.cfg.DatabaseURL, l.cfg.MasterKeyFile = r.DatabaseURL, filepath.Join(r.Data, "master.key")
		with = "encrypted, audited, committed, rate-limited" // durability depends on the settings of PostgreSQL
	}
	if err := l.open(ctx, r); err != nil {
		return nil, err
	}
	to, err := l.server.endpoint(l.creds)
	if err != nil {
		return nil, errors.Join(err, l.server.end())
	}
	return &target{
		to: to, with: with,
		fill:   func(ctx context.Context, have, want int) error { return l.fill(ctx, r.Status, have, want) },
		sample: l.sampleIDs,
		memory: func() (int64, int64) {
			index, _ := l.server.Records().SearchMemory()
			return index, residentBytes(os.Getpid())
		},
		drop: func() { l.server.Records().DropIndexes() },
		without: func() (*endpoint, func() error, error) {
			cfg := l.cfg
			cfg.Jobs = nil
			srv, err := serve(cfg, unaudited{l.store}, r.Version)
			if err != nil {
				return nil, nil, err
			}
			to, err := srv.endpoint(l.creds)
			return to, srv.end, err
		},
		close: l.server.end,
	}, nil
}

// open makes the database on the first run and starts the server.
func (l *local) open(ctx context.Context, r *run) error {
	path := filepath.Join(r.Data, credentialsFile)
	secret, err := config.ReadPrivate(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	var operator records.Issued
	switch {
	case fresh:
		if err := os.MkdirAll(r.Data, 0o700); err != nil {
			return err
		}
		operator, err = server.Init(ctx, l.cfg, nil)
		if errors.Is(err, records.ErrInitialised) {
			return fmt.Errorf("this database was not made by custodex bench, which fills one of its own (there is no %s)", path)
		}
		if err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if err := json.Unmarshal([]byte(secret.Reveal()), &l.creds); err != nil {
			return fmt.Errorf("%s is damaged", path)
		}
	}
	if l.store, err = server.OpenStore(ctx, l.cfg); err != nil {
		return err
	}
	if l.server, err = serve(l.cfg, l.store, r.Version); err != nil {
		return err
	}
	if fresh {
		err = l.makeApp(ctx, operator, path)
	}
	if err == nil {
		err = l.login(ctx)
	}
	if err == nil {
		err = l.finish(ctx, r.Status)
	}
	if err != nil {
		return errors.Join(err, l.server.end())
	}
	return nil
}

// makeApp makes the application and its credential as the operator, and stores the
// credential in path.
func (l *local) makeApp(ctx context.Context, operator records.Issued, path string) error {
	svc := l.server.Records()
	caller, _, err := svc.Authenticate(ctx, login(tenant.Operator, operator.PublicKey, operator.Secret.Reveal()))
	if err != nil {
		return err
	}
	app, err := svc.CreateApp(ctx, caller, "custodex bench")
	if err != nil {
		return err
	}
	caller.App = app.ID
	key, err := svc.CreateKey(ctx, caller, records.NewKey{
		Kind: tenant.Devdraft, Name: "bench", Owner: "custodex bench", Scopes: authz.DefaultScopes, RateLimit: rateLimit,
	})
	if err != nil {
		return err
	}
	l.creds = credentials{app.ID, key.PublicKey, key.Secret.Reveal()}
	data, err := json.Marshal(l.creds)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

func (l *local) login(ctx context.Context) (err error) {
	l.caller, _, err = l.server.Records().Authenticate(ctx, login(tenant.Devdraft, l.creds.ClientKey, l.creds.ClientSecret))
	return err
}

func login(kind tenant.Kind, key, secret string) records.Login {
	return records.Login{
		Kind: kind, PublicKey: key, Secret: secret,
		Origin: tenant.Origin{Dialect: "bench", Request: id.NewRequest(), UserAgent: "custodex-bench"},
	}
}

// sampleIDs draws the ids of random customers, old and new: n of them at most, in batches of 1,000.
func (l *local) sampleIDs(ctx context.Context, n int) ([]string, error) {
	const batch = 1000 // as many as the store takes
	span, err := l.store.CustomerRange(ctx, l.creds.App)
	if err != nil || span.Count == 0 {
		return nil, err
	}
	var ids []string
	for range n / batch {
		seqs := make([]int64, batch)
		for i := range seqs {
			seqs[i] = span.MinSeq + rand.Int64N(span.MaxSeq-span.MinSeq+1)
		}
		rows, err := l.store.CustomerBySeq(ctx, l.creds.App, seqs)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			ids = append(ids, rows[i].ID.String())
		}
	}
	return ids, nil
}
