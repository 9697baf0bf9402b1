package tests

import (
	"net/http"
	"strings"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/manage"
)

// An auditor's key reads the audit log of its own application, by every route that there is for
// that, and every other route of the management API refuses it in the same way, whether what it
// names is there or not.
func TestFieldE4AuditorReadsItsLogAlone(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			own, other := newTenant(t, s, "Own Ltd"), newTenant(t, s, "Other Ltd")
			nobody := *own
			nobody.app.ID = id.NewApp()
			face := face{"manage", manage.Routes(), tenant.Operator}
			for _, route := range face.routes {
				method, pattern, _ := strings.Cut(route, " ")
				body := ""
				switch {
				case strings.HasSuffix(pattern, "/apps"), strings.HasSuffix(pattern, "/keys"), method == http.MethodPatch:
					body = `{"name":"taken over"}`
				case strings.HasSuffix(pattern, "/kyc"):
					body = `{"status":"approved"}`
				}
				for _, about := range []*tenantWorld{own, other, &nobody} {
					want := http.StatusForbidden
					if about == own && strings.Contains(pattern, "/audit") {
						want = http.StatusOK
					}
					path := strings.ReplaceAll(about.path(face, pattern), "{key}", string(about.keys[tenant.Devdraft].ID))
					a := ask(t, s.ManageURL, method, path, ifChanges(method, body), own.credential(tenant.Auditor))
					if a.status != want {
						t.Errorf("%s about %s = %d %s, want %d", route, about.app.Name, a.status, a.body, want)
					}
					if !audited(t, s, a.request, own.app.ID, id.System) {
						t.Errorf("%s about %s left no entry with the auditor's own application", route, about.app.Name)
					}
					if about == other && audited(t, s, a.request, other.app.ID) {
						t.Errorf("%s about %s left an entry in the other's log", route, about.app.Name)
					}
				}
			}
		})
	}
}

// ifChanges is the body of a request, "" for one that reads.
func ifChanges(method, body string) string {
	if method == http.MethodGet || method == http.MethodDelete {
		return ""
	}
	return body
}
