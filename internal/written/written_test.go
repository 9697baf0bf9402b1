package written_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/written"
)

// unwatched are the methods of store.Tx that write no row which has a checksum: reads, logs and what
// is deleted.
var unwatched = []string{
	"AlarmInsert", "AuditAppend", "CustomerCount", "EventAppend", "GroupDelete", "HistoryAppend", "IdempotencyPut",
	"JobCount", "JobInsert", "JobPrune", "JobUpdate",
}

// sum stands for the checksum of a row.
var sum = bytes.Repeat([]byte{7}, 32)

// A method that is added to store.Tx is watched, or said not to need it.
func TestEveryWriteIsWatched(t *testing.T) {
	t.Parallel()
	all := reflect.TypeFor[store.Tx]()
	for i := range all.NumMethod() {
		m := all.Method(i)
		if slices.Contains(unwatched, m.Name) || strings.Contains(m.Name, "Get") || strings.Contains(m.Name, "List") ||
			strings.HasSuffix(m.Name, "Last") || strings.HasSuffix(m.Name, "Next") || m.Name == "CustomerVersion" {
			continue
		}
		tx := &sink{}
		args := []reflect.Value{}
		for j := range m.Type.NumIn() {
			arg := reflect.New(m.Type.In(j)).Elem()
			if arg.Kind() == reflect.Struct && arg.FieldByName("Sum").IsValid() {
				arg.FieldByName("Sum").SetBytes(sum)
			}
			args = append(args, arg)
		}
		if m.Name == "CustomerInsertAll" {
			args[0] = reflect.ValueOf([]store.CustomerRow{{Sum: sum}})
		}
		w := written.Watch(tx)
		reflect.ValueOf(w).MethodByName(m.Name).Call(args)
		sums, err := w.Sums([]id.Customer{{}})
		if gone := m.Name == "CustomerDelete"; err != nil || (len(sums) == 0) != gone {
			t.Errorf("%s leaves %d checksums, %v", m.Name, len(sums), err)
		}
	}
}

// sink is a transaction that writes nothing.
type sink struct{ store.Tx }

func (*sink) AppInsert(store.AppRow) error                    { return nil }
func (*sink) AppRekey(store.AppRow) error                     { return nil }
func (*sink) AppUpdate(store.AppRow) error                    { return nil }
func (*sink) CredentialChange(store.CredentialRow) error      { return nil }
func (*sink) CredentialInsert(store.CredentialRow) error      { return nil }
func (*sink) CredentialUpdate(store.CredentialRow) error      { return nil }
func (*sink) CustomerReseal(store.CustomerRow) error          { return nil }
func (*sink) ItemSum(id.Customer, store.ItemRow) error        { return nil }
func (*sink) CustomerDelete(id.Customer) error                { return nil }
func (*sink) CustomerInsert(store.CustomerRow) (int64, error) { return 7, nil }
func (*sink) CustomerUpdate(store.CustomerRow) error          { return nil }
func (*sink) GroupInsert(store.GroupRow) (int64, error)       { return 7, nil }
func (*sink) GroupUpdate(store.GroupRow) error                { return nil }
func (*sink) ItemInsert(id.Customer, store.ItemRow) error     { return nil }
func (*sink) CustomerInsertAll(rows []store.CustomerRow) ([]int64, error) {
	seqs := make([]int64, len(rows))
	for i := range seqs {
		seqs[i] = int64(i) + 1
	}
	return seqs, nil
}

// A customer who is written must be named, and what is deleted again has no checksum.
func TestSumsNameEveryCustomer(t *testing.T) {
	t.Parallel()
	a, b := id.NewCustomer(), id.NewCustomer()
	w := written.Watch(&sink{})
	if err := w.CustomerUpdate(store.CustomerRow{ID: a, Sum: sum}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Sums([]id.Customer{b}); err == nil {
		t.Error("Sums for another customer did not fail")
	}
	sums, err := w.Sums([]id.Customer{b, a})
	if err != nil || len(sums) != 2 || sums[0] != nil || !bytes.Equal(sums[1], sum) {
		t.Errorf("Sums = %x, %v, want none and one", sums, err)
	}
	if err := w.CustomerDelete(a); err != nil {
		t.Fatal(err)
	}
	if sums, err := w.Sums([]id.Customer{a}); err != nil || sums != nil {
		t.Errorf("Sums after the deletion = %x, %v, want none", sums, err)
	}
}

// A row that is written without its checksum is the fault of the change.
func TestSumsWantChecksums(t *testing.T) {
	t.Parallel()
	c := id.NewCustomer()
	for name, write := range map[string]func(*written.Tx) error{
		"customer":    func(w *written.Tx) error { return w.CustomerUpdate(store.CustomerRow{ID: c}) },
		"credential":  func(w *written.Tx) error { return w.CredentialUpdate(store.CredentialRow{}) },
		"application": func(w *written.Tx) error { return w.AppUpdate(store.AppRow{}) },
		"group":       func(w *written.Tx) error { return w.GroupUpdate(store.GroupRow{}) },
		"item":        func(w *written.Tx) error { return w.ItemInsert(c, store.ItemRow{}) },
	} {
		w := written.Watch(&sink{})
		if err := write(w); err != nil {
			t.Fatal(err)
		}
		if sums, err := w.Sums([]id.Customer{c}); err == nil || sums != nil {
			t.Errorf("%s: Sums = %x, %v, want a fault", name, sums, err)
		}
	}
}

// What is written twice counts once, as it was written last. Two groups are two rows.
func TestSumsOfGroups(t *testing.T) {
	t.Parallel()
	w, last, other := written.Watch(&sink{}), bytes.Repeat([]byte{8}, 32), bytes.Repeat([]byte{9}, 32)
	seq, err := w.GroupInsert(store.GroupRow{Sum: sum})
	err = errors.Join(err, w.GroupUpdate(store.GroupRow{Seq: seq, Sum: last}), w.GroupUpdate(store.GroupRow{Seq: seq + 1, Sum: other}))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{last, other}
	if sums, err := w.Sums(nil); err != nil || !reflect.DeepEqual(sums, want) {
		t.Errorf("Sums = %x, %v, want %x", sums, err, want)
	}
}
