package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"custodex.dev/internal/config"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/framing"
)

// Server is one running replica. Make it with New, then Listen, then Run.
type Server struct {
	cfg     config.Config
	version string
	log     *slog.Logger
	store   store.Store
	records *records.Service
	limiter *limit.Limiter
	metrics *prometheus.Registry
	web     web.Config

	public, manage listener
	draining       atomic.Bool
	flushLog       func()
}

// limiterWait is how long a request beyond max-requests waits for a permit. The
// contract promises an answer within 300 ms.
const limiterWait = 150 * time.Millisecond

// maxHeader is the most bytes of a request line and its header.
const maxHeader = 16 << 10

// listener is one address with the API that it serves.
type listener struct {
	net.Listener // nil before Listen
	http         *http.Server
}

// New opens the master key and the store and builds everything. It binds nothing
// yet. Its errors are sentences for the operator. version is shown by the health
// endpoints.
func New(ctx context.Context, cfg config.Config, version string) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	mended, err := mendModes(cfg)
	if err != nil {
		return nil, err
	}
	st, err := OpenStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	keys, err := openKeys(cfg)
	if err == nil {
		err = prepareKeys(ctx, cfg, st, keys)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close(context.WithoutCancel(ctx)))
	}
	s := build(cfg, st, keys, version)
	for _, sentence := range mended {
		s.log.Warn("mode changed", "what", sentence)
	}
	return s, nil
}

// NewOver builds a server over a store that is open already and wrapped perhaps, as
// the benchmark and tests do. It does not check the master key. The server closes the
// store, and so does NewOver when it fails.
func NewOver(cfg config.Config, st store.Store, version string) (*Server, error) {
	keys, err := openKeys(cfg)
	if err != nil {
		return nil, errors.Join(err, st.Close(context.Background()))
	}
	return build(cfg, st, keys, version), nil
}

// build makes everything in the order of its dependencies.
func build(cfg config.Config, st store.Store, keys seal.Provider, version string) *Server {
	s := &Server{cfg: cfg, version: version, store: st, metrics: prometheus.NewRegistry()}
	s.log, s.flushLog = newLog(cfg, os.Stderr)
	s.records = records.New(records.Config{
		CheckRate: cfg.CheckRate,
		Store:     st, Keys: keys, Conceal: cfg.Conceal, MaxSkip: cfg.MaxSkip, IdempotencyTTL: cfg.IdempotencyTTL, EventTTL: cfg.EventTTL,
		SearchMemory: cfg.SearchMemory, SearchIdle: cfg.SearchIdle, MaxScans: cfg.SearchSlots, MaxSearches: cfg.MaxSearches(),
		Now: cfg.Now, LocalNow: cfg.LocalNow, AuditCheckRate: cfg.AuditCheckRate, Log: s.log,
		Jobs: cfg.Jobs, JobShare: cfg.JobShare,
	})
	s.limiter = limit.New(st, s.records.Now)
	s.web = web.Config{
		Log: s.log, Metrics: web.NewMetrics(s.metrics), TrustedProxies: cfg.TrustedProxies,
		MaxBody: cfg.MaxBody, Timeout: cfg.RequestTimeout, Now: s.records.Now,
		Limiter: web.NewLimiter(cfg.MaxRequests, limiterWait), Draining: s.draining.Load,
	}
	s.registerMetrics()
	s.public.http = s.newHTTP(s.publicHandler(s.dialects()))
	s.manage.http = s.newHTTP(s.manageHandler())
	s.manage.http.RegisterOnShutdown(s.records.EndWaits)
	return s
}

func (s *Server) newHTTP(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.cfg.ReadHeaderTimeout,
		ReadTimeout:       s.cfg.RequestTimeout,
		WriteTimeout:      s.cfg.RequestTimeout + 5*time.Second,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * is answered like every route that is not there.
		DisableGeneralOptionsHandler: true,
		ConnState:                    framing.NoteState,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// Records is the domain service, for verbs that need no HTTP.
func (s *Server) Records() *records.Service { return s.records }

// Handler serves the applications' APIs and their documentation.
func (s *Server) Handler() http.Handler { return s.public.http.Handler }

// ManageHandler serves the management API.
func (s *Server) ManageHandler() http.Handler { return s.manage.http.Handler }

// Listen reads the certificates and binds both listeners.
func (s *Server) Listen() error {
	err := errors.Join(
		s.public.certify("tls-cert", s.cfg.TLSCert, s.cfg.TLSKey),
		s.manage.certify("manage-tls-cert", s.cfg.ManageTLSCert, s.cfg.ManageTLSKey),
	)
	if err != nil {
		return err
	}
	if s.public.Listener, err = net.Listen("tcp", s.cfg.Addr); err != nil {
		return listenError("addr", s.cfg.Addr, err)
	}
	if s.manage.Listener, err = net.Listen("tcp", s.cfg.ManageAddr); err != nil {
		return errors.Join(listenError("manage-addr", s.cfg.ManageAddr, err), s.public.Listener.Close())
	}
	return nil
}

// certify reads the certificate of a listener that has one, before it is bound.
func (l *listener) certify(flag, cert, key string) error {
	if cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s %s cannot be used with its key %s: %w", flag, cert, key, err)
	}
	l.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	return nil
}

