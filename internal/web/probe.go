package web

import (
	"context"
	"net/http"
	"time"
)

// probeTimeout is how long a readiness check may take.
const probeTimeout = 2 * time.Second

// Probes adds GET /healthz, which says that the process runs and asks nothing of
// the database, and GET /readyz, which says whether it should get requests: 200,
// or 503 with the reason that ready gives ("" is ready).
func Probes(mux *http.ServeMux, ready func(ctx context.Context) (reason string)) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		probe(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
		defer cancel()
		if reason := ready(ctx); reason != "" {
			probe(w, http.StatusServiceUnavailable, reason)
			return
		}
		probe(w, http.StatusOK, "ready")
	})
}

func probe(w http.ResponseWriter, code int, status string) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(`{"status":"` + status + `"}` + "\n")) // else the asker went away
}
