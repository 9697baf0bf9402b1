package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/framing"
)

// fail renders a fault as its code.
func fail(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	web.JSON(w, http.StatusTeapot, []byte(f.Code))
}

// serve sends one request through Wrap and Handle and gives the answer and the log.
func serve(t *testing.T, h web.Handler, r *http.Request, cfg web.Config) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewJSONHandler(&log, nil))
	w := httptest.NewRecorder()
	web.Wrap("test", web.Handle(h, fail), cfg).ServeHTTP(w, r)
	return w, log.String()
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

func TestHandleErrors(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		code string
		log  string // must be logged
	}{
		{"fault", nil, fmt.Errorf("context: %w", fault.New(fault.Conflict, "email_taken", "x")), "email_taken", `"level":"INFO"`},
		{"cause of a bad request", nil, fault.Wrap(errors.New("Ada"), fault.Invalid, "bad", "x"), "bad", `"fault":"bad"}`},
		{"unclassified", nil, errors.New("disk on fire"), "internal", `"cause":"disk on fire"`},
		{"unavailable", nil, fault.Wrap(errors.New("no lock"), fault.Unavailable, "busy", "x"), "busy", `"level":"WARN"`},
		{"too slow", nil, fmt.Errorf("query: %w", context.DeadlineExceeded), "timeout", "deadline exceeded"},
		{"cancelled by us", nil, context.Canceled, "internal", `"level":"ERROR"`},
		{"client gone", gone, context.Canceled, "client_gone", `"level":"INFO"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := get("/x")
			if tt.ctx != nil {
				r = r.WithContext(tt.ctx)
			}
			w, log := serve(t, func(http.ResponseWriter, *http.Request) error { return tt.err }, r, web.Config{})
			if got := w.Body.String(); got != tt.code {
				t.Errorf("answer %q, want %q", got, tt.code)
			}
			if !strings.Contains(log, tt.log) || strings.Count(log, "\n") != 1 {
				t.Errorf("log %q, want one line with %q", log, tt.log)
			}
		})
	}
}

// leak stands for a value that holds a request's data.
type leak struct{ name string }

func TestHandlePanic(t *testing.T) {
	t.Parallel()
	var none map[string]int
	for name, p := range map[string]func(){
		"runtime error": func() { none["x"] = 1 },
		"text":          func() { panic("a bug of ours") },
		"value":         func() { panic(leak{"Ada Lovelace"}) },
		"error":         func() { panic(errors.New("Ada Lovelace")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := serve(t, func(http.ResponseWriter, *http.Request) error { p(); return nil }, get("/x"), web.Config{})
			if w.Code != http.StatusTeapot || w.Body.String() != "panic" {
				t.Errorf("answer %d %q, want the dialect's own", w.Code, w.Body)
			}
			if !strings.Contains(log, "TestHandlePanic") || !strings.Contains(log, `"level":"ERROR"`) {
				t.Errorf("log %q does not show where it happened", log)
			}
			if strings.Contains(log, "Lovelace") {
				t.Errorf("log %q shows the value", log)
			}
		})
	}
}

// TestHandleHalfAnAnswer needs a real connection: it is what must end.
func TestHandleHalfAnAnswer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(web.Wrap("test", web.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.Join(http.NewResponseController(w).Flush(), errors.New("too late"))
	}, fail), web.Config{}))
	t.Cleanup(srv.Close)
	resp, err := http.Get(srv.URL)
	if err != nil {
		return // the connection ended before anything was sent
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("the answer %q looks whole", body)
	}
}

func TestWrapDeadline(t *testing.T) {
	t.Parallel()
	w, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}, get("/x"), web.Config{Timeout: time.Millisecond})
	if got := w.Body.String(); got != "timeout" {
		t.Errorf("answer %q, want timeout", got)
	}
}

// TestInvalidStatus makes every request that HTTP has a status of its own for.
func TestInvalidStatus(t *testing.T) {
	t.Parallel()
	h := web.Router(map[string]web.Methods{"/x": {http.MethodPost: func(_ http.ResponseWriter, r *http.Request) error {
		_, err := web.ReadBody(r)
		return err
	}}}, nil, func(w http.ResponseWriter, _ *http.Request, f *fault.Error) {
		if f.Kind != fault.Invalid {
			t.Errorf("%s is of kind %s", f.Code, f.Kind)
		}
		w.WriteHeader(web.InvalidStatus(f))
	})
	for want, change := range map[int]func(*http.Request){
		http.StatusMethodNotAllowed:     func(r *http.Request) { r.Method = http.MethodPut },
		http.StatusUnsupportedMediaType: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		http.StatusBadRequest:           func(r *http.Request) { r.ContentLength = 8 }, // it ends early
	} {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("{}"))
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
	}
	for code, want := range map[string]int{
		framing.CodeExpectation: http.StatusExpectationFailed, framing.CodeHeaderTooBig: http.StatusRequestHeaderFieldsTooLarge,
		framing.CodeVersion:            http.StatusBadRequest,
		"unsupported_content_encoding": http.StatusUnsupportedMediaType, web.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
		"anything": http.StatusBadRequest,
	} {
		if got := web.InvalidStatus(fault.New(fault.Invalid, code, "x")); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}
