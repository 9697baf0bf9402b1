package openapi

import (
	_ "embed"
	"net/http"
)

// The documents, and what the reference page is made of.
var (
	// All APIs in one: the other documents merged by a test, see doc.go.
	//
	//go:embed document/public.json
	publicDocument []byte
	//go:embed document/manage.json
	manageDocument []byte

	// gzip; where it comes from is in doc/dependencies.md, "Vendored files".
	//
	//go:embed asset/scalar-1.72.1.js.gz
	scalarScript []byte
	//go:embed asset/start.js
	startScript []byte
)

// Patterns lists what the handlers answer, as patterns of http.ServeMux: mount them
// one by one, so that every other address is left to whoever owns it.
func Patterns() []string {
	return []string{
		"GET /openapi.json",
		"GET /docs",
		"GET /docs/{$}",
		"GET /docs/start.js",
		"GET /docs/scalar-1.72.1.js", // another version is another address
	}
}

// Handler serves the document of all APIs and the reference page made from it, for
// the public listener. It answers Patterns.
func Handler() http.Handler { return handler(publicDocument) }

// ManageHandler serves the document of the management API alone and its reference
// page, for the management listener. It answers Patterns.
func ManageHandler() http.Handler { return handler(manageDocument) }

func handler(document []byte) http.Handler {
	page, err := renderPage(document)
	if err != nil {
		panic(err) // the documents are part of the program: every test would see it
	}
	const script, html, json = "text/javascript", "text/html", "application/json"
	pageFile := newFile("/docs", html, pack(page))
	pageFile.policy = pagePolicy
	scalar := newFile("/docs/scalar-1.72.1.js", script, scalarScript)
	scalar.immutable = true
	files := []*file{
		newFile("/openapi.json", json, pack(document)),
		pageFile,
		pageFile,
		newFile("/docs/start.js", script, pack(startScript)),
		scalar,
	}
	mux := http.NewServeMux()
	for i, pattern := range Patterns() {
		mux.Handle(pattern, files[i])
	}
	return mux
}
