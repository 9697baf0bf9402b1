package web

import (
	"net/http"

	"custodex.dev/internal/web/body"
)

// ReadObject takes the members of a body, JSON or a form, within the limit of
// Config.MaxBody, as body.ReadObject does.
func ReadObject(r *http.Request) (body.Object, error) {
	return body.ReadObject(r, EventOf(r.Context()).maxBody)
}
