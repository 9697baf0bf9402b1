package tests

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web"
)

// Every route of every API takes a reason and a purpose and has them in the entry that it leaves, and
// no answer shows them. One that cannot be kept as it was sent is 400, changes nothing and leaves
// nothing.
func TestEveryRouteTakesAReason(t *testing.T) {
	t.Parallel()
	const reason, purpose = "Ticket 4711: für die Prüfung", "support-canary"
	s := testkit.NewServer(t, testkit.Options{})
	w := newTenant(t, s, "Reason Ltd")
	for _, f := range faces {
		for _, route := range f.routes {
			if open[route] || f.name == "manage" && !strings.HasPrefix(route, "GET") {
				continue // these make and revoke keys; the same code reads their headers
			}
			try := func(header, value string) answer {
				t.Helper()
				r := routeRequest(t, s, f, route, w.fresh(t, s, route))
				for name, value := range w.credential(f.kind) {
					r.Header.Set(name, value)
				}
				r.Header.Set("X-Access-Reason", reason)
				r.Header.Set("X-Access-Purpose", purpose)
				r.Header.Set(header, value)
				a, err := send(r)
				if err != nil {
					t.Fatalf("%s: %v", route, err)
				}
				return a
			}
			for header, bad := range map[string]string{"X-Access-Reason": strings.Repeat("x", 501), "X-Access-Purpose": "two words"} {
				a := try(header, bad)
				if code := a.header.Get(web.ErrorHeader); a.status != http.StatusBadRequest || !strings.HasPrefix(code, "bad_access_") {
					t.Errorf("%s with a bad %s: %d %s, want 400", route, header, a.status, code)
				}
				if audited(t, s, a.request, w.app.ID, id.System) {
					t.Errorf("%s with a bad %s left an entry", route, header)
				}
			}
			a := try("X-Access-Reason", reason)
			if a.status >= 300 != neverWorks[route] {
				t.Errorf("%s with a reason: %d %s", route, a.status, a.body)
			}
			if strings.Contains(route, "/audit") || quiet(route) {
				continue // shows the log, or leaves nothing there
			}
			if strings.Contains(string(a.body), purpose) {
				t.Errorf("%s shows the purpose: %s", route, a.body)
			}
			if !explained(t, s, a.request, purpose, w.app.ID, id.System) && !strings.Contains(route, "auth/") {
				t.Errorf("%s left no entry with the purpose", route)
			}
		}
	}
}

// explained reports whether one of the applications has an entry of the request with the purpose.
func explained(t *testing.T, s *testkit.Server, request, purpose string, apps ...id.App) bool {
	t.Helper()
	return slices.ContainsFunc(apps, func(app id.App) bool {
		list, err := s.Records.ListAudit(context.Background(), s.OperatorCaller(app), records.AuditFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(v records.AuditView) bool {
			return string(v.Request) == request && v.Origin.Purpose == purpose && v.Origin.Reason != ""
		})
	})
}

// What an operator does in an application names the operator, in the encrypted part of the entry.
func TestOperatorIsNamedInTheApplicationsLog(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	w := newTenant(t, s, "Named Ltd")
	operator := w.keys[tenant.Operator]
	for path, app := range map[string]id.App{"/manage/v1/apps/" + string(w.app.ID) + "/keys": w.app.ID, "/manage/v1/apps": id.System} {
		a := ask(t, s.ManageURL, "GET", path, "", w.credential(tenant.Operator))
		list, err := s.Records.ListAudit(t.Context(), s.OperatorCaller(app), records.AuditFilter{Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(v records.AuditView) bool { return string(v.Request) == a.request })
		if i < 0 {
			t.Fatalf("%s left no entry", path)
		}
		want := string(operator.ID)
		if app == id.System {
			want = "" // it belongs to this one
		}
		if got := list[i].Origin.Operator; got != want {
			t.Errorf("%s: operator %q, want %q", path, got, want)
		}
	}
}
