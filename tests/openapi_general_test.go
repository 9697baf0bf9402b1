package tests

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
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

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/contract"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/openapi"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

const (
	yativoLogin   = "POST /api/v1/auth/login"
	yativoRefresh = "GET /api/v1/auth/refresh-token"
)

// An api is one of the four, with how its requests carry a credential.
type api struct {
	kind   tenant.Kind
	routes []string
	list   string // a route that needs nothing but a credential
	// credentialsOnly are the routes that read nothing but the credential.
	credentialsOnly []string
	authorize       func(g *general, h http.Header, key records.Issued)
}

func apis() []api {
	return []api{
		{
			kind: tenant.Devdraft, routes: devdraft.Routes(), list: "GET /api/v0/customers",
			credentialsOnly: []string{"GET /api/v0/health"},
			authorize: func(_ *general, h http.Header, key records.Issued) {
				h.Set("X-Client-Key", key.PublicKey)
				h.Set("X-Client-Secret", key.Secret.Reveal())
			},
		},
		{
			kind: tenant.Yativo, routes: yativo.Routes(), list: "GET /api/v1/customer",
			credentialsOnly: []string{yativoLogin, yativoRefresh},
			authorize:       func(g *general, h http.Header, key records.Issued) { h.Set("Authorization", "Bearer "+g.token(key)) },
		},
		{
			kind: tenant.Xtrakit, routes: xtrakit.Routes(), list: "GET /api/v1/customers",
			credentialsOnly: []string{"GET /api/v1/user/authenticate"},
			authorize: func(_ *general, h http.Header, key records.Issued) {
				h.Set("Authorization", "Bearer "+key.PublicKey+"."+key.Secret.Reveal())
			},
		},
		{
			kind: tenant.Operator, routes: manage.Routes(), list: "GET /manage/v1/apps",
			authorize: func(_ *general, h http.Header, key records.Issued) {
				h.Set("Authorization", "Bearer "+key.OperatorToken().Reveal())
			},
		},
	}
}

// TestOpenAPIGeneralAnswers provokes every documented answer that is not about what an
// operation does, for every operation of every API (see contract.General), and holds
// each against the document. Transcripts show the others.
func TestOpenAPIGeneralAnswers(t *testing.T) {
	t.Parallel()
	for _, a := range apis() {
		t.Run(string(a.kind), func(t *testing.T) {
			t.Parallel()
			g := newGeneral(t, a)
			for _, route := range a.routes {
				for status := range g.doc.Operation(route).Responses.Map() {
					if contract.General(status) {
						g.provoke(route, status)
					}
				}
			}
			if missing := g.doc.Missing(a.routes, contract.General); len(missing) > 0 {
				t.Errorf("documented answers that no request got:\n%s", strings.Join(missing, "\n"))
			}
		})
	}
}

// general sends requests of one API to a server of its own.
type general struct {
	*testing.T
	api
	doc                   *contract.Contract
	server                *testkit.Server
	store                 *storetest.Hooked
	good, spent, stranger records.Issued
	sent                  int
}

func newGeneral(t *testing.T, a api) *general {
	g := &general{T: t, api: a}
	now := time.Now().Truncate(time.Minute).Add(5 * time.Second) // no rate limit window ends meanwhile
	g.server = testkit.NewServer(t, testkit.Options{
		Wrap:      func(st store.Store) store.Store { g.store = storetest.NewHooked(st); return g.store },
		Configure: func(c *config.Config) { c.Now, c.LogLevel = func() time.Time { return now }, slog.LevelError+1 },
	})
	app, scopes, document := g.server.App.ID, authz.OfApplications(), openapi.Handler()
	if a.kind == tenant.Operator {
		app, scopes, document = id.System, authz.Scopes{authz.Manage}, openapi.ManageHandler()
	}
	g.doc = contract.New(t, document)
	key := func(perMinute int) records.Issued {
		return g.server.NewKey(t, app, records.NewKey{Kind: a.kind, Name: "general", Owner: "test", Scopes: scopes, RateLimit: perMinute})
	}
	g.good, g.spent, g.stranger = key(10_000), key(1), key(10_000)
	// The database was never asked for a credential that is not there.
	g.stranger.PublicKey = g.stranger.PublicKey[:len(g.stranger.PublicKey)-4] + "aaaa"
	g.answers(g.request(g.list, g.good), "200")
	g.answers(g.request(g.list, g.spent), "200")
	if a.kind != tenant.Operator {
		g.headersOfUnknownNames()
	}
	return g
}

