package devdraft

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// writeError renders a fault: {statusCode, message, error}, where message is an
// array for problems of a body's or query's members and a string otherwise, and
// error is the status's phrase. Liquidation addresses have words of their own.
func (c *Config) writeError(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	route := web.EventOf(r.Context()).Route
	ofAddresses := route == pathAddresses || route == pathAddress
	if ofAddresses {
		f = wire.ConcealOther(w, f)
	}
	status, message, again := answerOf(f)
	e := errorBody{StatusCode: status, Message: message, Error: http.StatusText(status)}
	if len(f.Fields) > 0 {
		e.Message = messagesOf(f.Fields)
	}
	if ofAddresses {
		e.onAddresses(r, f)
	}
	wait := wire.RetrySeconds(f.RetryAfter)
	if f.Kind == fault.TooMany {
		e.RetryAfter, e.RetryAfterAgain = wait, wait // the true seconds: 60 in a window's first
	}
	h := w.Header()
	switch {
	case !again:
		h.Set("X-Should-Retry", "false")
	case f.Kind != fault.Internal:
		// One SDK ignores a header of 60 and more.
		h.Set("Retry-After", strconv.FormatInt(min(wait, 59), 10))
	}
	c.writeFailure(w, r, e.StatusCode, wire.Marshal(e))
}

func messagesOf(fields []fault.Field) []string {
	messages := make([]string, len(fields))
	for i, field := range fields {
		messages[i] = field.Message
	}
	return messages
}

// answerOf gives the status of a fault, what to say, and whether the same request
// may do better when it is sent again.
func answerOf(f *fault.Error) (status int, message string, again bool) {
	switch f.Kind {
	case fault.Internal:
	case fault.Invalid:
		return web.InvalidStatus(f), f.Message, false
	case fault.Unauthenticated:
		return http.StatusUnauthorized, "Invalid API credentials", false
	case fault.Forbidden:
		return http.StatusForbidden, f.Message, false
	case fault.NotFound:
		switch f.Code {
		case web.ErrNoRoute.Code:
			return http.StatusNotFound, f.Message, false
		case records.ErrNoGroup.Code:
			return http.StatusNotFound, "Customer group not found", false
		}
		return http.StatusNotFound, "Customer not found", false
	case fault.Conflict:
		switch f.Code {
		case records.ErrEmailTaken.Code:
			return http.StatusConflict, emailTaken, false
		case records.ErrKeyInProgress.Code:
			return http.StatusConflict, f.Message, true
		case records.ErrKeyReused.Code:
			return http.StatusConflict, keyReused, false
		}
		return http.StatusConflict, f.Message, false
	case fault.Stale:
		return http.StatusPreconditionFailed, f.Message, false
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge, f.Message, false
	case fault.TooMany:
		return http.StatusTooManyRequests, "Too many requests", true
	case fault.Unavailable:
		return http.StatusServiceUnavailable, f.Message, true
	}
	return http.StatusInternalServerError, "Internal server error", true
}
