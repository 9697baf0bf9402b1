package web

import (
	"net/http"
	"strconv"
)

// JSON writes a whole answer. In the headers of a failure other than 404 the
// characters 404 do not occur: numbers of the rate limit are moved by the least
// amount that avoids them, or left out, and the body gets line breaks at its end
// where its length would show them.
//
// An answer that cannot be written has no reader left, so there is no error.
func JSON(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	length := int64(len(body))
	if status >= 400 && status != http.StatusNotFound {
		EventOf(r.Context()).quotaHeaders(h, true)
		length = above(length)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(status)
	_, _ = w.Write(body)
	for range length - int64(len(body)) {
		_, _ = w.Write([]byte{'\n'})
	}
}
