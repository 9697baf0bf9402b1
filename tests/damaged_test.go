package tests

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// What is left of a customer whose row was damaged, or whose key was deleted, costs
// no request about others, shows in the metrics, and goes away with a DELETE of the
// dialects that have one.
func TestDamagedRows(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			w := newTenant(t, s, "Shop")
			d := w.credential(tenant.Devdraft)
			var ids []string
			for i := range 4 {
				var c customerJSON
				decode(t, ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(
					`{"first_name":"P%d","last_name":"Q","email":"p%d@example.com","phone_number":"+15551234567"}`, i, i), d).body, &c)
				ids = append(ids, c.ID)
			}
			first, err := strconv.ParseInt(w.seq, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s.Database.Damage(t, w.app.ID, first+1, first+2)
			s.Database.DropKey(t, w.app.ID, first+3)

			d["Prefer"] = "count=exact"
			for query, want := range map[string]int{"": 2, "?status=ACTIVE": 2, "?name=p3": 1, "?name=p0": 0, "?customer_type=Individual": 2} {
				for range 3 {
					a := ask(t, s.URL, "GET", "/api/v0/customers"+query, "", d)
					var list []customerJSON
					decode(t, a.body, &list)
					total := a.header.Get("X-Total-Count")
					if a.status != 200 || len(list) != want || !strings.Contains(query, "name") && total != "5" {
						t.Errorf("list%s = %d with %d customers of %s, want %d", query, a.status, len(list), total, want)
					}
				}
			}
			for i, want := range []int{500, 500, 404, 200} {
				if a := ask(t, s.URL, "GET", "/api/v0/customers/"+ids[i], "", d); a.status != want {
					t.Errorf("fetch of customer %d = %d, want %d", i, a.status, want)
				}
			}
			gauge := func(want string) {
				t.Helper()
				if a := ask(t, s.ManageURL, "GET", "/metrics", "", nil); !strings.Contains(string(a.body), "\ncustodex_damaged_customers "+want+"\n") {
					t.Errorf("the metrics do not say that %s customers are damaged", want)
				}
			}
			gauge("2")

			for i, path := range []string{"/api/v1/customer/" + ids[0], "/api/v1/customers/" + fmt.Sprint(first+2), "/api/v1/customer/" + ids[2]} {
				kind := []tenant.Kind{tenant.Yativo, tenant.Xtrakit, tenant.Yativo}[i]
				if a := ask(t, s.URL, "DELETE", path, "", w.credential(kind)); a.status != 200 {
					t.Errorf("%s DELETE = %d %s", kind, a.status, a.body)
				}
				a := ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(
					`{"first_name":"New","last_name":"One","email":"P%d@example.com","phone_number":"+15551234567"}`, i), d)
				if a.status != 201 {
					t.Errorf("the address of customer %d is not free: %d %s", i, a.status, a.body)
				}
			}
			gauge("0")
		})
	}
}
