package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// taken is a store whose window has had so many requests taken from it.
type taken int64

func (n taken) RateTake(_ context.Context, _ id.App, take store.RateTake) (store.RateGrant, error) {
	if int64(n) >= take.Limit {
		return store.RateGrant{Taken: int64(n)}, nil
	}
	return store.RateGrant{Granted: 1, Taken: int64(n) + 1}, nil
}

// spend sends a request of a caller whose window is that far used at the time now.
// With broken, the request fails after its quota was spent.
func spend(t *testing.T, used taken, perMinute int, now time.Time, broken bool) (http.Header, *fault.Error) {
	t.Helper()
	clock := func() time.Time { return now }
	limiter := limit.New(used, clock)
	var f *fault.Error
	w, _ := serve(t, func(w http.ResponseWriter, r *http.Request) error {
		err := web.ConsumeQuota(r.Context(), w, limiter, tenant.Caller{App: "app_a", Credential: "cred_a"}, perMinute)
		if err == nil && broken {
			err = fault.New(fault.Invalid, "bad", "x")
		}
		if err == nil {
			web.JSON(w, r, http.StatusOK, []byte("{}"))
			return nil
		}
		f = fault.Of(err)
		return err
	}, get("/"), web.Config{Now: clock})
	return w.Header(), f
}

var quotaHeaders = []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Ratelimit-Policy", "Ratelimit"}

func quotaOf(h http.Header) map[string]string {
	got := map[string]string{}
	for _, name := range quotaHeaders {
		if v, ok := h[name]; ok {
			got[name] = strings.Join(v, " | ")
		}
	}
	return got
}

func TestSpend(t *testing.T) {
	t.Parallel()
	now := time.Unix(1640995215, 500_000_000) // 15.5 s into a minute
	h, f := spend(t, 26, 100, now, false)
	want := map[string]string{
		"X-Ratelimit-Limit": "100", "X-Ratelimit-Remaining": "73", "X-Ratelimit-Reset": "1640995260",
		"Ratelimit-Policy": `"default";q=100;w=60`, "Ratelimit": `"default";r=73;t=45`,
	}
	if diff := cmp.Diff(want, quotaOf(h)); diff != "" || f != nil {
		t.Errorf("within: fault %v, headers (-want +got):\n%s", f, diff)
	}
	h, f = spend(t, 100, 100, now, false)
	want["X-Ratelimit-Remaining"], want["Ratelimit"] = "0", `"default";r=0;t=45`
	if diff := cmp.Diff(want, quotaOf(h)); diff != "" {
		t.Errorf("over: headers (-want +got):\n%s", diff)
	}
	if f == nil || f.Kind != fault.TooMany || f.RetryAfter != 45*time.Second {
		t.Errorf("over: fault %+v, want too many with 45 s", f)
	}
	if h, f = spend(t, 5, 0, now, false); f != nil || len(quotaOf(h)) != 0 {
		t.Errorf("unlimited: fault %v, headers %v, want none", f, quotaOf(h))
	}
}

// The grammar of RFC 9651 as far as our two fields use it: a list of one string with
// integer parameters.
var structured = regexp.MustCompile(`^"[ !#-\[\]-~]*"(?:;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})*$`)

// TestSpendNeverShows404 looks for the clue in every header of failures, with
// numbers chosen to hold it, and holds the fields to their grammar.
func TestSpendNeverShows404(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                    string
		used                    taken
		perMinute               int
		now                     int64
		limit, remaining, reset string
	}{
		{"nothing to avoid", 0, 100, 1640995215, "100", "99", "1640995260"},
		{"reset, for hours", 0, 100, 1714040400, "100", "99", ""},
		{"reset, for a day", 0, 100, 1840412340, "100", "99", ""},
		{"reset, for a minute", 0, 100, 1641013980, "100", "99", "1641014050"},
		{"remaining", 95, 500, 1640995215, "500", "403", "1640995260"},
		{"remaining, ten of them", 952, 5000, 1640995215, "5000", "4039", "1640995260"},
		{"limit", 1, 404, 1640995215, "403", "402", "1640995260"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, _ := spend(t, tt.used, tt.perMinute, time.Unix(tt.now, 0), true)
			for name, values := range h {
				if strings.Contains(strings.Join(values, "\n"), "404") {
					t.Errorf("%s: %q shows 404", name, values)
				}
			}
			got := []string{h.Get("X-RateLimit-Limit"), h.Get("X-RateLimit-Remaining"), h.Get("X-RateLimit-Reset")}
			if diff := cmp.Diff([]string{tt.limit, tt.remaining, tt.reset}, got); diff != "" {
				t.Errorf("limit, remaining, reset (-want +got):\n%s", diff)
			}
			for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
				if !structured.MatchString(h.Get(name)) {
					t.Errorf("%s: %q is no structured field", name, h.Get(name))
				}
			}
			if h, _ := spend(t, tt.used, tt.perMinute, time.Unix(tt.now, 0), false); tt.name == "limit" && h.Get("X-RateLimit-Limit") != "404" {
				t.Errorf("a success says %q, want the truth", h.Get("X-RateLimit-Limit"))
			}
		})
	}
}

// TestJSONLengthNeverShows404 looks at the bodies whose length would.
func TestJSONLengthNeverShows404(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{403: "403", 404: "405", 4040: "4050", 14044: "14050"} {
		for status, length := range map[int]string{http.StatusBadRequest: want, http.StatusInternalServerError: want} {
			w, _ := serve(t, func(w http.ResponseWriter, r *http.Request) error {
				web.JSON(w, r, status, make([]byte, size))
				return nil
			}, get("/"), web.Config{})
			if got := w.Header().Get("Content-Length"); got != length {
				t.Errorf("%d bytes with %d: Content-Length %s, want %s", size, status, got, length)
			}
		}
	}
	for _, status := range []int{http.StatusOK, http.StatusNotFound} {
		w, _ := serve(t, func(w http.ResponseWriter, r *http.Request) error {
			web.JSON(w, r, status, make([]byte, 404))
			return nil
		}, get("/"), web.Config{})
		if w.Body.Len() != 404 {
			t.Errorf("%d: %d bytes, want the body as it is", status, w.Body.Len())
		}
	}
}
