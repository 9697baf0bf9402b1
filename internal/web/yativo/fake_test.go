package yativo_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/limit"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/yativo"
)

var update = flag.Bool("update", false, "rewrite golden files and transcripts")

// fake is a domain service that answers what it is told.
type fake = dialect.FakeRecords

// noon is the time of every request.
var noon = dialect.Noon

// ask sends a request with a token and an idempotency key to the dialect over f.
func ask(f *fake, r *http.Request, change ...func(*yativo.Config)) *httptest.ResponseRecorder {
	now := func() time.Time { return noon }
	cfg := yativo.Config{Records: f, Limiter: limit.New(f, now)}
	for _, c := range change {
		c(&cfg)
	}
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Idempotency-Key", "key")
	w := httptest.NewRecorder()
	web.Wrap("yativo", yativo.New(cfg), web.Config{Now: now}).ServeHTTP(w, r)
	return w
}

func request(method, target, body string) *http.Request {
	return httptest.NewRequest(method, target, strings.NewReader(body))
}

const someCustomer = "/api/v1/customer/550e8400-e29b-41d4-a716-446655440000"

// TestPaths asks for what is not there. Nothing may be a redirect, or an answer
// that is not ours.
func TestPaths(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/":                              404,
		"/api/v1/customer/":              200,
		"/api/v1/customers":              404,
		"/api/v1/customer/../customer":   404,
		"/api/v1/Customer":               404,
		"/v1/customer":                   404,
		"/customer":                      200,
		"/customer/":                     200,
		"/api/v1/customer/x/y":           404,
		"/api/v1/customer/a%2Fb":         404,
		"/api/v1/customer/kyc/update":    405,
		"/api/v1/auth/login":             405,
		"//api/v1//customer":             200,
		"/api/v1/customer?page=1":        200,
		"http://x/api/v1/customer":       200,
		"/customer/" + someCustomer[17:]: 200,
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

// TestFieldA7WithoutBase: every route of customers answers without the base as with it.
// Before, some were there, some not, and some without one of their methods.
func TestFieldA7WithoutBase(t *testing.T) {
	t.Parallel()
	const base = "/api/v1"
	asked := 0
	for _, route := range yativo.Routes() {
		method, path, _ := strings.Cut(route, " ")
		bare, ok := strings.CutPrefix(path, base)
		if !ok || !strings.HasPrefix(bare, "/customer") {
			continue
		}
		bare = strings.NewReplacer("{id}", "550e8400-e29b-41d4-a716-446655440000", "{endorsement}", "base").Replace(bare)
		for _, spelling := range []string{bare, bare + "/", "/" + bare} {
			for _, method := range []string{method, http.MethodHead, http.MethodOptions} {
				asked++
				want := ask(&fake{}, request(method, base+bare, "{}"))
				got := ask(&fake{}, request(method, spelling, "{}"))
				if got.Code != want.Code || got.Body.String() != want.Body.String() || got.Header().Get("Allow") != want.Header().Get("Allow") {
					t.Errorf("%s %s = %d %s, want %d %s", method, spelling, got.Code, got.Body, want.Code, want.Body)
				}
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d requests were made", asked)
	}
	for _, path := range []string{"/customers", "/customerx", "/auth/login", "/individual-kyc/submit", "/api/v1/api/v1/customer", "/%63ustomer%2F1"} {
		if w := ask(&fake{}, request(http.MethodGet, path, "")); w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, w.Code)
		}
	}
}
