package tests

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web"
)

// Every route of every API, in every spelling of its path, tried with another application's
// ids and with every form of every credential, shows nothing, changes nothing and leaves an
// entry. The same requests work for the owner, so that they are refused for the right reason.
func TestIsolationOfEveryRoute(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine, Configure: func(c *config.Config) {
				// Each request comes from an address of its own: the bucket of failed logins is not the matter here.
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}})
			trial := &isolationTrial{
				s: s, victim: newTenant(t, s, "Victim Vault Ltd"), attacker: newTenant(t, s, "Attacker Ltd"),
				recorded: map[string]string{},
				named:    map[string]bool{},
			}
			before := trial.shown(t)
			for _, f := range faces {
				for _, route := range f.routes {
					t.Run(f.name+" "+route, func(t *testing.T) { trial.try(t, f, route) })
				}
			}
			after := trial.shown(t)
			for route, text := range before {
				if after[route] != text {
					t.Errorf("%s shows its owner another answer after the attack:\n%s\nbefore:\n%s", route, after[route], text)
				}
			}
			trial.checkLog(t)
			for _, f := range faces {
				for _, route := range f.routes {
					t.Run(f.name+" "+route+" works", func(t *testing.T) { trial.works(t, f, route) })
				}
			}
		})
	}
}

type isolationTrial struct {
	s                *testkit.Server
	victim, attacker *tenantWorld
	recorded         map[string]string // requests that must be in the log, with what they were
	named            map[string]bool   // those of them that present a key of the victim
}

// A presented is the headers of a credential in one form.
type presented struct {
	name    string
	headers map[string]string
	right   bool // it opens this API, for the attacker
	auditor bool // it opens the management API, for the attacker's log
}

// credentialForms are the forms in which the attacker can present what it has, to one API: each
// credential as each API takes it, and its own beside what it knows of the victim's.
func credentialForms(f face, attacker, victim *tenantWorld) []presented {
	var forms []presented
	add := func(name string, right bool, pairs ...string) {
		headers := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			headers[pairs[i]] = pairs[i+1]
		}
		forms = append(forms, presented{name: name, headers: headers, right: right})
	}
	add("nothing", false)
	for kind, key := range attacker.keys {
		public, secret := key.PublicKey, key.Secret.Reveal()
		right := kind == f.kind
		add(string(kind)+" as client key", right && kind == tenant.Devdraft, "X-Client-Key", public, "X-Client-Secret", secret)
		add(string(kind)+" as key pair", right && kind == tenant.Yativo, "X-Api-Key", public, "X-Api-Secret", secret)
		add(string(kind)+" as bearer", right && (kind == tenant.Xtrakit || kind == tenant.Operator), "Authorization", "Bearer "+public+"."+secret)
		forms[len(forms)-1].auditor = kind == tenant.Auditor && f.kind == tenant.Operator
		add(string(kind)+" as basic", false, "Authorization", "Basic "+public+"."+secret)
		if kind != tenant.Operator {
			other := victim.keys[kind].PublicKey
			add(string(kind)+" with the victim's public part", false, "X-Client-Key", other, "X-Client-Secret", secret,
				"X-Api-Key", other, "X-Api-Secret", secret, "Authorization", "Bearer "+other+"."+secret)
		}
	}
	y, v := attacker.keys[tenant.Yativo], victim.keys[tenant.Yativo]
	isYativo := f.kind == tenant.Yativo
	add("a token", isYativo, "Authorization", "Bearer "+attacker.token)
	add("a token in small letters", isYativo, "authorization", "bearer "+attacker.token)
	add("a token and its key pair", isYativo, "Authorization", "Bearer "+attacker.token, "X-Api-Key", y.PublicKey, "X-Api-Secret", y.Secret.Reveal())
	add("a token and the victim's account", false, "Authorization", "Bearer "+attacker.token, "X-Api-Key", v.PublicKey, "X-Api-Secret", y.Secret.Reveal())
	add("a token as client key", false, "X-Client-Key", attacker.token, "X-Client-Secret", attacker.token)
	add("another token", false, "Authorization", "Bearer "+attacker.token[:len(attacker.token)-2])
	return forms
}

// pathForms are the spellings of a path that count as the path.
func pathForms(path string) []string {
	return []string{path, path + "/", "/" + path, strings.ReplaceAll(path, "/", "//"), path + "?page=1"}
}

