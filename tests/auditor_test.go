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
				for _, about := range []*tenantWorld{own, other, &nobody} {
					want := http.StatusForbidden
					if about == own && strings.Contains(route, "/audit") && !strings.HasSuffix(route, "/acknowledge") {
						want = http.StatusOK
					}
					method, path, body, err := about.request(face, route, about)
					if err != nil {
						t.Fatal(err)
					}
					a := ask(t, s.ManageURL, method, path, body, own.credential(tenant.Auditor))
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
