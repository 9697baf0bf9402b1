package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/tenant"
)

var errTooMany = fault.New(fault.TooMany, "rate_limited", "Too many requests")

// Quota is what an answer says of the caller's rate limit. The zero Quota is none.
type Quota struct {
	Limit     int64 // requests a minute
	Remaining int64
	Reset     int64 // unix seconds
	Wait      int64 // seconds until Reset
}

// SetHeaders writes X-RateLimit-Limit, -Remaining and -Reset, and RateLimit and
// RateLimit-Policy (structured fields of the IETF draft). No quota has no headers.
func (q Quota) SetHeaders(h http.Header) {
	if q == (Quota{}) {
		return
	}
	of, left := strconv.FormatInt(q.Limit, 10), strconv.FormatInt(q.Remaining, 10)
	h.Set("X-RateLimit-Limit", of)
	h.Set("X-RateLimit-Remaining", left)
	h.Set("X-RateLimit-Reset", strconv.FormatInt(q.Reset, 10))
	h.Set("RateLimit-Policy", `"default";q=`+of+`;w=60`)
	h.Set("RateLimit", `"default";r=`+left+`;t=`+strconv.FormatInt(q.Wait, 10))
}

// ConsumeQuota takes one request of the caller's quota and says in headers, and in the
// event, what is left. A caller without a limit gets no headers. Over the limit it is
// fault.TooMany with RetryAfter. It must be called after authentication only, so that
// strangers consume nobody's quota.
func ConsumeQuota(ctx context.Context, w http.ResponseWriter, limiter *limit.Limiter, caller tenant.Caller, perMinute int) error {
	state, err := limiter.Take(ctx, caller.App, caller.Credential, perMinute)
	if err != nil || state.Limit == 0 {
		return err
	}
	e := EventOf(ctx)
	wait := state.RetryAfter(e.clock())
	e.Quota = Quota{
		Limit: int64(state.Limit), Remaining: int64(state.Remaining),
		Reset: state.Reset.Unix(), Wait: int64(wait / time.Second),
	}
	e.Quota.SetHeaders(w.Header())
	if !state.Allowed {
		return errTooMany.After(wait)
	}
	return nil
}
