package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"custodex.dev/internal/admission"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/web/body"
)

// Config is what Wrap needs. Every field may be zero.
type Config struct {
	// Log gets one line a request. Default: discarded.
	Log *slog.Logger

	// Metrics counts requests. Default: none.
	Metrics *Metrics

	// TrustedProxies are the networks whose X-Forwarded-For is believed. Default:
	// none, so the address of a request is that of its connection.
	TrustedProxies []netip.Prefix

	// MaxBody is the most bytes of a request body. Default 64 KiB.
	MaxBody int64

	// Timeout is how long a request may take from its header to its answer.
	// Default 30 seconds.
	Timeout time.Duration

	// Limiter bounds the requests that are worked on at once. Default: no bound.
	Limiter *Limiter

	// Draining, when it returns true, asks clients to open no further request on
	// their connection: the server is about to stop. Default: never.
	Draining func() bool

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxBody <= 0 {
		c.MaxBody = body.DefaultMax
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Wrap is the outermost layer of a dialect. It gives the request an id and an
// event, bounds its body and its time, lets a path with doubled slashes through
// as if it had single ones, refuses it when there is no room, and logs and counts it
// when it is over.
func Wrap(dialect string, next http.Handler, cfg Config) http.Handler {
	cfg = cfg.withDefaults()
	cfg.Metrics.declare(dialect)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := cfg.Now()
		e := &Event{
			Request: id.NewRequest(),
			Dialect: dialect,
			address: clientAddress(r, cfg.TrustedProxies),
			maxBody: cfg.MaxBody,
			now:     cfg.Now,
		}
		ctx, cancel := context.WithTimeout(withEvent(r.Context(), e), cfg.Timeout)
		defer cancel()
		r = r.WithContext(ctx)

		h := w.Header()
		h.Set("X-Request-Id", string(e.Request))
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if cfg.Draining != nil && cfg.Draining() {
			h.Set("Connection", "close")
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, cfg.MaxBody)
			if !prefetch(r, cfg.MaxBody) {
				// net/http takes the end of what a client sends for the end of the
				// client. It may still read, so it gets an answer.
				ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), cfg.Timeout)
				defer cancel()
				r = r.WithContext(ctx)
			}
		}
		useCollapsedPath(r)

		rec := recorderOf(w)
		done := cfg.Metrics.begin(dialect)
		defer func() {
			took := cfg.Now().Sub(start)
			done(e, r.Method, rec.status, took)
			cfg.log(ctx, e, r.Method, rec.status, took)
		}()
		if f := refusalOf(ctx); f != nil {
			refuse(rec, r, next, f)
			return
		}
		if !cfg.Limiter.acquire(ctx) {
			refuse(rec, r, next, admission.ErrOverloaded)
			return
		}
		e.limiter, e.leave = cfg.Limiter, cfg.Limiter.release
		defer func() { e.leave() }()
		next.ServeHTTP(rec, r)
	})
}

// log writes the one line of a request. The cause is shown for failures of ours
// only: that of a bad request is the client's affair and may quote it.
func (c Config) log(ctx context.Context, e *Event, method string, status int, took time.Duration) {
	level := slog.LevelInfo
	if e.Fault == nil && !c.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", string(e.Request)),
		slog.String("dialect", e.Dialect),
		slog.String("method", knownMethod(method)),
		slog.String("route", e.Route),
		slog.Int("status", status),
		slog.Float64("took_ms", float64(took.Microseconds())/1000),
	}
	if e.App != "" {
		attrs = append(attrs, slog.String("app", string(e.App)), slog.String("credential", string(e.Credential)))
	}
	if f := e.Fault; f != nil {
		attrs = append(attrs, slog.String("fault", f.Code))
		switch {
		case f.Code == codeClientGone, f.Code == admission.ErrOverloaded.Code:
		case f.Kind == fault.Internal:
			level = slog.LevelError
			attrs = append(attrs, slog.String("cause", e.why()))
		case f.Kind == fault.Unavailable:
			level = slog.LevelWarn
			attrs = append(attrs, slog.String("cause", e.why()))
		}
	}
	c.Log.LogAttrs(context.WithoutCancel(ctx), level, "request", attrs...)
}

// useCollapsedPath gives r the path that it has with single slashes: some clients join a
// base URL that ends in a slash with a path that begins with one. A redirect would
// make them lose the body or the credentials.
func useCollapsedPath(r *http.Request) {
	escaped := r.URL.EscapedPath() // a %2F is no slash
	if !strings.Contains(escaped, "//") {
		return
	}
	escaped = CollapseSlashes(escaped)
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return // cannot be: it was escaped
	}
	u := *r.URL
	u.Path, u.RawPath = path, escaped
	r.URL = &u
}

// CollapseSlashes makes one slash of several in a row.
func CollapseSlashes(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	return p
}

// knownMethod keeps made-up methods out of logs and metric labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