// headersOfUnknownNames gets the two headers that depend on the names of a request and
// not on its operation, and are documented with every answer.
func (g *general) headersOfUnknownNames() {
	g.Helper()
	r := g.request(g.list, g.good)
	r.URL.RawQuery = "zz=1"
	g.answers(r, "200")
	r = g.request(g.list, g.good)
	r.Header.Set("Prefer", "handling=strict")
	g.answers(r, "200")
}

// provoke makes an operation answer with a status.
func (g *general) provoke(route, status string) {
	g.Helper()
	r := g.request(route, g.good)
	body := func(text string) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text)) }
	switch status {
	case "401":
		r = g.request(route, records.Issued{})
	case "413":
		body(`{"name":"` + strings.Repeat("x", 70_000) + `"}`)
	case "415":
		body("{}")
		r.Header.Set("Content-Type", "text/plain")
	case "429":
		r = g.request(route, g.spent)
	case "500", "503":
		broken := errors.New("broken by the test")
		if status == "503" {
			broken = fault.New(fault.Unavailable, "store_down", "The database is busy; try again")
		}
		hooks := dialect.FailExcept(broken, "CredentialByKey", "RateTake")
		if slices.Contains(g.credentialsOnly, route) {
			hooks, r = dialect.FailOnly(broken, "CredentialByKey"), g.request(route, g.stranger)
		}
		g.store.Set(hooks)
		defer g.store.Set(storetest.Hooks{})
	default:
		g.Fatalf("this test cannot provoke %s", status)
	}
	g.answers(r, status)
}

// answers sends a request and demands that status, as documented.
func (g *general) answers(r *http.Request, status string) {
	g.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		g.Fatal(err)
	}
	defer resp.Body.Close()
	if got := fmt.Sprint(resp.StatusCode); got != status {
		content, err := io.ReadAll(resp.Body)
		g.Errorf("%s %s = %s, want %s; body %s, %v", r.Method, r.URL.Path, got, status, content, err)
		return
	}
	if r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			g.Fatal(err)
		}
	}
	if err := g.doc.Check(r, resp); err != nil {
		g.Error(err)
	}
}

// request makes one that the operation takes, of the document's own examples.
func (g *general) request(route string, key records.Issued) *http.Request {
	g.Helper()
	method, path, _ := strings.Cut(route, " ")
	op, base := g.doc.Operation(route), g.server.URL
	if g.kind == tenant.Operator {
		base = g.server.ManageURL
	}
	for _, p := range slices.Concat(g.doc.Doc.Paths.Value(path).Parameters, op.Parameters) {
		if p.Value.In == openapi3.ParameterInPath {
			path = strings.Replace(path, "{"+p.Value.Name+"}", fmt.Sprint(p.Value.Example), 1)
		}
	}
	body := g.example(op)
	if route == yativoLogin {
		body = `{"account_id":"` + cmp.Or(key.PublicKey, "nobody") + `","app_secret":"` + cmp.Or(key.Secret.Reveal(), "x") + `"}`
	}
	r, err := http.NewRequestWithContext(g.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		g.Fatal(err)
	}
	g.sent++
	r.Header.Set("Idempotency-Key", fmt.Sprint("key ", g.sent))
	r.Header.Set("Content-Type", "application/json")
	if key.PublicKey != "" {
		g.authorize(g, r.Header, key)
	}
	return r
}

// example is the first example of an operation's body, empty if it takes none.
func (g *general) example(op *openapi3.Operation) string {
	g.Helper()
	if op.RequestBody == nil {
		return ""
	}
	examples := op.RequestBody.Value.Content["application/json"].Examples
	names := slices.Sorted(maps.Keys(examples))
	if len(names) == 0 {
		return "{}"
	}
	text, err := json.Marshal(examples[names[0]].Value.Value)
	if err != nil {
		g.Fatal(err)
	}
	return string(text)
}

// token is one of the Yativo dialect: of the stranger, one that nobody signed.
func (g *general) token(key records.Issued) string {
	g.Helper()
	if key.PublicKey == g.stranger.PublicKey {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
			part([]byte(`{"sub":"`+key.PublicKey+`","exp":99999999999}`)) + "." + part([]byte("x"))
	}
	token, _, _, err := g.server.Records.IssueToken(g.Context(), records.Login{
		Kind: tenant.Yativo, PublicKey: key.PublicKey, Secret: key.Secret.Reveal(),
	})
	if err != nil {
		g.Fatal(err)
	}
	return token
}
