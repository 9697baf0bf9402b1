package testkit

import (
	"context"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Options says what server a test wants. The zero value is SQLite with defaults.
type Options struct {
	Engine    string                        // "sqlite" (default) or "postgres"
	RateLimit int                           // of the credential it makes; 0: unlimited
	Configure func(*config.Config)          // changes the configuration before the start
	Wrap      func(store.Store) store.Store // puts something between server and store
}

// Server is a running server with one application and one credential of it.
type Server struct {
	URL, ManageURL string
	App            tenant.Application
	Key            records.Issued // the application's credential
	Operator       records.Issued // opens the management API
	Records        *records.Service
	Database       Database

	opts   Options
	server *server.Server
	stop   context.CancelFunc
	ended  chan error
}

// NewServer initialises a fresh database and starts a server on it.
func NewServer(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Engine == "" {
		opts.Engine = "sqlite"
	}
	s := &Server{Database: NewDatabase(t, opts.Engine), opts: opts}
	var err error
	if s.Operator, err = server.Init(context.Background(), s.config(), nil); err != nil {
		t.Fatalf("initialise: %v", err)
	}
	s.start(t)
	s.App, s.Key = s.NewApp(t, "My Application", opts.RateLimit)
	return s
}

func (s *Server) config() config.Config {
	cfg := s.Database.Config()
	if s.opts.Configure != nil {
		s.opts.Configure(&cfg)
	}
	return cfg
}

// Replica starts a second server on the same PostgreSQL database. It has the
// same application and credentials.
func (s *Server) Replica(t testing.TB) *Server {
	t.Helper()
	if s.opts.Engine != "postgres" {
		t.Fatal("only PostgreSQL has replicas")
	}
	r := &Server{Database: s.Database, opts: s.opts, Operator: s.Operator, App: s.App, Key: s.Key}
	r.start(t)
	return r
}

// Restart stops the server in order and starts it again on the same data, at a
// new address.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.start(t)
}

// Stop shuts the server down in order. Stopping twice is harmless.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stop()
	if err, open := <-s.ended; open && err != nil {
		t.Errorf("the server ended with: %v", err)
	}
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cfg := s.config()
	srv, err := s.open(ctx, cfg)
	if err != nil {
		t.Fatalf("start the server: %v", err)
	}
	if err := srv.Listen(); err != nil {
		t.Fatal(err)
	}
	s.server, s.Records = srv, srv.Records()
	s.URL, s.ManageURL = "http://"+srv.Addr(), "http://"+srv.ManageAddr()
	s.stop, s.ended = cancel, make(chan error, 1)
	go func(ended chan<- error) { ended <- srv.Run(ctx); close(ended) }(s.ended)
	t.Cleanup(func() { s.Stop(t) })
}

func (s *Server) open(ctx context.Context, cfg config.Config) (*server.Server, error) {
	if s.opts.Wrap == nil {
		return server.New(ctx, cfg, "test")
	}
	st, err := server.OpenStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return server.NewOver(cfg, s.opts.Wrap(st), "test")
}

// OperatorCaller is a caller that may manage the application.
func (s *Server) OperatorCaller(app id.App) tenant.Caller {
	return tenant.Caller{
		App: app, Credential: s.Operator.ID, Owner: "test", Scopes: authz.Scopes{authz.Manage},
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest()},
	}
}

// NewApp makes another application with a credential that may do everything.
func (s *Server) NewApp(t testing.TB, name string, rateLimit int) (tenant.Application, records.Issued) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	app, err := s.Records.CreateApp(ctx, s.OperatorCaller(id.System), name)
	if err != nil {
		t.Fatalf("create application: %v", err)
	}
	return app, s.NewKey(t, app.ID, records.NewKey{
		Kind: tenant.Devdraft, Name: "test key", Owner: "test", Scopes: authz.DefaultScopes, RateLimit: rateLimit,
	})
}

// NewKey makes a credential.
func (s *Server) NewKey(t testing.TB, app id.App, key records.NewKey) records.Issued {
	t.Helper()
	issued, err := s.Records.CreateKey(context.Background(), s.OperatorCaller(app), key)
	if err != nil {
		t.Fatalf("create key: %v", err)
	}
	return issued
}
