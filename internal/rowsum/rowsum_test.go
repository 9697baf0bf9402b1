package rowsum_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// -update adds the vector of a row that the file has none of. It never touches one that is there:
// checksums of that form are in databases.
var update = flag.Bool("update", false, "add missing vectors to testdata")

var (
	ada   = id.Customer{0xad, 0xa0, 0, 1, 0, 0, 0x40, 0, 0x80, 15: 1}
	grace = id.Customer{0x69, 0xac, 0xe0, 1, 0, 0, 0x40, 0, 0x80, 15: 2}
)

func mustApp(t *testing.T, app id.App, first byte) *seal.App {
	t.Helper()
	key := make([]byte, seal.KeySize)
	for i := range key {
		key[i] = first + byte(i)
	}
	a, err := seal.OpenApp(app, key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A kind is one kind of row.
type kind struct {
	name   string
	table  string
	row    any      // pointer to a row without zero values
	except []string // fields that are not covered
	sum    func(*seal.App, any) []byte
}

func kinds() []kind {
	return []kind{
		{
			"customer", "customer", filled[store.CustomerRow](), []string{"Key", "GroupGone", "Deleted", "Sum"},
			func(k *seal.App, row any) []byte { return rowsum.Customer(k, row.(*store.CustomerRow)) },
		},
		{
			"item of ada", "customer_item", filled[store.ItemRow](), []string{"Sum"},
			func(k *seal.App, row any) []byte { return rowsum.Item(k, ada, row.(*store.ItemRow)) },
		},
		{
			"group", "customer_group", filled[store.GroupRow](), []string{"Sum"},
			func(k *seal.App, row any) []byte { return rowsum.Group(k, row.(*store.GroupRow)) },
		},
		{
			"credential", "credential", filled[store.CredentialRow](), []string{"LastUsedAt", "Sum"},
			func(k *seal.App, row any) []byte { return rowsum.Credential(k, row.(*store.CredentialRow)) },
		},
		{
			"application, summed", "application", filled[store.AppRow](), []string{"Tree", "WrapKey", "Epoch", "Sum"},
			func(k *seal.App, row any) []byte { return rowsum.App(k, row.(*store.AppRow)) },
		},
	}
}

// filled makes a row in which no two fields are alike and none is zero.
func filled[Row any]() *Row {
	row := new(Row)
	v := reflect.ValueOf(row).Elem()
	for i := range v.NumField() {
		f, n := v.Field(i), i+1
		switch f.Kind() {
		case reflect.String:
			f.SetString(fmt.Sprintf("text %d", n))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int64:
			f.SetInt(int64(1000 * n))
		case reflect.Uint8:
			f.SetUint(uint64(n))
		case reflect.Slice:
			f.SetBytes(bytes.Repeat([]byte{byte(n)}, 32))
		case reflect.Array:
			for j := range f.Len() {
				f.Index(j).SetUint(uint64(16*n + j))
			}
		default:
			panic("a field of a kind that rowsum does not know: " + v.Type().Field(i).Name)
		}
	}
	return row
}

// alter gives a value that a field may have and does not.
func alter(f reflect.Value) {
	switch f.Kind() {
	case reflect.String:
		f.SetString(f.String() + "x")
	case reflect.Bool:
		f.SetBool(!f.Bool())
	case reflect.Int64:
		f.SetInt(f.Int() + 1)
	case reflect.Uint8:
		f.SetUint(f.Uint() ^ 1)
	case reflect.Slice:
		b := slices.Clone(f.Bytes())
		b[len(b)-1] ^= 1
		f.SetBytes(b)
	case reflect.Array:
		f.Index(f.Len() - 1).SetUint(f.Index(f.Len()-1).Uint() ^ 1)
	}
}

// changes are what TestEveryColumnCounts does to a field.
func changes() map[string]func(reflect.Value) {
	return map[string]func(reflect.Value){"altered": alter, "emptied": reflect.Value.SetZero}
}

// TestEveryColumnCounts changes each field of each row, and sets it to zero: the checksum is another
// one each time, but for the fields that are excepted by name. A new field fails until it is covered
// or excepted.
func TestEveryColumnCounts(t *testing.T) {
	t.Parallel()
	key := mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x80)
	for _, k := range kinds() {
		original := reflect.ValueOf(k.row).Elem()
		before := string(k.sum(key, k.row))
		sums := map[string]string{before: "the row"}
		for i := range original.NumField() {
			name := original.Type().Field(i).Name
			for how, change := range changes() {
				changed := reflect.New(original.Type())
				changed.Elem().Set(original)
				change(changed.Elem().Field(i))
				sum := string(k.sum(key, changed.Interface()))
				switch other, seen := sums[sum]; {
				case slices.Contains(k.except, name):
					if sum != before {
						t.Errorf("%s: %s, which is excepted, was %s and changed the checksum", k.name, name, how)
					}
				case seen && original.Field(i).Kind() != reflect.Bool:
					t.Errorf("%s: %s was %s, and the checksum is that of %s", k.name, name, how, other)
				case sum == before:
					t.Errorf("%s: %s was %s, and the checksum is as before", k.name, name, how)
				default:
					sums[sum] = name + " " + how
				}
			}
		}
	}
}

// TestNothingElseHasTheSum moves a row to another application, key, table and customer, and moves
// bytes from one column to the next.
func TestNothingElseHasTheSum(t *testing.T) {
	t.Parallel()
	key := mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x80)
	for _, k := range kinds() {
		sum := k.sum(key, k.row)
		if bytes.Equal(sum, k.sum(mustApp(t, "app_bbbbbbbbbbbbbbbb", 0x80), k.row)) {
			t.Errorf("%s: the checksum is the same in another application", k.name)
		}
		if bytes.Equal(sum, k.sum(mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x81), k.row)) {
			t.Errorf("%s: the checksum is the same under another key", k.name)
		}
	}
	item := filled[store.ItemRow]()
	if bytes.Equal(rowsum.Item(key, ada, item), rowsum.Item(key, grace, item)) {
		t.Error("an item has the same checksum at another customer")
	}
	a, b := filled[store.CredentialRow](), filled[store.CredentialRow]()
	a.Kind, a.PublicKey = "ab", "c"
	b.Kind, b.PublicKey = "a", "bc"
	if bytes.Equal(rowsum.Credential(key, a), rowsum.Credential(key, b)) {
		t.Error("bytes that moved to the next column leave the checksum as it was")
	}
	if bytes.Equal(key.RowSum("ab", []byte("c")), key.RowSum("a", []byte("bc"))) {
		t.Error("bytes that moved from the table's name to the row leave the checksum as it was")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	sum := rowsum.Group(mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x80), filled[store.GroupRow]())
	if err := rowsum.Check(slices.Clone(sum), sum); err != nil || len(sum) != 32 {
		t.Errorf("Check of the same %d bytes: %v", len(sum), err)
	}
	for _, kept := range [][]byte{nil, {}, sum[:31], append(slices.Clone(sum), 0), make([]byte, 32)} {
		if err := rowsum.Check(kept, sum); !errors.Is(err, rowsum.ErrDamaged) {
			t.Errorf("Check(%x) = %v, want ErrDamaged", kept, err)
		}
	}
}

