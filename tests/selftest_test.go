package tests

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/client"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/selftest"
	"custodex.dev/internal/testkit"
)

// runSelftest tries a server under an address, which may be that of a proxy in front, and if
// database is set past it too.
func runSelftest(t *testing.T, s *testkit.Server, address, database string) selftest.Report {
	t.Helper()
	manage, err := client.NewManage(s.ManageURL, s.Operator.OperatorToken().Reveal(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := selftest.Run(context.Background(), selftest.Config{
		URL: address, Manage: manage, DatabaseURL: redact.NewSecret(database),
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// The real server gives the self-test nothing to find, and the self-test tries something of
// every kind.
func TestSelftestFindsNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			database := ""
			if engine == "postgres" {
				database = runtimeUser(t, s.Database.URL)
			}
			report := runSelftest(t, s, s.URL, database)
			for _, c := range report.Checks {
				for _, f := range c.Findings {
					t.Errorf("%s: %s: got %s, want %s", c.Name, f.What, f.Got, f.Want)
				}
				for _, request := range c.Untried {
					t.Errorf("%s: %s was refused as invalid, so nothing was tried", c.Name, request)
				}
				if skip := c.Name == "database" && engine != "postgres"; c.Tried == 0 != skip {
					t.Errorf("%s tried %d, %s", c.Name, c.Tried, c.Skipped)
				}
			}
			text, _ := json.Marshal(report)
			for _, secret := range []string{"selftest.example", "ck_", "xk_", "custodex_"} {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("the report holds %q", secret)
				}
			}
		})
	}
}

// runtimeUser makes a user that may act as the server's runtime role, and gives its URL.
func runtimeUser(t *testing.T, database string) string {
	t.Helper()
	name := "selftest_" + strings.ToLower(rand.Text()[:10])
	execute(t, database, "CREATE ROLE "+name+" LOGIN NOINHERIT PASSWORD 'selftest' IN ROLE custodex_runtime")
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { execute(t, database, "DROP ROLE "+name) })
	u.User = url.UserPassword(name, "selftest")
	return u.String()
}

func execute(t *testing.T, database, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

// A database without its second net, and a user that is above it, are found past the server: each
// table without row-level security, and a policy that lets everything through.
func TestSelftestFindsHolesOfTheDatabase(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{Engine: "postgres"})
	findings := func(database string) (what []string) {
		for _, c := range runSelftest(t, s, s.URL, database).Checks {
			for _, f := range c.Findings {
				if c.Name == "database" {
					what = append(what, f.What+": "+f.Got)
				}
			}
		}
		return what
	}
	if found := findings(s.Database.URL); len(found) != 1 {
		t.Errorf("a superuser gives the findings %q, want 1", found)
	}
	user := runtimeUser(t, s.Database.URL)
	execute(t, s.Database.URL, "ALTER POLICY own_application ON customer USING (true)")
	if found := findings(user); !slices.ContainsFunc(found, func(what string) bool { return strings.HasPrefix(what, "table customer as") }) {
		t.Errorf("a policy that lets everything through gives the findings %q", found)
	}
	tables := tablesOf(t, s.Database.URL)
	for _, table := range tables {
		execute(t, s.Database.URL, "ALTER TABLE "+table+" DISABLE ROW LEVEL SECURITY")
	}
	found := findings(user)
	for _, table := range tables {
		if !slices.Contains(found, "table "+table+": row-level security is off") {
			t.Errorf("without row-level security of %s there are the findings %q", table, found)
		}
	}
}

// tablesOf lists the tables that hold rows of applications.
func tablesOf(t *testing.T, database string) []string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), "SELECT table_name FROM information_schema.columns"+
		" WHERE column_name = 'app_id' AND table_schema = current_schema() AND table_name <> 'application'")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 8 {
		t.Fatalf("the tables are %q, %v", tables, err)
	}
	return tables
}

// guard is a place between the self-test and the server that can forget one guard. It
// learns the credentials of both applications as they set themselves up.
type guard struct {
	next     http.Handler
	forget   string
	mu       sync.Mutex
	known    map[string]http.Header // by "victim devdraft" and the like
	remember map[string][]byte      // answers to the victim, by path
}

func apiOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/api/v0/"):
		return "devdraft"
	case strings.HasPrefix(path, "/api/v1/customers"), strings.HasPrefix(path, "/api/v1/customer-groups"):
		return "xtrakit"
	}
	return "yativo"
}

var credentialHeaders = []string{"X-Client-Key", "X-Client-Secret", "Authorization"}

func credentialsOf(h http.Header) http.Header {
	out := http.Header{}
	for _, name := range credentialHeaders {
		if v := h[name]; len(v) > 0 {
			out[name] = v
		}
	}
	return out
}

// as gives the request with the credential of a party.
func (g *guard) as(r *http.Request, party string) *http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.known[party+" "+apiOf(r.URL.Path)]
	if h == nil {
		return r
	}
	r = r.Clone(r.Context())
	for _, name := range credentialHeaders {
		r.Header.Del(name)
	}
	for name, v := range h {
		r.Header[name] = v
	}
	return r
}

