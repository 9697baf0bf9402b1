package sqlite_test

import (
	"database/sql/driver"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/store/sqlite"
)

// row has a variable of every type that a column is read as.
type row struct {
	ID    [16]byte
	Seq   int64
	Count int
	Kind  uint8
	Gone  bool
	Name  string
	Key   []byte
}

func (r *row) fields() []any {
	return []any{&r.ID, &r.Seq, &r.Count, &r.Kind, &r.Gone, &r.Name, &r.Key}
}

func TestScan(t *testing.T) {
	t.Parallel()
	raw := []byte("0123456789abcdef")
	full := []driver.Value{raw, int64(1), int64(2), int64(3), int64(1), "Ada", []byte("key")}
	var got row
	if err := sqlite.Scan(full, got.fields()...); err != nil {
		t.Fatal(err)
	}
	want := row{ID: [16]byte(raw), Seq: 1, Count: 2, Kind: 3, Gone: true, Name: "Ada", Key: []byte("key")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Scan (-want +got)\n%s", diff)
	}
	got = row{}
	if err := sqlite.Scan(make([]driver.Value, len(full)), got.fields()...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(row{}, got); diff != "" {
		t.Errorf("Scan of NULLs (-want +got)\n%s", diff)
	}
}

// What cannot be right is refused, and not read as something else.
func TestScanRefuses(t *testing.T) {
	t.Parallel()
	var number int64
	var bytes [16]byte
	var float float64
	for name, err := range map[string]error{
		"a column more":        sqlite.Scan([]driver.Value{int64(1), int64(2)}, &number),
		"a column less":        sqlite.Scan([]driver.Value{int64(1)}, &number, &number),
		"an id of three bytes": sqlite.Scan([]driver.Value{[]byte("abc"), int64(7)}, &bytes, &number),
		"a type we do not use": sqlite.Scan([]driver.Value{1.5}, &float),
	} {
		if err == nil {
			t.Errorf("%s is read without an error", name)
		}
	}
	if number != 7 {
		t.Errorf("the number after a wrong id is %d: an error could not say whose it is", number)
	}
}