func listenError(flag, addr string, err error) error {
	return fmt.Errorf("cannot listen on %s: %w; choose another with --%s", addr, errors.Unwrap(err), flag)
}

// engine names the kind of database.
func (s *Server) engine() string {
	if s.cfg.DatabaseURL.IsZero() {
		return "sqlite"
	}
	return "postgres"
}

// Addr is the public listener's address, with the real port.
func (s *Server) Addr() string { return s.public.Addr().String() }

// ManageAddr is the management listener's address, with the real port.
func (s *Server) ManageAddr() string { return s.manage.Addr().String() }

// errStoreFailed is why a server ends whose store has failed.
var errStoreFailed = errors.New("the database can no longer promise durability (a write to disk failed); check the disk, then start again")

// Run serves until ctx ends, or until the store can no longer promise durability,
// and then shuts down in order: not ready, drain, sequence the audit log, close. It
// returns nil after an orderly end that ctx asked for.
func (s *Server) Run(ctx context.Context) error {
	s.log.Info("started", "version", s.version, "store", s.engine(), "addr", s.Addr(), "manage_addr", s.ManageAddr())
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); s.watchReadiness(watching) }()
	defer func() { stop(); <-watched }()
	ended := make(chan error, 2)
	go func() { ended <- s.public.serve(s.log, s.cfg.MaxBody, s.cfg.MaxConnections) }()
	go func() { ended <- s.manage.serve(s.log, s.cfg.MaxBody, s.cfg.MaxConnections) }()
	var cause error
	select {
	case <-ctx.Done():
		cause = s.drain(ended)
	case cause = <-ended:
	case <-s.store.Failed():
		cause = errStoreFailed
	}
	s.log.Info("shutting down", "grace_s", s.cfg.ShutdownTimeout.Seconds())
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer cancel()
	return errors.Join(cause, s.Close(grace))
}

// drain keeps serving for drain-time while /readyz answers 503 and every response
// asks its client for a new connection, so that load balancers can move traffic
// away. It ends early, with the reason, when a listener ends or the store fails.
func (s *Server) drain(ended <-chan error) error {
	s.log.Info("draining", "drain_time_s", s.cfg.DrainTime.Seconds())
	s.draining.Store(true)
	timer := time.NewTimer(s.cfg.DrainTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-ended:
		return err
	case <-s.store.Failed():
		return errStoreFailed
	}
}

func (l *listener) serve(log *slog.Logger, maxBody int64, maxConns int) error {
	err := l.http.Serve(framing.Listen(l.Listener, framing.Config{
		Answer: web.Answerer(l.http.Handler), MaxHeader: maxHeader, MaxBody: maxBody, MaxConns: maxConns,
		TLS: l.http.TLSConfig, Handshake: l.http.ReadHeaderTimeout, Log: log,
	}))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// closeReserve is the part of the shutdown time that requests cannot use, so that a
// slow client leaves enough for sequencing the audit log and closing the store.
const closeReserve = 3 * time.Second

// Close waits for requests, ends background work, adds the last audit entries to
// their trees, and closes the store. Requests that do not end in time are cut off;
// the other steps have what is left of ctx. Errors are joined.
func (s *Server) Close(ctx context.Context) error {
	s.draining.Store(true)
	defer s.flushLog()
	requests := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		requests, cancel = context.WithDeadline(ctx, end.Add(-closeReserve))
		defer cancel()
	}
	return errors.Join(
		step("drain requests", s.public.shutdown(requests)),
		step("drain management", s.manage.shutdown(requests)),
		step("finish background work", s.records.Close(ctx)),
		step("close the store", s.store.Close(ctx)),
	)
}

// shutdown waits for the requests that are being answered, and cuts off those that
// take too long. It closes a bound listener that has not served, too.
func (l *listener) shutdown(ctx context.Context) error {
	err := l.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, l.http.Close())
	}
	if l.Listener != nil {
		if closeErr := l.Close(); !errors.Is(closeErr, net.ErrClosed) {
			err = errors.Join(err, closeErr)
		}
	}
	return err
}

func step(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
