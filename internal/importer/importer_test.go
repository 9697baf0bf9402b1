package importer_test

import (
	"errors"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/importer"
	"custodex.dev/internal/seal"
)

func input(given string) customer.Input {
	text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	return customer.Input{Given: text(given), Family: text("B"), Phone: text("+1-555-123-4567")}
}

// A panic while inputs are prepared, on whatever goroutine, is the error of that preparation. It does
// not end the process. No input is known that panics.
func TestPrepareSurvivesPanics(t *testing.T) {
	t.Parallel()
	for name, im := range map[string]importer.Importer{
		"the batch":    {},              // there is no clock
		"one customer": {Now: time.Now}, // there is no key
	} {
		if p := <-im.Prepare([]customer.Input{input("A")}); p.Err == nil {
			t.Errorf("a panic of %s is no error: %v", name, p.Batch.Problems())
		}
	}
}

// Each input has a problem or an id, in its place.
func TestPrepare(t *testing.T) {
	t.Parallel()
	epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
	if err != nil {
		t.Fatal(err)
	}
	key, _, _ := epoch.NewApp(id.NewApp())
	inputs := make([]customer.Input, 100)
	for i := range inputs {
		if inputs[i] = input("A"); i%7 == 0 {
			inputs[i] = input(" ")
		}
	}
	p := <-importer.Importer{Key: key, Now: time.Now}.Prepare(inputs)
	if p.Err != nil {
		t.Fatal(p.Err)
	}
	seen := map[id.Customer]bool{}
	for i, problem := range p.Batch.Problems() {
		who := p.Batch.ID(i)
		if i%7 == 0 {
			if !errors.Is(problem, fault.Invalid) || !who.IsZero() {
				t.Errorf("input %d: %v, id %v; want a problem and no id", i, problem, who)
			}
			continue
		}
		if problem != nil || who.IsZero() || seen[who] {
			t.Errorf("input %d: %v, id %v; want an id of its own", i, problem, who)
		}
		seen[who] = true
	}
}
