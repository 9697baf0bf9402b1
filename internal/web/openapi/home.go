package openapi

import (
	_ "embed"
	"net/http"
	"strings"

	"custodex.dev/internal/web"
)

// What somebody sees who opens the server's bare address.
//
//go:embed asset/home.html
var homePage []byte

// Home serves the page at the bare address of the public listener, which leads to the
// reference and the documents. It is for requests that AskForHome.
func Home() http.Handler {
	home := newFile("/", "text/html", pack(homePage))
	home.vary = "Accept, Accept-Encoding"
	// The page loads nothing. Its icon is the empty one in it.
	home.policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return home
}

// AsksForHome reports whether a browser asks for the bare address. Programs, which do not
// name HTML, get what they get at every address that is none.
func AsksForHome(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.Path != "/" || web.Refused(r.Context()) {
		return false
	}
	for kind := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		name, weight, _ := strings.Cut(kind, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if (name == "text/html" || name == "application/xhtml+xml") && !weightless(weight) {
			return true
		}
	}
	return false
}

// weightless reports whether the first parameter is a weight of 0, which is a refusal.
func weightless(parameter string) bool {
	q, found := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
	return found && strings.Trim(q, "0.") == ""
}
