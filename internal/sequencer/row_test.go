package sequencer_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

func newRow(t *testing.T) (id.App, *seal.App, audit.Entry, audit.Origin, store.AuditRow) {
	t.Helper()
	app := id.NewApp()
	key, err := seal.OpenApp(app, seal.NewAppKey())
	if err != nil {
		t.Fatal(err)
	}
	e := entry(app, key)
	e.Targets = append(e.Targets, id.NewCustomer())
	e.Subject, e.Fields = "cred_x", []string{"email", "status"}
	origin := audit.Origin{Owner: "Ada", Address: "192.0.2.7", UserAgent: "agent", ActingUser: "7"}
	e.Personal = sequencer.SealOrigin(key, origin)
	row := sequencer.NewRow(key, e)
	row.Seq, e.Seq = 5, 5
	return app, key, e, origin, row
}

func TestRowRoundTrip(t *testing.T) {
	t.Parallel()
	app, key, want, origin, row := newRow(t)
	got, intact := sequencer.ReadRow(app, key, &row)
	if diff := cmp.Diff(want, got); diff != "" || !intact {
		t.Errorf("ReadRow, intact %t (-want +got):\n%s", intact, diff)
	}
	opened, ok := sequencer.OpenOrigin(key, got.Personal)
	if diff := cmp.Diff(origin, opened); diff != "" || !ok {
		t.Errorf("OpenOrigin = %t (-want +got):\n%s", ok, diff)
	}
	if bytes.Contains(row.Personal, []byte("Ada")) {
		t.Error("the owner is in the row in the clear")
	}
}

// Every field of a row but its number, which the tree vouches for, is under the
// checksum.
func TestRowAltered(t *testing.T) {
	t.Parallel()
	app, key, _, _, row := newRow(t)
	fields := reflect.TypeFor[store.AuditRow]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "Seq" {
			continue
		}
		changed := row
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.Int64:
			f.SetInt(f.Int() + 1)
		case reflect.Uint8:
			f.SetUint(f.Uint() ^ 1)
		case reflect.String:
			f.SetString(f.String() + "x")
		case reflect.Slice:
			b := bytes.Clone(f.Bytes())
			b[len(b)-1] ^= 1
			f.SetBytes(b)
		default:
			t.Fatalf("%s has a type that this test does not know", name)
		}
		if _, intact := sequencer.ReadRow(app, key, &changed); intact {
			t.Errorf("a row with another %s is intact", name)
		}
	}
	other, err := seal.OpenApp(app, seal.NewAppKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, intact := sequencer.ReadRow(app, other, &row); intact {
		t.Error("a row is intact under another key")
	}
	if _, ok := sequencer.OpenOrigin(other, row.Personal); ok {
		t.Error("an origin opens with another key")
	}
}
