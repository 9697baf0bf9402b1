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
	"custodex.dev/internal/store"
	"custodex.dev/internal/web"
)

// Server is one running replica. Make it with New, then Listen, then Run.
type Server struct {
	cfg     config.Config
	log     *slog.Logger
	store   store.Store
	records *records.Service
	limiter *limit.Limiter
	metrics *prometheus.Registry
	web     web.Config

	public, manage face
	draining       atomic.Bool
	flushLog       func()
}

// gateWait is how long a request past max-requests waits for its turn. The
// contract's promise is an answer within 300 ms.
const gateWait = 150 * time.Millisecond

// face is one listener with its handler.
type face struct {
	http     *http.Server
	listener net.Listener
	secure   bool // speaks TLS, with the certificate in http
}

// New opens the master key and the store and builds everything. It binds nothing
// yet. Its errors are sentences for the operator. version is shown by the health
// endpoints.
func New(ctx context.Context, cfg config.Config, version string) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	st, err := OpenStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := checkKeys(ctx, cfg, st); err != nil {
		return nil, errors.Join(err, st.Close(context.WithoutCancel(ctx)))
	}
	return NewOver(cfg, st, version)
}

// NewOver builds a server over a store that is open, for tests that put faults
// between. The server closes the store.
func NewOver(cfg config.Config, st store.Store, version string) (*Server, error) {
	keys, err := openKeys(cfg)
	if err != nil {
		return nil, errors.Join(err, st.Close(context.Background()))
	}
	s := &Server{cfg: cfg, store: st, metrics: prometheus.NewRegistry()}
	s.log, s.flushLog = newLog(cfg, os.Stderr)
	s.records = records.New(records.Config{
		Store: st, Keys: keys, Conceal: cfg.Conceal, MaxSkip: cfg.MaxSkip, IdempotencyTTL: cfg.IdempotencyTTL,
		SearchMemory: cfg.SearchMemory, SearchIdle: cfg.SearchIdle, MaxScans: cfg.SearchSlots, MaxSearches: cfg.MostSearches(),
		Now: cfg.Now, Log: s.log,
	})
	s.limiter = limit.New(st, cfg.Now)
	s.web = web.Config{
		Log: s.log, Metrics: web.NewMetrics(s.metrics), TrustedProxies: cfg.TrustedProxies,
		MaxBody: cfg.MaxBody, Timeout: cfg.RequestTimeout, Now: cfg.Now,
		Limiter: web.NewLimiter(cfg.MaxRequests, gateWait), Draining: s.draining.Load,
	}
	s.watch()
	s.public.http = s.newHTTP(s.publicHandler(version))
	s.manage.http = s.newHTTP(s.manageHandler(version))
	return s, nil
}

func (s *Server) newHTTP(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.cfg.ReadHeaderTimeout,
		ReadTimeout:       s.cfg.RequestTimeout,
		WriteTimeout:      s.cfg.RequestTimeout + 5*time.Second,
		IdleTimeout:       s.cfg.IdleTimeout,
		MaxHeaderBytes:    16 << 10,
		// OPTIONS * is answered like every route that is not there.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// Records is the domain service, for verbs that need no HTTP.
func (s *Server) Records() *records.Service { return s.records }

// Handler is the public face: the dialects and their documentation.
func (s *Server) Handler() http.Handler { return s.public.http.Handler }

// ManageHandler is the management face.
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
	if s.public.listener, err = net.Listen("tcp", s.cfg.Addr); err != nil {
		return listenError("addr", s.cfg.Addr, err)
	}
	if s.manage.listener, err = net.Listen("tcp", s.cfg.ManageAddr); err != nil {
		return errors.Join(listenError("manage-addr", s.cfg.ManageAddr, err), s.public.listener.Close())
	}
	return nil
}

// certify reads the certificate of a face that has one, before anybody is told its
// address.
func (f *face) certify(flag, cert, key string) error {
	if cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s %s cannot be used with its key %s: %w", flag, cert, key, err)
	}
	f.secure, f.http.TLSConfig = true, &tls.Config{Certificates: []tls.Certificate{pair}}
	return nil
}

func listenError(flag, addr string, err error) error {
	return fmt.Errorf("cannot listen on %s: %w; choose another with --%s", addr, errors.Unwrap(err), flag)
}

// Addr is the public listener's address, with the real port.
func (s *Server) Addr() string { return s.public.listener.Addr().String() }

// ManageAddr is the management listener's address, with the real port.
func (s *Server) ManageAddr() string { return s.manage.listener.Addr().String() }

// Run serves until ctx ends, or until the store can no longer promise durability,
// and then shuts down in order: not ready, drain, flush the audit log, close. It
// returns nil after an orderly end that ctx asked for.
func (s *Server) Run(ctx context.Context) error {
	ended := make(chan error, 2)
	go func() { ended <- s.public.serve() }()
	go func() { ended <- s.manage.serve() }()
	var cause error
	select {
	case <-ctx.Done():
		s.drain()
	case cause = <-ended:
	case <-s.store.Failed():
		cause = errors.New("the database can no longer promise durability (a write to disk failed); check the disk, then start again")
	}
	s.log.Info("shutting down", "grace", s.cfg.ShutdownTimeout)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ShutdownTimeout)
	defer cancel()
	return errors.Join(cause, s.Close(grace))
}

// drain goes on serving for a while in which /readyz says no and every answer asks
// its client to come back on a new connection, so that nobody meets a closed door.
func (s *Server) drain() {
	s.log.Info("draining", "for", s.cfg.DrainTime)
	s.draining.Store(true)
	time.Sleep(s.cfg.DrainTime)
}

func (f *face) serve() error {
	var err error
	if f.secure {
		err = f.http.ServeTLS(f.listener, "", "")
	} else {
		err = f.http.Serve(f.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// closeReserve is kept back of the time for a shutdown, so that a client that will
// not end cannot take what sealing and closing need.
const closeReserve = 3 * time.Second

// Close drains requests, ends background work, seals what the audit log still
// owes, and closes the store. Requests that do not end in time are cut off; the
// other steps have what is left of ctx. Errors are joined.
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

// shutdown waits for requests under way, and cuts off those that stay.
func (f *face) shutdown(ctx context.Context) error {
	err := f.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, f.http.Close())
	}
	return err
}

func step(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
