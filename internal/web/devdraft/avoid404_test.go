package devdraft_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/limit"
	"custodex.dev/internal/store"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/devdraft"
)

// answerWith writes a failure of a caller with that quota.
func answerWith(q web.Quota, status int, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	web.Wrap("devdraft", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.EventOf(r.Context()).Quota = q
		q.SetHeaders(w.Header())
		devdraft.WriteAvoiding(w, r, status, body)
	}), web.Config{}).ServeHTTP(w, request(http.MethodGet, "/", ""))
	return w
}

func shows404(h http.Header) bool {
	for _, values := range h {
		if strings.Contains(strings.Join(values, "\n"), "404") {
			return true
		}
	}
	return false
}

// TestQuotaNeverShows404 looks at every header of failures, with numbers chosen to
// hold the digits.
func TestQuotaNeverShows404(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		q    web.Quota
		want [5]string // limit, remaining, reset, policy, rate limit
	}{
		{"no quota", web.Quota{}, [5]string{}},
		{"nothing to avoid", web.Quota{Limit: 100, Remaining: 99, Reset: 1640995260, Wait: 45},
			[5]string{"100", "99", "1640995260", `"default";q=100;w=60`, `"default";r=99;t=45`}},
		{"reset, for hours", web.Quota{Limit: 100, Remaining: 99, Reset: 1714040460, Wait: 60},
			[5]string{"100", "99", "", `"default";q=100;w=60`, `"default";r=99;t=60`}},
		{"reset, for a day", web.Quota{Limit: 100, Remaining: 99, Reset: 1840412400, Wait: 60},
			[5]string{"100", "99", "", `"default";q=100;w=60`, `"default";r=99;t=60`}},
		{"reset, for less than a minute", web.Quota{Limit: 100, Remaining: 99, Reset: 1641014040, Wait: 60},
			[5]string{"100", "99", "1641014050", `"default";q=100;w=60`, `"default";r=99;t=60`}},
		{"remaining", web.Quota{Limit: 500, Remaining: 404, Reset: 1640995260, Wait: 45},
			[5]string{"500", "403", "1640995260", `"default";q=500;w=60`, `"default";r=403;t=45`}},
		{"remaining, ten of them", web.Quota{Limit: 5000, Remaining: 4047, Reset: 1640995260, Wait: 45},
			[5]string{"5000", "4039", "1640995260", `"default";q=5000;w=60`, `"default";r=4039;t=45`}},
		{"limit", web.Quota{Limit: 404, Remaining: 402, Reset: 1640995260, Wait: 45},
			[5]string{"403", "402", "1640995260", `"default";q=403;w=60`, `"default";r=402;t=45`}},
	}
	for _, tt := range tests {
		for _, status := range []int{http.StatusBadRequest, http.StatusServiceUnavailable} {
			h := answerWith(tt.q, status, []byte("{}")).Header()
			got := [5]string{h.Get("X-RateLimit-Limit"), h.Get("X-RateLimit-Remaining"), h.Get("X-RateLimit-Reset"),
				h.Get("RateLimit-Policy"), h.Get("RateLimit")}
			if diff := cmp.Diff(tt.want, got); diff != "" || shows404(h) {
				t.Errorf("%s: headers %v (-want +got):\n%s", tt.name, h, diff)
			}
		}
		truth := http.Header{}
		tt.q.SetHeaders(truth)
		if h := answerWith(tt.q, http.StatusNotFound, []byte("{}")).Header(); h.Get("X-RateLimit-Reset") != truth.Get("X-RateLimit-Reset") {
			t.Errorf("%s: a 404 says %v, want the truth", tt.name, h)
		}
	}
}

// TestLengthNeverShows404 looks at the bodies whose length would.
func TestLengthNeverShows404(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{403: "403", 404: "405", 4040: "4050", 14044: "14050"} {
		for _, status := range []int{http.StatusBadRequest, http.StatusInternalServerError} {
			w := answerWith(web.Quota{}, status, make([]byte, size))
			if got := w.Header().Get("Content-Length"); got != want {
				t.Errorf("%d bytes with %d: Content-Length %s, want %s", size, status, got, want)
			}
		}
	}
	if w := answerWith(web.Quota{}, http.StatusNotFound, make([]byte, 404)); w.Body.Len() != 404 {
		t.Errorf("a 404 has %d bytes, want the body as it is", w.Body.Len())
	}
}

// TestFieldE14FailuresNeverShow404 asks at a time whose window ends at a second with the
// digits: no failure shows it with the setting, a success does, and without the setting
// every failure has the truth.
func TestFieldE14FailuresNeverShow404(t *testing.T) {
	t.Parallel()
	at := func(c *devdraft.Config) {
		c.Limiter = limit.New(&fake{}, func() time.Time { return time.Unix(1714040400, 0) })
		c.Ping = func(context.Context) error { return errors.New("down") }
	}
	avoid := func(c *devdraft.Config) { c.Avoid404 = true }
	for target, f := range map[string]*fake{someCustomer: {Err: store.ErrEmailTaken}, "/api/v0/health": {}} {
		w := ask(f, request(http.MethodGet, target, ""), at, avoid)
		if w.Code < 400 || w.Header().Get("X-RateLimit-Limit") != "100" || shows404(w.Header()) {
			t.Errorf("%s: %d with headers %v", target, w.Code, w.Header())
		}
		w = ask(f, request(http.MethodGet, target, ""), at)
		if w.Code < 400 || w.Header().Get("X-RateLimit-Reset") != "1714040460" {
			t.Errorf("%s without the setting: %d with headers %v, want the truth", target, w.Code, w.Header())
		}
	}
	if w := ask(&fake{}, request(http.MethodGet, someCustomer, ""), at, avoid); w.Header().Get("X-RateLimit-Reset") != "1714040460" {
		t.Errorf("a success says %v, want the truth", w.Header())
	}
}
