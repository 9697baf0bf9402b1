package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

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
		if _, pattern := mux.Handler(r); pattern != "" && web.Clean(r.URL.EscapedPath()) {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addDocs adds an API's OpenAPI document and its pages.
func (s *Server) addDocs(mux *http.ServeMux, h http.Handler) {
	h = web.Wrap("docs", h, s.web)
	for _, p := range openapi.Patterns() {
		mux.Handle(p, h)
	}
}

// manageHandler serves operators and monitoring.
func (s *Server) manageHandler() http.Handler {
	mux := http.NewServeMux()
	web.Probes(mux, s.ready)
	s.addDocs(mux, openapi.ManageHandler())
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	return beside(mux, web.Wrap("manage", manage.New(manage.Config{
		Records: s.records, Limiter: s.limiter,
	}), s.web))
}

// ready returns why this replica should get no requests now, "" if it should.
func (s *Server) ready(ctx context.Context) string {
	switch {
	case s.draining.Load():
		return "draining"
	case s.failed():
		return "database failed"
	case s.store.Ping(ctx) != nil:
		return "database unreachable"
	}
	return ""
}

func (s *Server) failed() bool {
	select {
	case <-s.store.Failed():
		return true
	default:
		return false
	}
}
