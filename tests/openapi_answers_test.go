package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/openapi"
)

// notAnswered are the documented answers that no request can provoke.
var notAnswered = []string{
	"GET /api/v0/health/public 500", // it does nothing that could fail
}

// TestOpenAPIAnswers asks a real server for every answer that the document promises,
// and holds each against the document.
func TestOpenAPIAnswers(t *testing.T) {
	t.Parallel()
	b := &breakable{}
	now := time.Now().Truncate(time.Minute).Add(5 * time.Second) // no rate limit window ends meanwhile
	s := testkit.NewServer(t, testkit.Options{
		RateLimit: 10_000,
		Wrap:      func(st store.Store) store.Store { b.Store = st; return b },
		Configure: func(c *config.Config) {
			c.Now, c.LogLevel = func() time.Time { return now }, slog.LevelError+1
		},
	})
	a := &apiCheck{
		t: t, s: s, doc: readOpenAPI(t, served(t, openapi.Handler())),
		seen: map[string]bool{}, headers: map[string]bool{},
	}
	a.client, a.clientSecret = s.Key.PublicKey, s.Key.Secret.Reveal()
	a.operator = s.NewKey(t, id.System, operatorKey(10_000)).OperatorToken().Reveal()
	ops := a.operations()

	a.particular(ops)
	a.refused(ops)
	a.broken(ops, b)

	var missing []string
	for path, item := range a.doc.Paths.Map() {
		if isYativo(path) || isXtrakit(path) {
			continue // tests of their own
		}
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if what := method + " " + path + " " + status; !a.seen[what] {
					missing = append(missing, what)
				}
			}
		}
	}
	slices.Sort(missing)
	if diff := cmp.Diff(notAnswered, missing); diff != "" {
		t.Errorf("documented answers that no request got (-excused +missing):\n%s", diff)
	}
	for name := range a.doc.Components.Headers {
		if !a.headers[name] && !strings.HasPrefix(name, "Yativo") && !strings.HasPrefix(name, "Xtrakit") {
			t.Errorf("header %s is documented and was never sent", name)
		}
	}
}

func init() { openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder) }

func operatorKey(perMinute int) records.NewKey {
	return records.NewKey{
		Kind: tenant.Operator, Name: "openapi", Owner: "test", Scopes: authz.Scopes{authz.Manage}, RateLimit: perMinute,
	}
}

// exchange is a request and the status that it must get.
type exchange struct {
	op      string // "METHOD /path/{name}", as in the document
	path    string // the path with its values
	query   string
	body    string
	header  map[string]string // more, or others than usual; "" leaves one out
	chunked bool
	status  int
}

// with gives a copy that differs in some ways.
func (e exchange) with(change func(*exchange)) exchange {
	e.header = maps.Clone(e.header)
	if e.header == nil {
		e.header = map[string]string{}
	}
	change(&e)
	return e
}

// apiCheck sends requests and checks what comes back.
type apiCheck struct {
	t                              *testing.T
	s                              *testkit.Server
	doc                            *openapi3.T
	client, clientSecret, operator string
	bearer                         string          // used instead of a client key, if set
	seen                           map[string]bool // "METHOD /path status"
	headers                        map[string]bool // components by name
	keys                           int             // idempotency keys used up
}

// send makes the exchange, fails the test if the answer is not as documented, and
// returns the answer's header and body.
func (a *apiCheck) send(e exchange) (http.Header, []byte) {
	a.t.Helper()
	method, pattern, _ := strings.Cut(e.op, " ")
	req := a.request(method, e)
	item := a.doc.Paths.Value(pattern)
	op := item.GetOperation(method)
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: pathValues(pattern, e.path), QueryParams: req.URL.Query(),
		Route: &routers.Route{Spec: a.doc, Path: pattern, PathItem: item, Method: method, Operation: op},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true,
		},
	}
	if e.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			a.t.Errorf("%s: the server takes a request that the document forbids: %v", e.op, err)
		}
		req = a.request(method, e)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatalf("%s: %v", e.op, err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		a.t.Fatalf("%s: %v", e.op, err)
	}
	if res.StatusCode != e.status {
		a.t.Errorf("%s = %d, want %d; body %s", e.op, res.StatusCode, e.status, body)
		return res.Header, body
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	})
	if err != nil {
		a.t.Errorf("%s = %d is not as documented: %v\nbody %s", e.op, e.status, err, body)
	}
	a.note(e, op, res.Header)
	return res.Header, body
}

// note remembers what was seen and complains of headers that are not documented.
func (a *apiCheck) note(e exchange, op *openapi3.Operation, header http.Header) {
	a.t.Helper()
	a.seen[fmt.Sprint(e.op, " ", e.status)] = true
	ref := op.Responses.Status(e.status)
	if ref == nil {
		return // ValidateResponse said so
	}
	documented := map[string]string{}
	for name, h := range ref.Value.Headers {
		documented[http.CanonicalHeaderKey(name)] = strings.TrimPrefix(h.Ref, "#/components/headers/")
	}
	for name := range header {
		switch name {
		case "Date", "Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Connection":
		default:
			component, ok := documented[name]
			if !ok {
				a.t.Errorf("%s = %d has the header %s, which is not documented", e.op, e.status, name)
			}
			a.headers[component] = true
		}
	}
}

func (a *apiCheck) request(method string, e exchange) *http.Request {
	a.t.Helper()
	base := a.s.URL
	header := map[string]string{"x-client-key": a.client, "x-client-secret": a.clientSecret}
	if strings.HasPrefix(e.path, "/manage/") {
		base, header = a.s.ManageURL, map[string]string{"Authorization": "Bearer " + a.operator}
	}
	if a.bearer != "" {
		a.keys++
		header = map[string]string{"Authorization": "Bearer " + a.bearer, "Idempotency-Key": fmt.Sprint("key ", a.keys)}
	}
	var body io.Reader = strings.NewReader(e.body)
	if e.chunked {
		body = struct{ io.Reader }{strings.NewReader("{}")} // its length cannot be told
	}
	req, err := http.NewRequest(method, base+e.path+e.query, body)
	if err != nil {
		a.t.Fatal(err)
	}
	if e.body != "" {
		header["Content-Type"] = "application/json"
	}
	maps.Copy(header, e.header)
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return req
}

// pathValues reads the values of {name}s out of a path.
func pathValues(pattern, path string) map[string]string {
	values := map[string]string{}
	parts := strings.Split(path, "/")
	for i, p := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			values[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return values
}
