package finder

import (
	"testing"

	"custodex.dev/internal/customer"
)

// A page never holds more than was asked for, of none too: a lead may fill it alone. It says
// that there is more exactly if something was left out.
func TestCutNeverExceedsThePage(t *testing.T) {
	t.Parallel()
	for n := range 5 {
		for take := range 5 {
			for _, more := range []bool{false, true} {
				got := cut(n, take, more, func(i int) listEntry { return listEntry{Customer: customer.Customer{Seq: int64(i)}} })
				if len(got.Customers) != min(n, take) || got.more != (more || n > take) {
					t.Errorf("cut(%d, %d, %t) = %d customers, more %t", n, take, more, len(got.Customers), got.more)
				}
			}
		}
	}
}
