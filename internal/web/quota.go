package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/tenant"
)

var errTooMany = fault.New(fault.TooMany, "rate_limited", "Too many requests")

// ConsumeQuota takes one request of the caller's quota and says in headers what is left:
// X-RateLimit-Limit, -Remaining and -Reset (unix seconds), and RateLimit and
// RateLimit-Policy (structured fields of the IETF draft). A caller without a limit
// gets no headers. Over the limit it is fault.TooMany with RetryAfter. It must be
// called after authentication only, so that strangers spend nobody's quota.
func ConsumeQuota(ctx context.Context, w http.ResponseWriter, limiter *limit.Limiter, caller tenant.Caller, perMinute int) error {
	state, err := limiter.Take(ctx, caller.App, caller.Credential, perMinute)
	if err != nil || state.Limit == 0 {
		return err
	}
	e := EventOf(ctx)
	wait := state.RetryAfter(e.clock())
	e.quota, e.left = state, int64(wait/time.Second)
	e.quotaHeaders(w.Header(), false)
	if !state.Allowed {
		return errTooMany.After(wait)
	}
	return nil
}

// quotaHeaders writes the headers. In those of a failure the clue does not occur.
func (e *Event) quotaHeaders(h http.Header, failure bool) {
	if e.quota.Limit == 0 {
		return
	}
	quota, remaining, reset := int64(e.quota.Limit), int64(e.quota.Remaining), e.quota.Reset.Unix()
	if failure {
		quota, remaining, reset = below(quota), below(remaining), above(reset)
	}
	of, left := strconv.FormatInt(quota, 10), strconv.FormatInt(remaining, 10)
	h.Set("X-RateLimit-Limit", of)
	h.Set("X-RateLimit-Remaining", left)
	h.Set("X-RateLimit-Reset", strconv.FormatInt(reset, 10))
	h.Set("RateLimit-Policy", `"default";q=`+of+`;w=60`)
	h.Set("RateLimit", `"default";r=`+left+`;t=`+strconv.FormatInt(e.left, 10))
	if reset-e.quota.Reset.Unix() > maxLate {
		h.Del("X-RateLimit-Reset") // some days it would be hours: better not told
	}
}

// clue is what a published client searches every header of a failure for, to tell
// whether the thing it asked for exists.
const clue = "404"

// maxLate is by how many seconds a reset may be told too late.
const maxLate = 60

func hasClue(n int64) bool { return strings.Contains(strconv.FormatInt(n, 10), clue) }

// below gives the greatest number up to n without the clue. To be told a little less
// than the truth does a client no harm.
func below(n int64) int64 {
	for hasClue(n) {
		n--
	}
	return n
}

// above gives the least number from n without the clue.
func above(n int64) int64 {
	for hasClue(n) {
		n++
	}
	return n
}
