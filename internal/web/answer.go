package web

import (
	"net/http"
	"strconv"
)

// JSON writes a whole answer. An answer that cannot be written has no reader left, so
// there is no error.
func JSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
