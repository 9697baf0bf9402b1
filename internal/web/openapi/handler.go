package openapi

import (
	_ "embed"
	"net/http"
)

// The sources: documents, and what the reference page is made of.
var (
	//go:embed document/public.json
	publicHead []byte
	//go:embed document/devdraft.json
	devdraftDocument []byte
	//go:embed document/yativo.json
	yativoDocument []byte
	//go:embed document/xtrakit.json
	xtrakitDocument []byte
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

// managementServer is where the public document says that the management API is. The
// real address is a setting that callers of the public listener need not learn.
var managementServer = []map[string]any{{
	"url":         "{management}",
	"description": "The management listener",
	"variables": map[string]any{"management": map[string]string{
		"default":     "http://127.0.0.1:8081",
		"description": "The setting manage_addr",
	}},
}}

// Handler serves the document of all APIs and the reference page made from it, for
// the public listener. It answers Patterns.
func Handler() http.Handler {
	document, err := merge(publicHead,
		part{devdraftDocument, nil}, part{yativoDocument, nil}, part{xtrakitDocument, nil}, part{manageDocument, managementServer})
	if err != nil {
		panic(err) // the documents are part of the program: every test would see it
	}
	return handler(document)
}

// ManageHandler serves the document of the management API alone and its reference
// page, for the management listener. It answers Patterns.
func ManageHandler() http.Handler { return handler(manageDocument) }

func handler(document []byte) http.Handler {
	page, err := renderPage(document)
	if err != nil {
		panic(err) // as above
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
