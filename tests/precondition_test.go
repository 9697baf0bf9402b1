package tests

import (
	"net/http"
	"testing"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// A GET of a customer that is refused for its conditions has read nothing: the log has no read of it,
// whichever API it went through.
func TestRefusedConditionIsNoRead(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	w := newTenant(t, s, "Mine")
	before := doneReads(t, s, w)
	for _, get := range []struct {
		path string
		kind tenant.Kind
	}{
		{"/api/v0/customers/" + w.customer, tenant.Devdraft},
		{"/api/v1/customer/" + w.customer, tenant.Yativo},
		{"/api/v1/customer/kyc/" + w.customer, tenant.Yativo},
		{"/api/v1/customers/" + w.seq, tenant.Xtrakit},
	} {
		for _, c := range []struct {
			name, value string
			status      int
		}{
			{"If-None-Match", "unquoted", http.StatusBadRequest},
			{"If-Match", "unquoted", http.StatusBadRequest},
			{"If-Match", `"another-state"`, http.StatusPreconditionFailed},
		} {
			header := w.credential(get.kind)
			header[c.name] = c.value
			if a := ask(t, s.URL, "GET", get.path, "", header); a.status != c.status {
				t.Errorf("GET %s with %s: %s = %d %s, want %d", get.path, c.name, c.value, a.status, a.body, c.status)
			}
		}
		if n := doneReads(t, s, w); n != before {
			t.Errorf("GET %s: refused requests left %d reads in the log", get.path, n-before)
			before = n
		}
	}
	if a := ask(t, s.URL, "GET", "/api/v0/customers/"+w.customer, "", w.credential(tenant.Devdraft)); a.status != http.StatusOK || doneReads(t, s, w) != before+1 {
		t.Errorf("a read: %d %s, %d entries, want one", a.status, a.body, doneReads(t, s, w)-before)
	}
}

// doneReads is how many reads of a customer the log of w has.
func doneReads(t *testing.T, s *testkit.Server, w *tenantWorld) (n int) {
	t.Helper()
	var log struct {
		Data []struct {
			Outcome string `json:"outcome"`
		} `json:"data"`
	}
	decode(t, ask(t, s.ManageURL, "GET", "/manage/v1/apps/"+string(w.app.ID)+"/audit?action=customer.fetch&limit=100", "", w.credential(tenant.Operator)).body, &log)
	for _, e := range log.Data {
		if e.Outcome == "done" {
			n++
		}
	}
	return n
}
