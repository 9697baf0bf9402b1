package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"custodex.dev/internal/web"
)

// Doubled slashes become one, and a slash that was sent as %2F stays part of its
// segment.
func TestDoubledSlashes(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"//api//v0/x":     "/api/v0/x",
		"/a/%2F/b":        "/a/%2F/b",
		"//a/%2f//b%20c/": "/a/%2f/b%20c/",
		"/a/b":            "/a/b",
	} {
		var got string
		h := web.Wrap("test", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.EscapedPath() }), web.Config{})
		r := httptest.NewRequest(http.MethodGet, "http://host"+sent, nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("%s is handled as %s, want %s", sent, got, want)
		}
	}
}
