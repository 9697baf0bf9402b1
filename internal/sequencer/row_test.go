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
	e.Subject, e.Fields, e.Sums = "cred_x", []string{"email", "status"}, [][]byte{make([]byte, 32), {1}}
	origin := audit.Origin{Owner: "Ada", Address: "192.0.2.7", UserAgent: "agent", ActingUser: "7"}
	e.Personal = sequencer.SealOrigin(key, origin)
	row := sequencer.NewRow(key, e)
	row.Place(5)
	e.Seq = 5
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

// Every field of a row is under the checksum.
func TestRowAltered(t *testing.T) {
	t.Parallel()
	app, key, _, _, row := newRow(t)
	fields := reflect.TypeFor[store.AuditRow]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "MACFunc" {
			continue // no column
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

// Of an entry of audit.Format1 everything but the number is.
func TestFormerRow(t *testing.T) {
	t.Parallel()
	app, key, want, _, _ := newRow(t)
	row := sequencer.NewFormerRow(key, want)
	row.Seq = 5
	want.Format, want.Sums = audit.Format1, nil
	got, intact := sequencer.ReadRow(app, key, &row)
	if diff := cmp.Diff(want, got); diff != "" || !intact {
		t.Errorf("ReadRow, intact %t (-want +got):\n%s", intact, diff)
	}
	row.Seq++
	if _, intact := sequencer.ReadRow(app, key, &row); !intact {
		t.Error("the checksum binds the number")
	}
	got.DropPersonal()
	if got.PersonalGone != nil || got.Personal == nil {
		t.Error("the personal part was deleted, and the leaf is another now")
	}
	// What stands for a deleted personal part in the other format is damage in this one.
	row.Personal = append([]byte{0xff}, make([]byte, 32)...)
	if got, intact := sequencer.ReadRow(app, key, &row); intact || got.PersonalGone != nil {
		t.Error("a personal part that is gone is taken for intact")
	}
}

// An entry of one format is never one of the other.
func TestFormatsAreApart(t *testing.T) {
	t.Parallel()
	app, key, e, _, row := newRow(t)
	e.Sums = nil
	former := sequencer.NewFormerRow(key, e)
	former.Seq = row.Seq
	crossed := row
	crossed.Detail, crossed.MAC = former.Detail, former.MAC
	crossed.Personal = row.Personal
	if _, intact := sequencer.ReadRow(app, key, &crossed); !intact {
		t.Fatal("the same entry in the former format is not intact")
	}
	for name, change := range map[string]func(*store.AuditRow){
		"detail":   func(r *store.AuditRow) { r.Detail = former.Detail },
		"checksum": func(r *store.AuditRow) { r.MAC = former.MAC },
	} {
		changed := row
		change(&changed)
		if _, intact := sequencer.ReadRow(app, key, &changed); intact {
			t.Errorf("intact with the %s of the other format", name)
		}
	}
}
