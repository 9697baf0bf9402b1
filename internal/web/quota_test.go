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

// consume sends a request of a caller whose window is that far used at the time now.
// With broken, the request fails after its quota was consumed.
func consume(t *testing.T, used taken, perMinute int, now time.Time, broken bool) (http.Header, *fault.Error) {
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
			web.JSON(w, http.StatusOK, []byte("{}"))
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

func TestConsumeQuota(t *testing.T) {
	t.Parallel()
	now := time.Unix(1640995215, 500_000_000) // 15.5 s into a minute
	h, f := consume(t, 26, 100, now, false)
	want := map[string]string{
		"X-Ratelimit-Limit": "100", "X-Ratelimit-Remaining": "73", "X-Ratelimit-Reset": "1640995260",
		"Ratelimit-Policy": `"default";q=100;w=60`, "Ratelimit": `"default";r=73;t=45`,
	}
	if diff := cmp.Diff(want, quotaOf(h)); diff != "" || f != nil {
		t.Errorf("within: fault %v, headers (-want +got):\n%s", f, diff)
	}
	h, f = consume(t, 100, 100, now, false)
	want["X-Ratelimit-Remaining"], want["Ratelimit"] = "0", `"default";r=0;t=45`
	if diff := cmp.Diff(want, quotaOf(h)); diff != "" {
		t.Errorf("over: headers (-want +got):\n%s", diff)
	}
	if f == nil || f.Kind != fault.TooMany || f.RetryAfter != 45*time.Second {
		t.Errorf("over: fault %+v, want too many with 45 s", f)
	}
	if h, f = consume(t, 5, 0, now, false); f != nil || len(quotaOf(h)) != 0 {
		t.Errorf("unlimited: fault %v, headers %v, want none", f, quotaOf(h))
	}
}

// The grammar of RFC 9651 as far as our two fields use it: a list of one string with
// integer parameters.
var structured = regexp.MustCompile(`^"[ !#-\[\]-~]*"(?:;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})*$`)

// TestFailureTellsTheTruth: a failure after the quota was consumed says what a success
// would say, whatever the numbers are, in structured fields.
func TestFailureTellsTheTruth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		used      taken
		perMinute int
		now       int64
	}{{0, 100, 1640995215}, {0, 100, 1714040400}, {95, 500, 1640995215}, {1, 404, 1640995215}} {
		now := time.Unix(tt.now, 0)
		good, _ := consume(t, tt.used, tt.perMinute, now, false)
		bad, _ := consume(t, tt.used, tt.perMinute, now, true)
		if diff := cmp.Diff(quotaOf(good), quotaOf(bad)); diff != "" || len(quotaOf(bad)) != len(quotaHeaders) {
			t.Errorf("%+v (-success +failure):\n%s", tt, diff)
		}
		for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
			if !structured.MatchString(bad.Get(name)) {
				t.Errorf("%s: %q is no structured field", name, bad.Get(name))
			}
		}
	}
}
