// Package storetest says what a store must do. Run holds every adapter to the
// contract of package store with the same tests; Hooked makes any store fail on
// purpose, for the tests of what stands above it. It is imported by tests only.
//
// The suite opens one store a noun and gives every sub-test an application of
// its own, so that sub-tests run in parallel and never see each other's rows,
// which is itself a part of the contract.
//
// To add a method of package store: a group in the file of its noun (happy, absent,
// duplicate, other application, concurrent) and a line in cancel.go, which fails
// while one is missing.
package storetest

import (
	"context"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Run holds the stores that open makes to the contract. open returns an empty,
// initialised store that is a KeyDropper, and closes it with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	nouns := []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"Apps", testApps},
		{"Credentials", testCredentials},
		{"Customers", testCustomers},
		{"CustomersAll", testCustomersAll},
		{"Lookups", testLookups},
		{"Delete", testDelete},
		{"Disclose", testDisclose},
		{"Epochs", testEpochs},
		{"Erased", testErased},
		{"Groups", testGroups},
		{"Numbers", testNumbers},
		{"Items", testItems},
		{"History", testHistory},
		{"Reseal", testReseal},
		{"Scan", testScan},
		{"Lists", testLists},
		{"Changes", testChanges},
		{"Idempotency", testIdempotency},
		{"Audit", testAudit},
		{"AuditList", testAuditList},
		{"Blocks", testBlocks},
		{"Alarms", testAlarms},
		{"Jobs", testJobs},
		{"Events", testEvents},
		{"Tree", testTree},
		{"Rate", testRate},
		{"Update", testUpdate},
		{"Cancel", testCancel},
		{"Close", testClose},
	}
	for _, noun := range nouns {
		t.Run(noun.name, func(t *testing.T) {
			t.Parallel()
			noun.run(t, open(t))
		})
	}
}

// env is what a sub-test works with: a store and an application of its own.
type env struct {
	store.Store
	ctx context.Context // of the sub-test
	app id.App
}

// newEnv lets the sub-test run beside the others, with an application of its own.
func newEnv(t *testing.T, s store.Store) env {
	t.Helper()
	t.Parallel()
	e := env{Store: s, ctx: t.Context()}
	e.app = e.newApp(t)
	return e
}
