package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"custodex.dev/internal/id"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/openapi"
)

const systemApp = id.System

// beside serves what mux has a pattern for, and next everything else. A pattern for
// everything in mux would not do: mux answers a path with doubled slashes, which
// some clients send, by a redirect, before next has seen it. For the same reason mux
// never sees a path that is not clean.
func beside(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" && web.Clean(r.URL.EscapedPath()) {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addDocs adds the API's description and its pages.
func (s *Server) addDocs(mux *http.ServeMux, h http.Handler) {
	h = web.Wrap("docs", h, s.web)
	for _, p := range openapi.Patterns() {
		mux.Handle(p, h)
	}
}

// manageHandler serves operators and machines that watch.
func (s *Server) manageHandler(string) http.Handler {
	mux := http.NewServeMux()
	web.Probes(mux, s.ready)
	s.addDocs(mux, openapi.ManageHandler())
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	return beside(mux, web.Wrap("manage", manage.New(manage.Config{
		Records: s.records, Limiter: s.limiter,
	}), s.web))
}

// ready says why this replica should get no requests now, or "".
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

// watch registers what the metrics page shows beside the HTTP figures.
func (s *Server) watch() {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "custodex", Name: name, Help: help}, value)
	}
	s.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("search_memory_bytes", "Bytes held by search arenas.", func() float64 {
			bytes, _ := s.records.SearchMemory()
			return float64(bytes)
		}),
		gauge("search_arenas", "Applications whose arena is in memory.", func() float64 {
			_, count := s.records.SearchMemory()
			return float64(count)
		}),
		gauge("damaged_customers", "Customers that this process met and could not open.", func() float64 {
			return float64(s.records.DamagedCustomers())
		}),
		gauge("audit_unsealed_applications", "Applications with audit entries that are not in their tree yet.", func() float64 {
			return float64(s.records.AuditHealth().Unsealed)
		}),
		gauge("audit_stopped_applications", "Applications whose audit log is damaged and is not sealed further.", func() float64 {
			return float64(s.records.AuditHealth().Stopped)
		}),
	)
}