// try attacks one route. Credentials of its API are tried on each spelling of the path; others
// stop before the path matters.
func (x *isolationTrial) try(t *testing.T, f face, route string) {
	method, path, body, err := x.victim.request(f, route, x.attacker)
	if err != nil {
		t.Fatal(err)
	}
	if open[route] {
		return
	}
	login := strings.HasSuffix(route, "auth/login") // presents no credential in a header
	for _, form := range credentialForms(f, x.attacker, x.victim) {
		if f.name == "manage" && form.right {
			continue // an operator may
		}
		paths := pathForms(path)
		if !form.right && form.name != "nothing" {
			paths = paths[:1]
		}
		for _, path := range paths {
			if !addresses(route) {
				_, _, body, _ = x.attacker.request(f, route, x.attacker) // an address is taken once
			}
			a := ask(t, f.base(x.s), method, path, body, form.headers)
			what := fmt.Sprintf("%s %s with %s: %d %.300s", method, path, form.name, a.status, a.body)
			for _, text := range x.victim.secretive {
				if bytes.Contains(bytes.ToLower(a.body), []byte(strings.ToLower(text))) {
					t.Errorf("%s: shows %q", what, text)
				}
			}
			switch {
			case form.auditor:
				if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
					t.Errorf("%s: want 403 or 404", what)
				}
			case login || !form.right:
				if a.status != http.StatusUnauthorized {
					t.Errorf("%s: want 401", what)
				}
			case addresses(route) || neverWorks[route]:
				code := a.header.Get(web.ErrorHeader)
				if a.status != http.StatusNotFound && a.status != http.StatusForbidden {
					t.Errorf("%s: want 404, or 403", what)
				}
				if a.status == http.StatusNotFound && code == records.ErrOtherApplication.Code {
					t.Errorf("%s: the header says %s of what is not there", what, code)
				}
			case a.status >= 300:
				t.Errorf("%s: the attacker's own data are refused", what)
			}
			if !form.right || !quiet(route) {
				x.recorded[a.request] = what
				x.named[a.request] = login || strings.Contains(form.name, "victim")
			}
		}
	}
}

// quiet reports whether a route leaves no entry for who may use it: it touches no customer.
func quiet(route string) bool {
	return strings.Contains(route, "health") || strings.Contains(route, "authenticate") ||
		strings.Contains(route, "refresh-token") || neverWorks[route]
}

// shown asks for all that the victim can see, through each route that changes nothing.
func (x *isolationTrial) shown(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, f := range faces {
		for _, route := range f.routes {
			if !strings.HasPrefix(route, "GET") || varies.MatchString(route) {
				continue
			}
			_, path, _, err := x.victim.request(f, route, x.victim)
			if err != nil {
				t.Fatal(err)
			}
			a := ask(t, f.base(x.s), "GET", path, "", x.victim.credential(f.kind))
			if a.status != http.StatusOK {
				t.Errorf("%s: %d %s", route, a.status, a.body)
			}
			texts[route] = newCursor.ReplaceAllString(string(a.body), "")
		}
	}
	return texts
}

// varies are the routes whose answers change without a change of data: the time, a new token,
// the log.
var varies = regexp.MustCompile(`health|refresh-token|/audit`)

// newCursor is a cursor, which is encrypted anew in each answer.
var newCursor = regexp.MustCompile(`"next":"[A-Za-z0-9_-]{40,}"`)

// checkLog wants an entry of each request in the log of the attacker or of the system, or in the
// victim's if a key of the victim was presented, and none of a success in the victim's.
func (x *isolationTrial) checkLog(t *testing.T) {
	t.Helper()
	found := maps.Clone(x.recorded)
	for _, app := range []id.App{x.attacker.app.ID, x.victim.app.ID, id.System} {
		before := int64(0)
		for {
			list, err := x.s.Records.ListAudit(context.Background(), x.s.OperatorCaller(app), records.AuditFilter{Limit: 1000, Before: before})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if app != x.victim.app.ID || x.named[string(e.Request)] {
					delete(found, string(e.Request))
				}
				if what := x.recorded[string(e.Request)]; what != "" && app == x.victim.app.ID && e.Outcome == audit.Done {
					t.Errorf("done to the victim: %s", what)
				}
			}
			if len(list) < 1000 {
				break
			}
			before = list[len(list)-1].Seq
		}
	}
	for _, what := range found {
		t.Errorf("no entry of %s", what)
	}
	if len(x.recorded) < 1000 {
		t.Errorf("only %d requests were tried", len(x.recorded))
	}
}

// works sends the requests of the attack as the owner, about new data.
func (x *isolationTrial) works(t *testing.T, f face, route string) {
	if f.name == "manage" && !strings.HasPrefix(route, "GET") {
		return // an operator's changes are tried in their own package
	}
	w := x.victim.fresh(t, x.s, route)
	method, path, body, err := w.request(f, route, w)
	if err != nil {
		t.Fatal(err)
	}
	a := ask(t, f.base(x.s), method, path, body, w.credential(f.kind))
	if ok := a.status < 300; ok == neverWorks[route] {
		t.Errorf("its owner gets %d %.300s", a.status, a.body)
	}
	shows := slices.ContainsFunc(w.secretive, func(text string) bool { return bytes.Contains(a.body, []byte(text)) })
	if method == "GET" && f.name != "manage" && !shows && !quiet(route) {
		t.Errorf("shows its owner nothing of what others must not see: %.300s", a.body)
	}
}

// audited reports whether one of the applications has an entry of the request.
func audited(t *testing.T, s *testkit.Server, request string, apps ...id.App) bool {
	t.Helper()
	for _, app := range apps {
		list, err := s.Records.ListAudit(context.Background(), s.OperatorCaller(app), records.AuditFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if string(e.Request) == request {
				return true
			}
		}
	}
	return false
}

func ask(t *testing.T, base, method, path, body string, header map[string]string) answer {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		req.Header.Set("Idempotency-Key", string(id.NewRequest()))
	}
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.%d.%d", rand.IntN(256), rand.IntN(256)))
	for name, value := range header {
		req.Header.Set(name, value)
	}
	a, err := send(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
