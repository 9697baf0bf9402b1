package tests

import (
	"net/http"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// A key could not be changed. A change works at once on the server that made it, and on its
// replica as soon as that reads the key again, for bearer tokens that are out already too.
func TestFieldE16ChangedKeyWorksOnEveryReplica(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{Engine: "postgres"})
	replica := s.Replica(t)
	w := newTenant(t, s, "Own Ltd")
	strict, limit := true, 1000
	for _, kind := range tenant.Kinds() {
		path := map[tenant.Kind]string{tenant.Devdraft: "/api/v0/customers", tenant.Yativo: "/api/v1/customer", tenant.Xtrakit: "/api/v1/customers"}[kind]
		list := func(on *testkit.Server, query string) int {
			return ask(t, on.URL, http.MethodGet, path+query, "", w.credential(kind)).status
		}
		unknown := "?no_such_name=1"
		for _, on := range []*testkit.Server{s, replica} { // which remember the key now
			if got := list(on, unknown); got != http.StatusOK {
				t.Fatalf("%s with a lenient key = %d", kind, got)
			}
		}
		change := func(in records.KeyChange) {
			t.Helper()
			if _, err := s.Records.UpdateKey(t.Context(), s.OperatorCaller(w.app.ID), w.keys[kind].ID, in); err != nil {
				t.Fatal(err)
			}
		}
		change(records.KeyChange{Strict: &strict, RateLimit: &limit})
		if got := list(s, unknown); got < 400 || got >= 500 {
			t.Errorf("%s with a strict key = %d where it was changed", kind, got)
		}
		if got := list(s, ""); got != http.StatusOK {
			t.Errorf("%s with a strict key and no unknown name = %d", kind, got)
		}
		eventually(t, string(kind)+" strict on the replica", func() bool { return list(replica, unknown) >= 400 })
		change(records.KeyChange{Scopes: authz.Scopes{authz.CustomersWrite}})
		if got := list(s, ""); got != http.StatusForbidden {
			t.Errorf("%s without its scope = %d where it was changed", kind, got)
		}
		eventually(t, string(kind)+" without its scope on the replica", func() bool { return list(replica, "") == http.StatusForbidden })
	}
}

// eventually fails if nothing comes true for half a minute.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !true(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%s: not within 30 s", what)
			return
		}
	}
}
