package tests

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

var cursorIn = regexp.MustCompile(`cursor=([A-Za-z0-9_%-]+)`)

// A cursor that one API gave is refused by the lists of the others, each in its own
// words: its filter would otherwise rule a list that has no such filter.
func TestCursorStaysInItsAPI(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{Configure: func(c *config.Config) { c.MaxSkip = 1 }})
	w := newTenant(t, s, "Cursor")
	for i := range 4 {
		ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(`{"first_name":"Ada","last_name":"%d","phone_number":"+22"}`, i), w.credential(tenant.Devdraft))
		ask(t, s.URL, "POST", "/api/v0/customer-groups", `{"name":"Gold"}`, w.credential(tenant.Devdraft))
	}
	cursors := make(map[string]string)
	for name, from := range map[string]struct {
		kind tenant.Kind
		path string
	}{
		"customers": {tenant.Devdraft, "/api/v0/customers?take=1&name=ada"},
		"groups":    {tenant.Devdraft, "/api/v0/customer-groups?take=1"},
		"yativo":    {tenant.Yativo, "/api/v1/customer?per_page=1&page=2"},
	} {
		a := ask(t, s.URL, "GET", from.path, "", w.credential(from.kind))
		found := cursorIn.FindStringSubmatch(a.header.Get("Link") + string(a.body))
		if a.status != 200 || found == nil {
			t.Fatalf("%s: %d without a cursor", name, a.status)
		}
		cursors[name], _ = url.QueryUnescape(found[1])
	}
	for _, to := range []struct {
		name, path string
		kind       tenant.Kind
		refusal    int
	}{
		{"customers", "/api/v0/customers?cursor=", tenant.Devdraft, 400},
		{"groups", "/api/v0/customer-groups?cursor=", tenant.Devdraft, 400},
		{"yativo", "/api/v1/customer?page=3&per_page=1&cursor=", tenant.Yativo, 422},
		{"", "/api/v1/customers?cursor=", tenant.Xtrakit, 400},
		{"", "/api/v1/customer-groups?cursor=", tenant.Xtrakit, 400},
	} {
		for name, cursor := range cursors {
			want := to.refusal
			if name == to.name {
				want = 200
			}
			if a := ask(t, s.URL, "GET", to.path+url.QueryEscape(cursor), "", w.credential(to.kind)); a.status != want {
				t.Errorf("%s with a cursor of %s: %d, want %d", to.path, name, a.status, want)
			}
		}
	}
}
