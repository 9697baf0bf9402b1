package records_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// The memory of an index is what SearchMemory says, and comes back when it is
// dropped, here for another application's.
func TestIndexMemoryComesBack(t *testing.T) {
	const customers = 20_000
	env := newEnv(t, func(c *records.Config) { c.SearchMemory = customers * 150 }) // room for one
	_, other := env.newApp(t, "Other")
	fill := func(caller tenant.Caller, n int) {
		t.Helper()
		inputs := make([]customer.Input, n)
		for i := range inputs {
			inputs[i] = person(fmt.Sprintf("Given%d", i), fmt.Sprintf("Family%d", i), fmt.Sprintf("somebody%d@example.com", i))
		}
		env.load(t, caller.App, inputs)
	}
	fill(env.me, customers)
	fill(other, customers)
	search := func(caller tenant.Caller) {
		t.Helper()
		for _, term := range []string{"nobody has this", "nor this"} {
			if _, err := env.ListCustomers(t.Context(), caller, records.ListRequest{Input: customer.ListInput{Name: text(term)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	// The import's long audit entries are being sequenced beside this.
	before := heap()
	for range 4 {
		time.Sleep(200 * time.Millisecond)
		before = min(before, heap())
	}
	search(env.me)
	held, _ := env.SearchMemory()
	with := heap() - before
	if with < held/2 || with > held*2 {
		t.Errorf("an index of %d bytes takes %d of the heap", held, with)
	}
	search(other) // makes room by dropping the first
	after, count := env.SearchMemory()
	left := heap() - before
	if count != 1 || after > held*5/4 || left > held*3/2 {
		t.Errorf("after the drop %d indexes hold %d bytes and the heap %d more than at first; one took %d", count, after, left, with)
	}
	t.Logf("%d customers: index %d bytes, heap %+d; another in its place: heap %+d", customers, held, with, left)
}
