package records

import (
	"testing"
	"time"

	"custodex.dev/internal/customer"
)

// A panic while an import prepares its inputs, on whatever goroutine, is the error of
// that import. It does not end the process. The test is in the package because no
// input is known that panics.
func TestImportPanics(t *testing.T) {
	t.Parallel()
	inputs := []customer.Input{{
		Given: customer.Text{Sent: true, Value: "A"}, Family: customer.Text{Sent: true, Value: "B"},
		Phone: customer.Text{Sent: true, Value: "+1-555-123-4567"},
	}}
	for name, o := range map[string]*operation{
		"the batch":    {},                                        // there is no clock
		"one customer": {s: &Service{cfg: Config{Now: time.Now}}}, // there is no key
	} {
		if p := <-o.preparing(inputs); p.err == nil {
			t.Errorf("a panic of %s is no error, and %d inputs are prepared", name, len(p.inputs))
		}
	}
}
