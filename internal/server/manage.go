package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"custodex.dev/internal/store"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/openapi"
)

// beside lets mux serve the paths that it has a pattern for, and next all others. A
// catch-all pattern in mux would not do the same: mux redirects a path with doubled
// slashes, which some clients send, before next has seen it. For the same reason mux
// never gets a path that is not clean.
func beside(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if web.Refused(r.Context()) {
			next.ServeHTTP(w, r)
			return
		}
		if _, pattern := mux.Handler(r); pattern != "" && web.Clean(r.URL.EscapedPath()) {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addDocs adds a listener's OpenAPI documents and its pages.
func (s *Server) addDocs(mux *http.ServeMux, h http.Handler, patterns []string) {
	h = web.Wrap("docs", h, s.web)
	for _, p := range patterns {
		mux.Handle(p, h)
	}
}

// TryDocs lets the reference page of the public listener send requests, with the credentials of its link.
// Call it before Serve. It is for a server that is there to be tried.
func (s *Server) TryDocs() {
	mux := http.NewServeMux()
	s.addDocs(mux, openapi.TryScript(), []string{openapi.PatternTryScript})
	s.public.http.Handler = beside(mux, s.public.http.Handler)
}

// manageHandler serves operators and monitoring.
func (s *Server) manageHandler() http.Handler {
	mux := http.NewServeMux()
	web.Probes(mux, s.ready)
	s.addDocs(mux, openapi.ManageHandler(), openapi.ManagePatterns())
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	return beside(mux, web.Wrap("manage", manage.New(manage.Config{
		Records: s.records, Limiter: s.limiter,
	}), s.web))
}

// ready returns why this replica should get no requests now, "" if it should.
func (s *Server) ready(ctx context.Context) string {
	reason, _ := s.readiness(ctx)
	return reason
}

// readiness is ready with the cause, which is for the log only.
func (s *Server) readiness(ctx context.Context) (reason string, cause error) {
	switch {
	case s.draining.Load():
		return "draining", nil
	case s.failed():
		return "database failed", errStoreFailed
	}
	switch err := s.store.Ping(ctx); {
	case errors.Is(err, store.ErrDiskFull):
		return "the disk of the database is full", err
	case errors.Is(err, store.ErrDiskFailed):
		return "the disk of the database fails", err
	case err != nil:
		return "database unreachable", err
	}
	return "", nil
}

// watchEvery is how often a server looks whether it is ready, for the log.
const watchEvery = 5 * time.Second

// watchReadiness logs when the server becomes unable to serve, with the cause, and when
// it is able again, until ctx ends. Probes may come from elsewhere or not at all, and the
// lines of single requests are warnings.
func (s *Server) watchReadiness(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.draining.Load() {
			return
		}
		limited, cancel := context.WithTimeout(ctx, watchEvery)
		reason, cause := s.readiness(limited)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case reason == last:
		case reason == "":
			s.log.Info("ready again")
		default:
			s.log.Error("not ready", "reason", reason, "cause", fmt.Sprint(cause))
		}
		last = reason
	}
}

func (s *Server) failed() bool {
	select {
	case <-s.store.Failed():
		return true
	default:
		return false
	}
}
