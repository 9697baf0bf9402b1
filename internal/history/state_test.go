package history_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// fakeTx keeps what Save writes.
type fakeTx struct {
	store.Tx
	version int64
	row     store.CustomerRow
	rows    []store.HistoryRow
}

func (t *fakeTx) CustomerVersion() (int64, error) { return t.version, nil }

func (t *fakeTx) CustomerUpdate(row store.CustomerRow) error {
	row.Version = t.version
	t.row = row
	return nil
}

func (t *fakeTx) HistoryAppend(row store.HistoryRow) error {
	t.rows = append(t.rows, row)
	return nil
}

// person is a customer with its key and row.
type person struct {
	app *seal.App
	key seal.Customer
	is  customer.Customer
	row store.CustomerRow
}

func newPerson(t *testing.T, app *seal.App, seq int64) *person {
	t.Helper()
	p := &person{app: app, is: customer.Customer{
		ID: id.NewCustomer(), Seq: seq, Type: customer.Business, Status: customer.Active, Group: 3,
		CreatedAt: time.UnixMilli(1_790_000_000_000).UTC(), UpdatedAt: time.UnixMilli(1_790_000_000_001).UTC(),
		Personal: customer.Personal{Given: "Ada", Email: "ada@example.com", LastSpent: "12.30", LastPurchase: time.UnixMilli(5).UTC(),
			KYC: customer.KYC{Status: customer.KYCRejected, Reason: "blurred"}},
	}}
	p.key, _ = app.NewCustomer(p.is.ID)
	p.row = customerrow.Encrypt(app, p.key, &p.is)
	return p
}

func newApp(t *testing.T) *seal.App {
	t.Helper()
	epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
	if err != nil {
		t.Fatal(err)
	}
	app, _, _ := epoch.NewApp(id.NewApp())
	return app
}

// save makes a change and gives the row of the state before it.
func (p *person) save(t *testing.T, version int64, change func(*customer.Customer)) store.HistoryRow {
	t.Helper()
	tx := &fakeTx{version: version}
	after := p.is
	change(&after)
	by := history.By{
		Caller: tenant.Caller{Origin: tenant.Origin{ActingUser: "agent-7", Reason: "case 12", Purpose: "support"}},
		Entry: audit.Entry{
			Time: time.UnixMilli(1_790_000_000_777).UTC(), Actor: "cred_a", Request: "req_b", Dialect: "yativo", Action: authz.CustomerUpdate,
		},
	}
	if err := history.Save(tx, p.app, p.key, &p.row, &p.is, &after, by); err != nil || len(tx.rows) != 1 {
		t.Fatalf("Save = %v, %d rows of history", err, len(tx.rows))
	}
	p.is, p.row = after, tx.row
	return tx.rows[0]
}

func TestSaveKeepsTheStateBefore(t *testing.T) {
	t.Parallel()
	p := newPerson(t, newApp(t), 7)
	before, was := p.is, p.row
	row := p.save(t, 9, func(c *customer.Customer) {
		c.Given, c.Status, c.LastSpent, c.UpdatedAt = "Eve", customer.Blacklisted, "4", c.UpdatedAt.Add(time.Hour)
	})
	got, err := history.Open(p.key, &p.row, &row)
	if err != nil {
		t.Fatal(err)
	}
	want := history.State{
		Customer: before, Version: 9, Until: time.UnixMilli(1_790_000_000_777).UTC(), From: history.LinkTo(&was), To: history.LinkTo(&p.row),
		Change: history.Change{
			At: time.UnixMilli(1_790_000_000_777).UTC(), Actor: "cred_a", ActingUser: "agent-7", Request: "req_b", Dialect: "yativo",
			Action: "customer.update", Fields: []string{"given_name", "status", "last_spent"}, Reason: "case 12", Purpose: "support",
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Open = %s", cmp.Diff(reflect.ValueOf(want).Interface(), got, cmp.Exporter(func(reflect.Type) bool { return true })))
	}
}

// A change that leaves everything as it is writes nothing: a transaction without methods would panic.
func TestSaveOfNoChangeWritesNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t, newApp(t), 7)
	later := p.is
	later.UpdatedAt = later.UpdatedAt.Add(time.Hour)
	for _, after := range []customer.Customer{p.is, later} {
		if err := history.Save(nil, p.app, p.key, &p.row, &p.is, &after, history.By{}); err != nil {
			t.Errorf("Save = %v", err)
		}
	}
}

// A row is that of one customer, version and application, and opens nowhere else.
func TestMovedAndAlteredRowsAreRefused(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	ada, bert, elsewhere := newPerson(t, app, 7), newPerson(t, app, 8), newPerson(t, newApp(t), 7)
	rename := func(c *customer.Customer) { c.Given += "x" }
	row, next := ada.save(t, 9, rename), ada.save(t, 10, rename)
	refused := func(what string, of *person, row store.HistoryRow) {
		t.Helper()
		if got, err := history.Open(of.key, &of.row, &row); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: Open = %v, %v, want %v", what, got, err, seal.ErrOpen)
		}
	}
	refused("another customer's", bert, row)
	refused("another application's", elsewhere, row)
	moved := row
	moved.Customer = bert.is.Seq
	refused("of another number", ada, moved)
	swapped := row
	swapped.Sealed = next.Sealed
	refused("of another version", ada, swapped)
	swapped = row
	swapped.Version++
	refused("under another version", ada, swapped)
	early := row
	early.At--
	refused("before its change", ada, early)
	for i := range row.Sealed {
		altered := row
		altered.Sealed = slices.Clone(row.Sealed)
		altered.Sealed[i] ^= 1
		refused("altered", ada, altered)
	}
	alien := row
	alien.Sealed = ada.key.SealPersonal([]byte{1})
	refused("of another purpose", ada, alien)
	short := row
	short.Sealed = ada.key.SealHistory(9, []byte{2})
	if _, err := history.Open(ada.key, &ada.row, &short); err == nil {
		t.Error("a state of another format was read")
	}
}

// Fields of a later release are passed over.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	t.Parallel()
	p := newPerson(t, newApp(t), 7)
	row := p.save(t, 9, func(c *customer.Customer) { c.Given = "Eve" })
	plain, err := p.key.OpenHistory(9, row.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	row.Sealed = p.key.SealHistory(9, append(plain, 90, 2, 'n', 'o'))
	got, err := history.Open(p.key, &p.row, &row)
	if err != nil || got.Customer.Given != "Ada" {
		t.Errorf("Open = %v, %v", got, err)
	}
	for _, broken := range [][]byte{nil, {2}, plain[:len(plain)-1], append(slices.Clone(plain), 90, 0), append(slices.Clone(plain), 3, 1, 'x')} {
		row.Sealed = p.key.SealHistory(9, broken)
		if _, err := history.Open(p.key, &p.row, &row); err == nil {
			t.Errorf("% x was read as a state", broken)
		}
	}
}
