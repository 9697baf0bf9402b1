// Package contract holds HTTP exchanges against an OpenAPI document: an answer must
// be one that the document describes, and what the document describes must have been
// answered at least once. It is for tests only. Start from New.
package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

func init() { openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder) }

// Contract is a document and what has been seen of it. Its methods may be called
// concurrently.
type Contract struct {
	Doc *openapi3.T // not to be changed

	mux     *http.ServeMux // of the documented operations; it only names them
	formats openapi3.SchemaValidationOption
	mu      sync.Mutex
	seen    map[string]bool // "METHOD /path status"
	headers map[string]bool // "METHOD /path Header-Name"
}

// New reads the document at /openapi.json of a listener.
func New(t testing.TB, listener http.Handler) *Contract {
	t.Helper()
	rec := httptest.NewRecorder()
	listener.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("GET /openapi.json = %d", rec.Code)
	}
	c, err := Parse(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Parse reads a document. Documented answers are open, so that generated clients take
// members that a later release adds; here they are closed, so that none is forgotten.
func Parse(document []byte) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	closeAnswers(doc)
	c := &Contract{
		Doc: doc, mux: http.NewServeMux(), formats: openapi3.WithStringFormatValidators(formats()),
		seen: map[string]bool{}, headers: map[string]bool{},
	}
	for _, route := range c.Routes() {
		c.mux.Handle(route, http.NotFoundHandler())
	}
	return c, nil
}

// Routes lists the documented operations as "METHOD /path/{name}", sorted.
func (c *Contract) Routes() []string {
	var routes []string
	for pattern, item := range c.Doc.Paths.Map() {
		for method := range item.Operations() {
			routes = append(routes, method+" "+pattern)
		}
	}
	slices.Sort(routes)
	return routes
}

// Operation gives a documented operation, nil if there is none of that name.
func (c *Contract) Operation(route string) *openapi3.Operation {
	method, pattern, _ := strings.Cut(route, " ")
	if item := c.Doc.Paths.Value(pattern); item != nil {
		return item.GetOperation(method)
	}
	return nil
}

// Route names the operation that a request is for, or is empty if no documented one
// takes its path and method as they are.
func (c *Contract) Route(r *http.Request) string {
	if r.URL.Path == "" || path.Clean(r.URL.Path) != r.URL.Path {
		return "" // a mux would redirect
	}
	if item := c.Doc.Paths.Value(r.URL.Path); item != nil && item.GetOperation(r.Method) == nil {
		return "" // as /things/search, which is no id for GET /things/{id}
	}
	_, route := c.mux.Handler(r)
	if method, _, _ := strings.Cut(route, " "); method != r.Method {
		return "" // HEAD is taken for GET
	}
	return route
}

// Check reports how an exchange differs from the document. Requests for anything that
// the document does not describe are fine, whatever the answer. It reads both bodies.
func (c *Contract) Check(req *http.Request, resp *http.Response) error {
	return c.check(req, resp, false)
}

// CheckLenient is Check for a request that the server takes although the document
// forbids it. It reports one that the document allows, and one that is not taken.
func (c *Contract) CheckLenient(req *http.Request, resp *http.Response) error {
	return c.check(req, resp, true)
}

func (c *Contract) check(req *http.Request, resp *http.Response, lenient bool) error {
	route := c.Route(req)
	if lenient && (route == "" || resp.StatusCode >= 300) {
		return fmt.Errorf("%s %s = %d: nothing is lenient about that", req.Method, req.URL.Path, resp.StatusCode)
	}
	if route == "" {
		return nil
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json") // as the server takes it
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	method, pattern, _ := strings.Cut(route, " ")
	op := c.Operation(route)
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: pathValues(pattern, req.URL.Path), QueryParams: req.URL.Query(),
		Route: &routers.Route{Spec: c.Doc, Path: pattern, PathItem: c.Doc.Paths.Value(pattern), Method: method, Operation: op},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{c.formats},
		},
	}
	var failures []error
	if resp.StatusCode < 300 {
		err := openapi3filter.ValidateRequest(context.Background(), in)
		switch {
		case err != nil && !lenient:
			failures = append(failures, fmt.Errorf("%s: the server takes a request that the document forbids: %w", route, err))
		case err == nil && lenient:
			failures = append(failures, fmt.Errorf("%s: the document allows the request: it is not lenient to take it", route))
		}
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	})
	if err != nil {
		failures = append(failures, fmt.Errorf("%s = %d is not as documented: %w\nbody %.500s", route, resp.StatusCode, err, body))
	}
	return errors.Join(append(failures, c.note(route, op, resp))...)
}

// unlisted are the headers that any answer may have. The document does not list them.
var unlisted = []string{
	"Date", "Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Connection", "Transfer-Encoding",
}

// note remembers what was seen, and reports headers that are not documented.
func (c *Contract) note(route string, op *openapi3.Operation, resp *http.Response) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[fmt.Sprint(route, " ", resp.StatusCode)] = true
	ref := op.Responses.Status(resp.StatusCode)
	if ref == nil {
		return nil // ValidateResponse said so
	}
	var failures []error
	for name := range resp.Header {
		listed := slices.Contains(unlisted, name)
		for documented := range ref.Value.Headers {
			listed = listed || http.CanonicalHeaderKey(documented) == name
		}
		if !listed {
			failures = append(failures, fmt.Errorf("%s = %d has the header %s, which is not documented", route, resp.StatusCode, name))
		}
		c.headers[route+" "+name] = true
	}
	return errors.Join(failures...)
}

// Missing lists the documented answers of some operations that Check has not seen, as
// "METHOD /path status", and the headers that are documented for one of them and came
// with no answer of any. Only answers whose status is asked for count.
func (c *Contract) Missing(routes []string, asked func(status string) bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var missing []string
	headers := map[string]bool{} // documented → seen
	for _, route := range routes {
		op := c.Operation(route)
		if op == nil {
			missing = append(missing, route+" is not documented")
			continue
		}
		for status, ref := range op.Responses.Map() {
			if !asked(status) {
				continue
			}
			if what := route + " " + status; !c.seen[what] {
				missing = append(missing, what)
			}
			for name := range ref.Value.Headers {
				name = http.CanonicalHeaderKey(name)
				headers[name] = headers[name] || c.headers[route+" "+name]
			}
		}
	}
	for name, seen := range headers {
		if !seen {
			missing = append(missing, "header "+name)
		}
	}
	slices.Sort(missing)
	return missing
}

// pathValues reads the values of {name}s out of a path.
func pathValues(pattern, path string) map[string]string {
	values := map[string]string{}
	parts := strings.Split(path, "/")
	for i, p := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(p, "{"); ok && i < len(parts) {
			values[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return values
}

// General are the statuses that every operation answers for the same reasons, whatever
// it does: they are about form, size, credentials and rate, or about the server. One
// test provokes them for all operations, so that no transcript has to.
func General(status string) bool {
	return slices.Contains([]string{"401", "413", "415", "429", "500", "503"}, status)
}

// Particular are the other statuses: transcripts show them.
func Particular(status string) bool { return !General(status) }
