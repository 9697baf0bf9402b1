package importer_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/importer"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// What cannot be stored has a problem in its place, and stops nothing else.
func TestStore(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st, app := testkit.NewStore(t, engine), id.NewApp()
			epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
			if err != nil {
				t.Fatal(err)
			}
			key, raw, _ := epoch.NewApp(app)
			err = st.Update(t.Context(), app, func(tx store.Tx) error {
				return tx.AppInsert(store.AppRow{ID: app, Name: "Shop", Key: raw, CreatedAt: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
			text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
			inputs := make([]customer.Input, 1100) // more than a store takes at once
			for i := range inputs {
				inputs[i] = input("A")
				inputs[i].Email = text(fmt.Sprintf("p%d@example.com", i))
			}
			inputs[1] = customer.Input{}             // invalid
			inputs[5].Email = text("P4@EXAMPLE.com") // one before it has it
			inputs[6].Group = text("7")              // there is none
			inputs[8].Group, inputs[8].Email = text("9"), customer.Text{}
			inputs[1050].Email = text("p0@example.com") // one that the store was given before
			p := <-importer.Importer{Key: key, Now: func() time.Time { return time.UnixMilli(1).UTC() }}.Prepare(inputs)
			if p.Err != nil {
				t.Fatal(p.Err)
			}
			groups := func(_ store.Tx, c customer.Change) error {
				if *c.Group == 7 {
					return fault.Validation(fault.Field{Path: customer.PathGroup})
				}
				return nil
			}
			var stored importer.Stored
			err = st.Update(t.Context(), app, func(tx store.Tx) (err error) {
				stored, err = p.Batch.Store(tx, groups)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			got := map[int]string{}
			for i, problem := range stored.Problems {
				if problem != nil {
					got[i] = fault.Of(problem).Code
				}
			}
			want := map[int]string{1: "validation_failed", 5: "email_taken", 6: "validation_failed", 1050: "email_taken"}
			if diff := cmp.Diff(want, got); diff != "" || stored.Tried != 1098 || len(stored.Customers) != 1096 {
				t.Errorf("%d of %d stored, problems (-want +got):\n%s", len(stored.Customers), stored.Tried, diff)
			}
			if diff := cmp.Diff([]string{"given_name", "family_name", "email", "phone", "type", "status", "group"}, stored.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			// What the store itself fails with ends it.
			away := errors.New("away")
			err = st.Update(t.Context(), app, func(tx store.Tx) error {
				_, err := p.Batch.Store(tx, func(store.Tx, customer.Change) error { return away })
				return err
			})
			if r, rerr := st.CustomerRange(t.Context(), app); !errors.Is(err, away) || rerr != nil || r.Count != 1096 {
				t.Errorf("Store = %v with %d customers, %v", err, r.Count, rerr)
			}
		})
	}
}
