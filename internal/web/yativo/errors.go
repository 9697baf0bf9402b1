package yativo

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// writeError renders a fault: {status, status_code, message, data}, where data
// repeats what is wrong for readers of the older pages, and with problems of
// members also errors. The status is "error"; the pages of 2024 say "failed". Four
// bodies are documented whole and have no envelope: see bare.
func writeError(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	f = wire.ConcealOther(w, f)
	status, message, detail := answerOf(f)
	h := w.Header()
	wait := wire.RetrySeconds(f.RetryAfter)
	switch {
	case f.Kind == fault.Unauthenticated:
		h.Set("WWW-Authenticate", "Bearer")
	case f.Kind == fault.TooMany, f.Kind == fault.Unavailable, f.RetryAfter > 0:
		h.Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	if b, ok := bare(r, f, wait); ok {
		web.JSON(w, status, wire.Marshal(b))
		return
	}
	b := failure{Status: "error", StatusCode: status, Message: message, Errors: f.Fields}
	b.Data = failureData{Error: detail, Errors: f.Fields}
	web.JSON(w, status, wire.Marshal(b))
}

// bare gives the bodies that one page documents whole and no other contradicts: an
// idempotency key that is missing, the rate limit, and those of "Delete customer". Each
// repeats its text as message, where the vendor's packages look for it.
func bare(r *http.Request, f *fault.Error, wait int64) (b bareFailure, ok bool) {
	switch {
	case f.Code == errKeyMissing.Code:
		return bareFailure{Error: f.Message, Message: f.Message}, true
	case f.Kind == fault.TooMany:
		return bareFailure{"rate_limit_exceeded", "Too many requests. Please try again later.", wait}, true
	case r.Method != http.MethodDelete:
	case f.Kind == fault.Unauthenticated:
		return bareFailure{Error: "Unauthorized access", Message: "Unauthorized access"}, true
	case f.Kind == fault.NotFound && f.Code != web.ErrNoRoute.Code:
		return bareFailure{Error: "Customer not found", Message: "Customer not found"}, true
	}
	return bareFailure{}, false
}

// answerOf gives the status of a fault, what to say, and what exactly is wrong.
func answerOf(f *fault.Error) (status int, message, detail string) {
	say := func(status int, text string) (int, string, string) { return status, text, text }
	switch f.Kind {
	case fault.Internal:
	case fault.Invalid:
		if len(f.Fields) > 0 {
			return http.StatusUnprocessableEntity, "Validation failed", ""
		}
		if status := web.InvalidStatus(f); status != http.StatusBadRequest {
			return say(status, f.Message)
		}
		return http.StatusBadRequest, "Request failed", messageOf(f)
	case fault.Unauthenticated:
		if f.Code == errLogin.Code {
			return say(http.StatusUnauthorized, f.Message)
		}
		return say(http.StatusUnauthorized, "Unauthenticated.")
	case fault.Forbidden:
		return say(http.StatusForbidden, f.Message)
	case fault.NotFound:
		if f.Code == web.ErrNoRoute.Code || f.Code == errNoEndorsements.Code {
			return say(http.StatusNotFound, f.Message)
		}
		return say(http.StatusNotFound, "Customer not found")
	case fault.Conflict:
		return say(http.StatusConflict, f.Message)
	case fault.Stale:
		return say(http.StatusPreconditionFailed, f.Message)
	case fault.TooLarge:
		return say(http.StatusRequestEntityTooLarge, f.Message)
	case fault.TooMany:
		return say(http.StatusTooManyRequests, f.Message)
	case fault.Unavailable:
		return say(http.StatusServiceUnavailable, f.Message)
	}
	return say(http.StatusInternalServerError, "Internal server error")
}
