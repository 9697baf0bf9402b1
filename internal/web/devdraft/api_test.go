package devdraft_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/devdraft"
)

var update = flag.Bool("update", false, "rewrite golden files and transcripts")

// fake is a domain service that answers what it is told.
type fake = dialect.FakeRecords

const (
	fakeApp = dialect.FakeApp
	fakeKey = "ck_fake"
)

var errGone = store.NotFound("customer")

// noon is the time of every request.
var noon = dialect.Noon

// ask sends a request with credentials to the dialect over f.
func ask(f *fake, r *http.Request, change ...func(*devdraft.Config)) *httptest.ResponseRecorder {
	now := func() time.Time { return noon }
	cfg := devdraft.Config{Records: f, Limiter: limit.New(f, now), Version: "1.2.3", Now: now}
	for _, c := range change {
		c(&cfg)
	}
	r.Header.Set("X-Client-Key", fakeKey)
	r.Header.Set("X-Client-Secret", "secret")
	w := httptest.NewRecorder()
	web.Wrap("devdraft", devdraft.New(cfg), web.Config{Now: now}).ServeHTTP(w, r)
	return w
}

func request(method, target, body string) *http.Request {
	return httptest.NewRequest(method, target, strings.NewReader(body))
}

const someCustomer = "/api/v0/customers/550e8400-e29b-41d4-a716-446655440000"

// TestReplay shows that a replayed answer is passed on byte for byte, and said to
// be one.
func TestReplay(t *testing.T) {
	t.Parallel()
	f := &fake{Reply: records.Reply{Customer: id.NewCustomer(), Body: []byte(`{"old":1}`), Replayed: true}}
	for method, target := range map[string]string{http.MethodPost: "/api/v0/customers", http.MethodPatch: someCustomer} {
		r := request(method, target, `{}`)
		r.Header.Set("Idempotency-Key", "My Idempotency Key")
		w := ask(f, r)
		if got := w.Body.String(); got != `{"old":1}` || w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %q, %v", method, got, w.Header())
		}
		if f.Write.IdempotencyKey != "My Idempotency Key" {
			t.Errorf("%s: key %q", method, f.Write.IdempotencyKey)
		}
	}
}

