package web

import (
	"net/http"
	"strconv"
	"time"
)

// Deprecation says that a route ends, and what to use instead (doc/versions.md, "How something ends").
type Deprecation struct {
	Since  time.Time // the day from which it is deprecated
	Sunset time.Time // the day from which it may be gone; zero: not known yet
	Page   string    // the address of the page that says what to use instead
}

// Deprecations are the deprecated ones among the routes of an API, by the names that RouteList gives
// them. The OpenAPI documents mark the same ones, which a test compares.
type Deprecations map[string]Deprecation

// Handler is h, with the headers of its deprecation in each answer, errors among them, if it has one.
func (d Deprecations) Handler(route string, h Handler) Handler {
	end, ok := d[route]
	if !ok {
		return h
	}
	since := "@" + strconv.FormatInt(end.Since.Unix(), 10) // RFC 9745
	link := "<" + end.Page + `>; rel="deprecation"; type="text/html"`
	return func(w http.ResponseWriter, r *http.Request) error {
		header := w.Header()
		header.Set("Deprecation", since)
		header.Add("Link", link)
		if !end.Sunset.IsZero() {
			header.Set("Sunset", end.Sunset.UTC().Format(http.TimeFormat)) // RFC 8594
		}
		return h(w, r)
	}
}
