package records_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// Searches past the slots wait for a moment and are refused with a time to come
// back; those past the bound on all searches are refused at once. Fetches and
// lists go on.
func TestSearchSaturation(t *testing.T) {
	t.Parallel()
	inBusy(t, func(t *testing.T, b *busy) {
		c := b.mustCreate(t, b.me, person("A", "B", ""))
		b.found(t, "a") // the index is there now
		free := b.store.hold(b.app.ID, "CustomerBySeq")
		out := b.ask(6, b.me, named("a"))
		if n := b.store.held(); n != 1 {
			t.Errorf("%d searches look through indexes at once, want 1", n)
		}
		refused(t, out, 2, "search_saturated", 0)
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		refused(t, out, 3, "search_saturated", 150*time.Millisecond)
		if _, err := b.FetchCustomer(t.Context(), b.me, records.ByID(c)); err != nil {
			t.Errorf("a fetch beside the searches = %v", err)
		}
		b.answered(t, "a list beside the searches", b.me, records.ListRequest{Count: true}, 1)
		free()
		if o := <-out; o.err != nil {
			t.Errorf("the search in the slot = %v", o.err)
		}
		b.answered(t, "a search after that", b.me, named("a"), 1)
	}, limits(1, 4))
}

// Searches that wait for an index are bounded in number and time, and whatever they
// do, those of an application that has its index go on.
func TestColdSearchesHoldNobodyUp(t *testing.T) {
	t.Parallel()
	for _, in := range []records.ListRequest{
		named("nobody"),
		{Input: customer.ListInput{Name: text("nobody")}, Count: true},
		{Input: customer.ListInput{Status: text("ACTIVE")}, Count: true},
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			inBusy(t, func(t *testing.T, b *busy) {
				_, warm := b.newApp(t, "Warm")
				_, cold := b.newApp(t, "Cold")
				b.mustCreate(t, warm, person("A", "B", ""))
				b.mustCreate(t, cold, person("A", "B", ""))
				b.answered(t, "the first search", warm, named("a"), 1)
				b.many(t, b.me)
				free := b.store.hold(b.app.ID, "CustomerScan")
				defer free()
				out := b.ask(20, b.me, in)
				refused(t, out, 18, "search_saturated", 0)
				for range 3 {
					b.answered(t, "a search of another application", warm, named("a"), 1)
					b.answered(t, "a search of another without an index", cold, named("a"), 1)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				refused(t, out, 2, "search_preparing", 10*time.Second)
				free()
				synctest.Wait()
				if got := b.found(t, "given"); got != 4600 {
					t.Errorf("%d are found when the index is there", got)
				}
			}, limits(1, 8))
		})
	}
}

// An application whose build waits for its turn is searched and counted from the
// store, as far as it takes.
func TestSearchBeforeTheBuild(t *testing.T) {
	t.Parallel()
	inBusy(t, func(t *testing.T, b *busy) {
		_, next := b.newApp(t, "Next")
		b.many(t, next)
		b.mustCreate(t, b.me, person("A", "B", ""))
		free := b.store.hold(b.app.ID, "CustomerScan")
		defer free()
		b.answered(t, "the search that builds", b.me, named("a"), 1)
		if n := b.store.held(); n == 0 {
			t.Fatal("nothing is built")
		}
		for _, tt := range []struct {
			in records.ListRequest
			n  int
		}{{named("given4599"), 1}, {named("given0"), 1}, {named("nobody"), 0}} {
			o := <-b.ask(1, next, tt.in)
			if o.err != nil || len(o.found.Customers) != tt.n {
				t.Errorf("a search before the build gives %d, %v; want %d", len(o.found.Customers), o.err, tt.n)
			}
		}
		in := named("given1")
		in.Count = true
		if o := <-b.ask(1, next, in); o.err != nil || o.found.Total != 1111 {
			t.Errorf("a count before the build = %d, %v; want 1111", o.found.Total, o.err)
		}
		if _, n := b.SearchMemory(); n != 0 {
			t.Errorf("%d indexes are there while the first is being built", n)
		}
		free()
		time.Sleep(time.Second) // a build yields
		synctest.Wait()
		if _, n := b.SearchMemory(); n != 2 {
			t.Errorf("%d indexes are there, want 2", n)
		}
	})
}

