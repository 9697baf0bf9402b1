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

// IgnoreBody reads the body of a GET, HEAD or DELETE, within the limit of Config.MaxBody, and
// throws it away, as body.Ignore does. The bodies of other methods stay unread.
func IgnoreBody(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
		return body.Ignore(r, EventOf(r.Context()).maxBody)
	}
	return nil
}