// TestLink shows when a page leads to the next one. What was searched for must not
// be in it.
func TestLink(t *testing.T) {
	t.Parallel()
	next := records.ListResponse{Customers: make([]customer.Customer, 2), Next: "abc-_", Take: 2}
	tests := []struct {
		name, query string
		found       records.ListResponse
		want        string
	}{
		{"plain", "", next, `</api/v0/customers?cursor=abc-_&take=2>; rel="next"`},
		{"filtered", "status=ACTIVE&take=2&name=Ada&email=ada", next, `</api/v0/customers?cursor=abc-_&take=2>; rel="next"`},
		{"last page", "", records.ListResponse{Customers: next.Customers}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := ask(&fake{Listed: tt.found}, request(http.MethodGet, "/api/v0/customers?"+tt.query, ""))
			if got := w.Header().Get("Link"); got != tt.want {
				t.Errorf("Link = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHealthWithoutDatabase(t *testing.T) {
	t.Parallel()
	down := func(c *devdraft.Config) {
		c.Ping = func(context.Context) error { return errors.New("no route to host") }
	}
	tests := []struct {
		name   string
		f      *fake
		change func(*devdraft.Config)
		code   int
		want   string
	}{
		{"up", &fake{}, func(*devdraft.Config) {}, 200,
			`{"status":"ok","timestamp":"2026-03-01T12:00:15.000Z","version":"1.2.3","database":"connected","message":"Service is up and running","authenticated":true}`},
		{"down, credentials known", &fake{}, down, 503,
			`{"status":"error","timestamp":"2026-03-01T12:00:15.000Z","version":"1.2.3","database":"error","message":"Database is unavailable","authenticated":true}`},
		{"down, credentials unknown", &fake{AuthErr: errors.New("no route to host")}, down, 503,
			`{"status":"error","timestamp":"2026-03-01T12:00:15.000Z","version":"1.2.3","database":"error","message":"Database is unavailable","authenticated":false}`},
		{"up, but something else is wrong", &fake{AuthErr: errors.New("a bug")}, func(*devdraft.Config) {}, 500,
			`{"statusCode":500,"message":"Internal server error","error":"Internal Server Error"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := ask(tt.f, request(http.MethodGet, "/api/v0/health", ""), tt.change)
			if w.Code != tt.code || w.Body.String() != tt.want {
				t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, tt.code, tt.want)
			}
		})
	}
	w := ask(&fake{AuthErr: errors.New("down")}, request(http.MethodGet, "/api/v0/health/public", ""), down)
	if want := `{"status":"ok","timestamp":"2026-03-01T12:00:15.000Z","version":"1.2.3"}`; w.Code != 200 || w.Body.String() != want {
		t.Errorf("public: got %d %s, want %s", w.Code, w.Body, want)
	}
}

// TestHealthWhileDatabaseHangs has neither the credentials nor the ping answered: a
// monitor is told in the time of one of them.
func TestHealthWhileDatabaseHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		w := ask(&fake{Hangs: true}, request(http.MethodGet, "/api/v0/health", ""), func(c *devdraft.Config) {
			c.Ping = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		})
		if took := time.Since(begun); w.Code != 503 || took > 2*time.Second {
			t.Errorf("got %d %s after %v, want 503 after 2s", w.Code, w.Body, took)
		}
		if !strings.Contains(w.Body.String(), `"database":"error"`) {
			t.Errorf("got %s, want that the database is in error", w.Body)
		}
	})
}

// TestPaths asks for what is not there. Nothing may be a redirect, or an answer
// that is not ours.
func TestPaths(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/":                            404,
		"/api/v0/customers/":           200,
		"/api/v0/customers/../health":  404,
		"/api/v0/./health/public":      404,
		"/api/v0/customers/x/y":        404,
		"/api/v0/Customers":            404,
		"/api/v0/customers/%2e%2e":     400, // an id, if a strange one
		"/api/v0/customers/a%2Fb":      400,
		"/v0/customers":                404,
		"//api/v0//health//public":     200,
		"/api/v0/health/public?x=%zz":  200,
		"/api/v0/customer%73":          200,
		"http://x/api/v0/customers":    200,
		"http://x//api//v0//customers": 200,
	} {
		w := ask(&fake{}, request(http.MethodGet, target, ""))
		if w.Code != want || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("GET %s: %d %v, want %d", target, w.Code, w.Header(), want)
		}
		if w.Header().Get("Location") != "" {
			t.Errorf("GET %s: a redirect to %s", target, w.Header().Get("Location"))
		}
	}
}

// TestFieldE13ConflictsDiffer: conflicts that differ by their sentence alone have codes of
// their own in a header, and what failed inside is not named.
func TestFieldE13ConflictsDiffer(t *testing.T) {
	t.Parallel()
	for code, err := range map[string]error{
		"email_taken": store.ErrEmailTaken, records.ErrKeyReused.Code: records.ErrKeyReused,
		records.ErrKeyInProgress.Code: records.ErrKeyInProgress,
		"internal":                    fault.New(fault.Internal, "secret_place", "x"),
	} {
		w := ask(&fake{Err: err}, request(http.MethodGet, someCustomer, ""))
		if got := w.Header().Get("Custodex-Error"); w.Code < 400 || got != code {
			t.Errorf("%v: %d with Custodex-Error %q, want %q", err, w.Code, got, code)
		}
	}
	if w := ask(&fake{}, request(http.MethodGet, someCustomer, "")); w.Header().Get("Custodex-Error") != "" {
		t.Errorf("a success has the code %q", w.Header().Get("Custodex-Error"))
	}
}
