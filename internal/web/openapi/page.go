package openapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// pagePolicy is what the reference page may do: load from where it came from, and
// nothing else. The viewer writes style elements and attributes, so styles may be
// inline; scripts may not, and no text becomes code.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed asset/page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// page is what the template shows. The operations are for readers without scripts.
type page struct {
	Title, Summary string
	Operations     []operation
}

type operation struct {
	Method, Path, Summary, Description string
	Statuses                           []string
}

// renderPage makes the reference page of a document.
func renderPage(document []byte) ([]byte, error) {
	var doc struct {
		Info  struct{ Title, Summary string }
		Paths object
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	p := page{Title: doc.Info.Title, Summary: doc.Info.Summary}
	for _, path := range doc.Paths {
		ops, err := operationsOf(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.name, err)
		}
		p.Operations = append(p.Operations, ops...)
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, p)
	return b.Bytes(), err
}

// operationsOf reads the operations of one path, in the document's order.
func operationsOf(path member) ([]operation, error) {
	var item object
	if err := json.Unmarshal(path.value, &item); err != nil {
		return nil, err
	}
	var ops []operation
	for _, m := range item {
		if !slices.Contains([]string{"get", "post", "put", "patch", "delete"}, m.name) {
			continue
		}
		var o struct {
			Summary, Description string
			Responses            object
		}
		if err := json.Unmarshal(m.value, &o); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		op := operation{Method: strings.ToUpper(m.name), Path: path.name, Summary: o.Summary, Description: o.Description}
		for _, r := range o.Responses {
			op.Statuses = append(op.Statuses, r.name)
		}
		ops = append(ops, op)
	}
	return ops, nil
}