// learn notes who is who: the victim sets itself up first. A token is in the answer of a
// login.
func (g *guard) learn(r *http.Request, a *httptest.ResponseRecorder) {
	h := credentialsOf(r.Header)
	var in struct {
		Data struct {
			Token string `json:"access_token"`
		} `json:"data"`
	}
	if strings.HasSuffix(r.URL.Path, "/auth/login") && json.Unmarshal(a.Body.Bytes(), &in) == nil {
		h.Set("Authorization", "Bearer "+in.Data.Token)
	}
	if a.Code >= 300 || len(h) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, party := range []string{"victim ", "attacker "} {
		key := party + apiOf(r.URL.Path)
		if g.known[key] == nil {
			g.known[key] = h
			return
		}
		if g.known[key].Get("Authorization") == h.Get("Authorization") && g.known[key].Get("X-Client-Key") == h.Get("X-Client-Key") {
			return
		}
	}
}

func (g *guard) isAttacker(r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.known["attacker "+apiOf(r.URL.Path)]
	return h != nil && h.Get("Authorization") == r.Header.Get("Authorization") && h.Get("X-Client-Key") == r.Header.Get("X-Client-Key") &&
		len(r.Header["X-Client-Key"]) < 2
}

func (g *guard) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.next.ServeHTTP(w, r)
	return w
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fresh := func(r *http.Request) *http.Request {
		r.Body = io.NopCloser(bytes.NewReader(body))
		return r
	}
	answer := g.serve(fresh(r))
	g.learn(r, answer)
	if again := g.forgetful(r, answer); again != nil {
		answer = g.serve(fresh(again))
	}
	for name, v := range answer.Header() {
		w.Header()[name] = v
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// refusedLogin reports whether a status is a failed login's. After many of one address it is
// that of a limit.
func refusedLogin(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusTooManyRequests
}

// holes are the guards that can be missing, with the request that is made instead.
var holes = map[string]struct {
	check  string // that must find it
	forget func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request
}{
	"a fetch does not ask whose the customer is": {"isolation", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if r.Method == http.MethodGet && a.Code >= 400 && g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a change does not ask whose the customer is": {"isolation", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if (r.Method == http.MethodPatch || r.Method == http.MethodPut) && a.Code >= 400 && g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a deletion does not ask whose the customer is": {"isolation", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if r.Method == http.MethodDelete && a.Code >= 400 && g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a list shows all applications": {"isolation", func(g *guard, r *http.Request, _ *httptest.ResponseRecorder) *http.Request {
		if r.Method == http.MethodGet && r.URL.Path == "/api/v0/customers" && r.URL.RawQuery == "" && g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"no credential is needed": {"credentials", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if refusedLogin(a.Code) && len(credentialsOf(r.Header)) == 0 {
			return g.as(r, "victim")
		}
		return nil
	}},
	"the secret is not compared": {"credentials", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if a.Code >= 400 && a.Code < 500 && r.Header.Get("X-Client-Secret") != "" && !g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a token needs no signature": {"tokens", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if refusedLogin(a.Code) && strings.HasSuffix(r.Header.Get("Authorization"), ".") {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a cursor is not bound to its application": {"cursors", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if a.Code == http.StatusBadRequest && r.URL.Query().Get("cursor") != "" && g.isAttacker(r) {
			return g.as(r, "victim")
		}
		return nil
	}},
	"a header names the address that counts": {"paths", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if a.Code >= 400 && r.Header.Get("X-Original-URL") != "" {
			return g.as(r, "victim")
		}
		return nil
	}},
	"the limit is not kept": {"limits", func(g *guard, r *http.Request, a *httptest.ResponseRecorder) *http.Request {
		if a.Code == http.StatusTooManyRequests {
			return g.as(r, "attacker")
		}
		return nil
	}},
	"a deleted customer is still shown": {"deletion", nil},
	"an access leaves no entry":         {"log", nil},
}

// noHole is a proxy that forgets nothing: what it lets be found comes from itself.
const noHole = ""

// forgetful gives the request that a server without the guard would have obeyed.
func (g *guard) forgetful(r *http.Request, a *httptest.ResponseRecorder) *http.Request {
	switch g.forget {
	case noHole:
		return nil
	case "a deleted customer is still shown":
		g.mu.Lock()
		defer g.mu.Unlock()
		if r.Method == http.MethodGet && a.Code == http.StatusOK {
			g.remember[r.URL.Path] = bytes.Clone(a.Body.Bytes())
		} else if kept, ok := g.remember[r.URL.Path]; ok && a.Code == http.StatusNotFound {
			a.Code, a.Body = http.StatusOK, bytes.NewBuffer(kept)
			a.Header().Del("Content-Length")
		}
		return nil
	case "an access leaves no entry":
		if r.Method == http.MethodGet && a.Code == http.StatusOK {
			a.Header().Set("X-Request-Id", "req_of_nobody") // as if another request had been recorded
		}
		return nil
	}
	return holes[g.forget].forget(g, r, a)
}

// A server that forgets one guard is found out, by the check that is about that guard.
func TestSelftestFindsEveryHole(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	behind := func(t *testing.T, hole string) selftest.Report {
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
		g := &guard{next: proxy, forget: hole, known: make(map[string]http.Header), remember: make(map[string][]byte)}
		front := httptest.NewServer(g)
		defer front.Close()
		return runSelftest(t, s, front.URL, "")
	}
	if report := behind(t, noHole); report.Findings() > 0 {
		t.Fatalf("%d findings behind a proxy that forgets nothing", report.Findings())
	}
	for hole, h := range holes {
		t.Run(hole, func(t *testing.T) {
			report := behind(t, hole)
			for _, c := range report.Checks {
				if c.Name == h.check && len(c.Findings) > 0 {
					return
				}
			}
			t.Errorf("the check %s found nothing; in all %d findings", h.check, report.Findings())
		})
	}
}
