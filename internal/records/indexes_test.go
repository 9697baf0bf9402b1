package records_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
)

// found is how many customers a search for a name gives.
func (e *testEnv) found(t *testing.T, name string) int {
	t.Helper()
	found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: customer.ListInput{Name: text(name), Take: text("100")}, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	return found.Total
}

func (e *testEnv) indexes(t *testing.T, want int, when string) {
	t.Helper()
	if bytes, count := e.SearchMemory(); count != want || (bytes > 0) != (want > 0) {
		t.Errorf("%s there are %d indexes of %d bytes, want %d", when, count, bytes, want)
	}
}

func TestIdleIndexIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newEnv(t, func(c *records.Config) { c.SearchIdle = 5 * time.Minute })
		env.mustCreate(t, env.me, person("Ada", "B", ""))
		for range 3 {
			env.found(t, "ada")
			synctest.Wait()
			env.indexes(t, 1, "after a search")
			time.Sleep(4 * time.Minute)
			env.indexes(t, 1, "before it has been idle for long")
		}
		time.Sleep(3 * time.Minute)
		env.indexes(t, 0, "after it has been idle")
		if n := env.found(t, "ada"); n != 1 {
			t.Errorf("a search after that found %d, want 1", n)
		}
	})
}

// An index grows with its application. One that has outgrown the limit is dropped
// within a minute, and its application is searched without.
func TestOutgrownIndexIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newEnv(t, func(c *records.Config) { c.SearchMemory = 200 << 10 })
		env.mustCreate(t, env.me, person("Ada", "B", ""))
		env.found(t, "ada")
		synctest.Wait()
		env.indexes(t, 1, "while it is small")
		const many = 3000
		inputs := make([]customer.Input, many)
		for i := range inputs {
			inputs[i] = person(fmt.Sprintf("Given name number %d", i), "Family name", fmt.Sprintf("number%d@example.com", i))
		}
		env.load(t, env.app.ID, inputs)
		if n := env.found(t, "number"); n != many {
			t.Fatalf("a search found %d, want %d", n, many)
		}
		time.Sleep(61 * time.Second)
		env.indexes(t, 0, "a minute after it became too large")
		if n := env.found(t, "number"); n != many {
			t.Errorf("a search after that found %d, want %d", n, many)
		}
	})
}

// A guess lets an index be built; its true size decides whether it stays.
func TestIndexLargerThanGuessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newEnv(t, func(c *records.Config) { c.SearchMemory = 1 << 10 })
		env.mustCreate(t, env.me, person("Ada", "B", ""))
		for range 2 {
			if n := env.found(t, "ada"); n != 1 {
				t.Errorf("a search found %d, want 1", n)
			}
			synctest.Wait()
			env.indexes(t, 0, "with a limit below the size")
		}
	})
}
