package openapi

import (
	_ "embed"
	"net/http"
)

// The documents, and what the reference page is made of.
var (
	// The applications' APIs in one: their documents merged by a test, see doc.go.
	//
	//go:embed document/public.json
	publicDocument []byte
	//go:embed document/manage.json
	manageDocument []byte
	//go:embed document/devdraft.json
	devdraftDocument []byte
	//go:embed document/yativo.json
	yativoDocument []byte
	//go:embed document/xtrakit.json
	xtrakitDocument []byte

	// gzip; where it comes from is in doc/dependencies.md, "Vendored files".
	//
	//go:embed asset/scalar-1.72.1.js.gz
	scalarScript []byte
	//go:embed asset/start.js
	startScript []byte
)

// An own document describes one API alone, for those who generate a client of it.
type own struct {
	name     string // it is at /openapi/NAME.json
	document []byte
}

func publicDocuments() []own {
	return []own{{"devdraft", devdraftDocument}, {"yativo", yativoDocument}, {"xtrakit", xtrakitDocument}}
}

func manageDocuments() []own { return []own{{"manage", manageDocument}} }

// Patterns lists what Handler answers, as patterns of http.ServeMux: mount them one by
// one, so that every other address is left to whoever owns it.
func Patterns() []string { return patterns(publicDocuments()) }

// ManagePatterns lists what ManageHandler answers, in the same way.
func ManagePatterns() []string { return patterns(manageDocuments()) }

func patterns(documents []own) []string {
	list := []string{
		"GET /openapi.json",
		"GET /docs",
		"GET /docs/{$}",
		"GET " + pathStart,
		"GET /docs/scalar-1.72.1.js", // another version is another address
	}
	for _, d := range documents {
		list = append(list, "GET /openapi/"+d.name+".json")
	}
	return list
}

// Handler serves the document of all APIs of the public listener, that of each, and the
// reference page. It answers Patterns.
func Handler() http.Handler { return handler(publicDocument, publicDocuments()) }

// ManageHandler serves the document of the management API and its reference page, for
// the management listener. It answers ManagePatterns.
func ManageHandler() http.Handler { return handler(manageDocument, manageDocuments()) }

func handler(document []byte, documents []own) http.Handler {
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
		newFile(pathStart, script, pack(startScript)),
		scalar,
	}
	for _, d := range documents {
		files = append(files, newFile("/openapi/"+d.name+".json", json, pack(d.document)))
	}
	mux := http.NewServeMux()
	for i, pattern := range patterns(documents) {
		mux.Handle(pattern, files[i])
	}
	return mux
}
