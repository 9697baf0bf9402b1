package web_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
)

// Requests past the limit wait a moment and are refused before their handler runs;
// as soon as there is room they are worked on again.
func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size, wait = 2, 100 * time.Millisecond
		release := make(chan struct{})
		ran := 0
		var mu sync.Mutex
		h := web.Handle(func(w http.ResponseWriter, r *http.Request) error {
			mu.Lock()
			ran++
			mu.Unlock()
			<-release
			w.WriteHeader(http.StatusOK)
			return nil
		}, func(w http.ResponseWriter, _ *http.Request, f *fault.Error) {
			if f.Code != "overloaded" || f.RetryAfter <= 0 {
				t.Errorf("refused with %s, retry after %v", f.Code, f.RetryAfter)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		h = web.Wrap("test", h, web.Config{Limiter: web.NewLimiter(size, wait)})
		codes := make(chan int, 10)
		ask := func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			codes <- w.Code
		}
		for range 4 {
			go ask()
		}
		synctest.Wait()
		if ran != size {
			t.Fatalf("%d handlers run at once, want %d", ran, size)
		}
		time.Sleep(wait)
		synctest.Wait()
		if len(codes) != 2 || <-codes != http.StatusServiceUnavailable || <-codes != http.StatusServiceUnavailable {
			t.Fatal("the two requests past the limit were not refused after their wait")
		}
		go ask() // waits, and gets the place that is given back
		synctest.Wait()
		close(release)
		synctest.Wait()
		for range 3 {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("an admitted request got %d", code)
			}
		}
		if ran != 3 {
			t.Errorf("%d handlers ran, want 3", ran)
		}
	})
}

// No handler runs without room, however it is mounted; one that Router, Handle or
// Refusable made refuses in its own words, another one in plain text.
func TestRefusal(t *testing.T) {
	t.Parallel()
	ran := false
	handler := func(http.ResponseWriter, *http.Request) error { ran = true; return nil }
	plain := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true })
	for name, tt := range map[string]struct {
		h    http.Handler
		code int
	}{
		"Handle":    {web.Handle(handler, fail), http.StatusTeapot},
		"Router":    {web.Router(map[string]web.Methods{"/x": {http.MethodGet: handler}}, nil, fail), http.StatusTeapot},
		"Refusable": {web.Refusable(plain, fail), http.StatusTeapot},
		"plain":     {plain, http.StatusServiceUnavailable},
	} {
		var log bytes.Buffer
		w := httptest.NewRecorder()
		web.Wrap("test", tt.h, web.Config{
			Limiter: web.NewLimiter(0, 0), Log: slog.New(slog.NewJSONHandler(&log, nil)),
		}).ServeHTTP(w, get("/x"))
		if ran || w.Code != tt.code || tt.code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d, handler ran: %v, headers %v", name, w.Code, ran, w.Header())
		}
		if !strings.Contains(log.String(), `"fault":"overloaded"`) {
			t.Errorf("%s: log %q does not tell why", name, &log)
		}
	}
}

// A client that sends its body slowly holds no place.
func TestSlowBodyHoldsNoPlace(t *testing.T) {
	t.Parallel()
	h := web.Wrap("test", web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		b, err := io.ReadAll(r.Body)
		_, _ = w.Write(b)
		return err
	}, func(w http.ResponseWriter, _ *http.Request, f *fault.Error) {
		http.Error(w, f.Code, http.StatusServiceUnavailable)
	}), web.Config{Limiter: web.NewLimiter(1, time.Millisecond)})
	s := httptest.NewServer(h)
	defer s.Close()
	slow, rest := io.Pipe()
	defer rest.Close()
	sent := make(chan struct{})
	go func() {
		req, _ := http.NewRequest(http.MethodPost, s.URL, slow)
		req.ContentLength = 4
		close(sent)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-sent
	if _, err := rest.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		resp, err := http.Post(s.URL, "application/json", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(b) != "body" {
			t.Fatalf("beside a slow body: %d %s", resp.StatusCode, b)
		}
	}
}

// The buffer of a body grows with what comes, whatever length is announced.
func TestAnnouncedBodyTakesLittle(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 4096, 4097, 50_000, 64 << 10} {
		text := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		for _, sent := range []int{size, size / 2, min(size, 4096)} {
			asked := &asking{t: t, rest: text[:sent]}
			h := web.Wrap("test", web.Handle(func(_ http.ResponseWriter, r *http.Request) error {
				b, err := io.ReadAll(r.Body)
				if string(b) != text[:sent] || (err == nil) != (sent == size || sent == 0) {
					t.Errorf("%d of %d bytes: got %d, %v", sent, size, len(b), err)
				}
				return nil
			}, fail), web.Config{MaxBody: 64 << 10})
			r := httptest.NewRequest(http.MethodPost, "/", asked)
			r.ContentLength = int64(size)
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
}

// asking is a body that tells when it is read into more memory than its bytes call for.
type asking struct {
	t    *testing.T
	rest string
	came int
}

func (a *asking) Read(p []byte) (int, error) {
	if len(p) > max(4096, a.came) {
		a.t.Errorf("%d bytes are kept free after %d", len(p), a.came)
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	a.came += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (*asking) Close() error { return nil }
