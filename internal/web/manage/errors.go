package manage

import (
	"net/http"
	"strconv"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/feed"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// statusOf gives the status of a fault. The switch names every kind.
func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.Invalid:
		return web.InvalidStatus(f)
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		if f.Code == feed.ErrCursorExpired.Code {
			return http.StatusGone
		}
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Stale:
		return http.StatusPreconditionFailed
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// writeError is the only place here that writes an error.
func writeError(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	e := errorBody{Code: f.Code, Message: f.Message, Fields: []fieldBody{}, RequestID: string(web.EventOf(r.Context()).Request)}
	for _, field := range f.Fields {
		e.Fields = append(e.Fields, fieldBody(field))
	}
	status, h := statusOf(f), w.Header()
	switch f.Kind {
	case fault.Internal: // whatever it was, it is not for the caller
		e.Code, e.Message, e.Fields = "internal", "Internal server error", []fieldBody{}
	case fault.Unauthenticated:
		h.Set("WWW-Authenticate", `Bearer realm="custodex"`)
	case fault.TooMany, fault.Unavailable:
		wait := max(f.RetryAfter, time.Second)
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	web.JSON(w, status, wire.Marshal(errorResponse{e}))
}