// TestContentByHand makes the checksum of a group as the package comment says, so that the comment is
// enough to check a database without this package.
func TestContentByHand(t *testing.T) {
	t.Parallel()
	key := mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x80)
	row := store.GroupRow{Seq: 300, UpdatedAt: -1, Sealed: []byte("abc")}
	var content []byte
	seq := binary.AppendVarint(nil, 300)
	content = append(append(content, 1, byte(len(seq))), seq...)
	content = append(content, 3, 1, 1) // -1; column 2 is zero and left out
	content = append(content, 4, 3, 'a', 'b', 'c')
	if got, want := rowsum.Group(key, &row), key.RowSum("customer_group", content); !bytes.Equal(got, want) {
		t.Errorf("Group = %x, want %x", got, want)
	}
}

// TestVectors holds the form of every kind of row.
func TestVectors(t *testing.T) {
	t.Parallel()
	key := mustApp(t, "app_aaaaaaaaaaaaaaaa", 0x80)
	path := filepath.Join("testdata", "vectors.json")
	vectors := map[string]string{}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &vectors)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	unsummed := filled[store.AppRow]()
	unsummed.Summed = false // as all were that were stored before there was this column
	apps := kinds()[len(kinds())-1]
	for _, k := range append(kinds(), kind{"application", apps.table, unsummed, nil, apps.sum}) {
		for name, row := range map[string]any{
			k.name: k.row, k.name + ", empty": reflect.New(reflect.TypeOf(k.row).Elem()).Interface(),
		} {
			got := hex.EncodeToString(k.sum(key, row))
			if *update && vectors[name] == "" {
				vectors[name] = got
			}
			if got != vectors[name] {
				t.Errorf("%s = %s, want %s", name, got, vectors[name])
			}
		}
	}
	if *update {
		b, err := json.MarshalIndent(vectors, "", "\t")
		if err == nil {
			err = os.WriteFile(path, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