// Searches that find no place among the readers of the store have the index as soon
// as it is there.
func TestSearchWaitsForReaderOrIndex(t *testing.T) {
	t.Parallel()
	inBusy(t, func(t *testing.T, b *busy) {
		b.mustCreate(t, b.me, person("A", "B", ""))
		build := b.store.hold(b.app.ID, "CustomerScan")
		defer build()
		defer b.store.hold(b.app.ID, "CustomerList")()
		out := b.ask(8, b.me, named("a"))
		readers := b.store.held()
		if readers == 0 || readers == 8 {
			t.Fatalf("%d of 8 searches read the store at once", readers)
		}
		time.Sleep(5 * time.Second)
		build()
		synctest.Wait()
		for range 8 - readers {
			if o := <-out; o.err != nil || len(o.found.Customers) != 1 {
				t.Errorf("a search beside the build gives %d, %v; want 1", len(o.found.Customers), o.err)
			}
		}
	})
}

// Searches that wait while another reads many changes are bounded too.
func TestSearchBesideALongCatchUp(t *testing.T) {
	t.Parallel()
	inBusy(t, func(t *testing.T, b *busy) {
		_, warm := b.newApp(t, "Warm")
		b.mustCreate(t, warm, person("A", "B", ""))
		b.mustCreate(t, b.me, person("A", "B", ""))
		for _, caller := range []tenant.Caller{warm, b.me} {
			b.answered(t, "the first search", caller, named("a"), 1)
		}
		b.mustCreate(t, b.me, person("A", "New", ""))
		free := b.store.hold(b.app.ID, "CustomerChanges")
		defer free()
		out := b.ask(7, b.me, named("a")) // one reads, two wait
		refused(t, out, 4, "search_saturated", 0)
		b.answered(t, "a search of another application", warm, named("a"), 1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		refused(t, out, 2, "search_preparing", 10*time.Second)
		free()
		if o := <-out; o.err != nil || len(o.found.Customers) != 2 {
			t.Errorf("the search that read the changes gives %d, %v; want 2", len(o.found.Customers), o.err)
		}
	}, limits(1, 8))
}

// However many applications have searches that wait, they have a share of all.
func TestColdSearchesOfManyApplications(t *testing.T) {
	t.Parallel()
	inBusy(t, func(t *testing.T, b *busy) {
		callers := make([]tenant.Caller, 3)
		for i := range callers {
			_, callers[i] = b.newApp(t, "App")
			b.mustCreate(t, callers[i], person("A", "B", ""))
			b.answered(t, "the first search", callers[i], named("a"), 1)
			b.mustCreate(t, callers[i], person("A", "New", ""))
			defer b.store.hold(callers[i].App, "CustomerChanges")()
		}
		for i, wait := range []int{2, 2, 0} { // and one of each reads
			out := b.ask(wait+2, callers[i], named("a"))
			refused(t, out, 1, "search_saturated", 0)
		}
	}, limits(1, 8))
}

// A build that fails is not tried again by every search, and none fails with it.
func TestFailedBuild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		var tries atomic.Int32
		st.Set(storetest.Failing("CustomerScan", func() error { tries.Add(1); return errors.New("a page is damaged") }))
		env := newEnvOn(t, st)
		env.mustCreate(t, env.me, person("Ada", "B", ""))
		search := func() {
			t.Helper()
			found, err := env.ListCustomers(t.Context(), env.me, named("ada"))
			if err != nil || len(found.Customers) != 1 {
				t.Errorf("a search gives %d, %v; want 1", len(found.Customers), err)
			}
			synctest.Wait()
		}
		for range 10 {
			search()
		}
		if n := tries.Load(); n != 1 {
			t.Errorf("10 searches cost %d builds, want 1", n)
		}
		st.Set(storetest.Hooks{})
		time.Sleep(5 * time.Second)
		search()
		env.indexes(t, 1, "after the next build")
	})
}
