package customerrow_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

func newApp(t *testing.T) *seal.App {
	t.Helper()
	epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
	if err != nil {
		t.Fatal(err)
	}
	app, _, _ := epoch.NewApp(id.NewApp())
	return app
}

func newRow(app *seal.App) (customer.Customer, store.CustomerRow) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 1e6, time.UTC)
	c := customer.Customer{
		ID: id.NewCustomer(), Seq: 7, Type: customer.Business, Status: customer.Blacklisted, Group: 3,
		CreatedAt: at, UpdatedAt: at.Add(time.Hour),
		Personal: customer.Personal{Given: "Ada", Family: "Lovelace", Email: "ada@example.com", Phone: "+442071234567"},
	}
	key, wrapped := app.NewCustomer(c.ID)
	row := customerrow.Encrypt(app, key, &c)
	row.Key = wrapped
	customerrow.Number(app, &row, c.Seq, 9)
	return c, row
}

var unexported = cmpopts.IgnoreUnexported(customer.Personal{}, customer.Customer{})

func TestDecryptGivesTheCustomer(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	want, row := newRow(app)
	got, key, err := customerrow.Decrypt(app, &row)
	if diff := cmp.Diff(want, got, unexported); diff != "" || err != nil {
		t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
	}
	again := customerrow.Encrypt(app, key, &got)
	again.Key = row.Key
	customerrow.Number(app, &again, row.Seq, 10)
	if bytes.Equal(again.Sealed, row.Sealed) {
		t.Error("two encryptions of a customer are equal")
	}
	if got, _, err := customerrow.Decrypt(app, &again); !cmp.Equal(want, got, unexported) || err != nil {
		t.Errorf("Decrypt of what the row's own key encrypted = %v, %v", got, err)
	}
}

// A row that was altered, belongs to another customer or is read by another application is an error;
// one without a key is a customer that was erased.
func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	for name, alter := range map[string]func(*store.CustomerRow) *seal.App{
		"changed byte":   func(r *store.CustomerRow) *seal.App { r.Sealed[len(r.Sealed)-1] ^= 1; return app },
		"other customer": func(r *store.CustomerRow) *seal.App { r.ID = id.NewCustomer(); return app },
		"other key":      func(r *store.CustomerRow) *seal.App { _, r.Key = app.NewCustomer(r.ID); return app },
		"other app":      func(*store.CustomerRow) *seal.App { return newApp(t) },
		"erased":         func(r *store.CustomerRow) *seal.App { r.Key = nil; return app },
	} {
		_, row := newRow(app)
		got, _, err := customerrow.Decrypt(alter(&row), &row)
		if err == nil || errors.Is(err, fault.NotFound) != (name == "erased") || got.Given != "" {
			t.Errorf("%s: Decrypt = %v, %v", name, got, err)
		}
	}
}

// Whatever is altered in a row is noticed, and a checksum that is missing too, but for a row that was
// written before there were checksums, which its key shows.
func TestDecryptRefusesEveryAlteredColumn(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	for name, alter := range map[string]func(*store.CustomerRow){
		"Seq":        func(r *store.CustomerRow) { r.Seq++ },
		"Version":    func(r *store.CustomerRow) { r.Version-- },
		"Status":     func(r *store.CustomerRow) { r.Status = uint8(customer.Active) },
		"Type":       func(r *store.CustomerRow) { r.Type = uint8(customer.Individual) },
		"Group":      func(r *store.CustomerRow) { r.Group = 0 },
		"EmailHash":  func(r *store.CustomerRow) { r.EmailHash = nil },
		"EmailForm":  func(r *store.CustomerRow) { r.EmailForm++ },
		"CreatedAt":  func(r *store.CustomerRow) { r.CreatedAt-- },
		"UpdatedAt":  func(r *store.CustomerRow) { r.UpdatedAt-- },
		"Sum":        func(r *store.CustomerRow) { r.Sum[0] ^= 1 },
		"Sum, gone":  func(r *store.CustomerRow) { r.Sum = nil },
		"Sum, empty": func(r *store.CustomerRow) { r.Sum = []byte{} },
	} {
		_, row := newRow(app)
		alter(&row)
		if _, _, err := customerrow.Decrypt(app, &row); !errors.Is(err, rowsum.ErrDamaged) {
			t.Errorf("%s: Decrypt = %v, want ErrDamaged", name, err)
		}
	}
	_, row := newRow(app)
	row.GroupGone = true // says the store, not the row
	if c, _, err := customerrow.Decrypt(app, &row); err != nil || c.Group != 0 {
		t.Errorf("Decrypt of a row whose group was deleted = group %d, %v", c.Group, err)
	}
}

func TestClearIsWithoutPersonalData(t *testing.T) {
	t.Parallel()
	want, row := newRow(newApp(t))
	want.Personal = customer.Personal{}
	if diff := cmp.Diff(want, customerrow.Clear(&row), unexported); diff != "" {
		t.Errorf("Clear (-want +got):\n%s", diff)
	}
}
