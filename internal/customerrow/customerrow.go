// Package customerrow converts between a customer and the row that a store keeps of it, and between a group
// and its row: it encrypts and decrypts the personal part. It is the only place where one becomes the other, and knows
// neither callers nor rules.
package customerrow

import (
	"fmt"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Encrypt gives the row of a customer whose key this is. It does not set the row's Key, and the row
// has no checksum yet: see Number.
func Encrypt(app *seal.App, key seal.Customer, c *customer.Customer) store.CustomerRow {
	row := store.CustomerRow{
		ID:        c.ID,
		Seq:       c.Seq,
		Status:    uint8(c.Status),
		Type:      uint8(c.Type),
		Group:     c.Group,
		CreatedAt: c.CreatedAt.UnixMilli(),
		UpdatedAt: c.UpdatedAt.UnixMilli(),
		Sealed:    key.SealPersonal(c.AppendBinary(nil)),
	}
	if c.Email != "" {
		row.EmailHash = app.EmailHash(customer.CanonicalEmail(c.Email.Reveal()))
		row.EmailForm = customer.EmailForm
	}
	return row
}

// Number sets the number and the version of a row that is about to be written, and its checksum over
// every column.
func Number(app *seal.App, row *store.CustomerRow, seq, version int64) {
	row.Seq, row.Version = seq, version
	row.Sum = rowsum.Customer(app, row)
}

// check fails with rowsum.ErrDamaged if a row is not as it was written. Rows that 0.1.0 wrote have no
// checksum, and keys that were wrapped before there were epochs. A key cannot be put back to that
// form, so every other row must have one, and all must once the application is summed.
func check(app *seal.App, row *store.CustomerRow) error {
	if len(row.Sum) == 0 && seal.EpochOf(row.Key) == 0 && !app.Summed() {
		return nil
	}
	return rowsum.Check(row.Sum, rowsum.Customer(app, row))
}

// Key unwraps the key of a customer. A row without a key is fault.NotFound: the
// customer was erased, and nothing can decrypt what is left.
func Key(app *seal.App, row *store.CustomerRow) (seal.Customer, error) {
	if len(row.Key) == 0 {
		return seal.Customer{}, store.NotFound("customer")
	}
	key, err := app.OpenCustomer(row.ID, row.Key)
	if err != nil {
		return key, fmt.Errorf("key of customer %s: %w", row.ID, err)
	}
	return key, nil
}

// Group gives the number of a customer's group. One that was deleted is none.
func Group(row *store.CustomerRow) int64 {
	if row.GroupGone {
		return 0
	}
	return row.Group
}

// Clear gives the part of a customer that is not encrypted.
func Clear(row *store.CustomerRow) customer.Customer {
	return customer.Customer{
		ID:        row.ID,
		Seq:       row.Seq,
		Status:    customer.Status(row.Status),
		Type:      customer.Type(row.Type),
		Group:     Group(row),
		CreatedAt: time.UnixMilli(row.CreatedAt).UTC(),
		UpdatedAt: time.UnixMilli(row.UpdatedAt).UTC(),
	}
}

// Decrypt gives the customer of a row, and its key. A row that was altered, in whatever column, is an
// error. Faults: NotFound as for Key.
func Decrypt(app *seal.App, row *store.CustomerRow) (customer.Customer, seal.Customer, error) {
	key, err := Key(app, row)
	if err != nil {
		return customer.Customer{}, key, err
	}
	if err := check(app, row); err != nil {
		return customer.Customer{}, key, fmt.Errorf("customer %s: %w", row.ID, err)
	}
	var buf [512]byte
	plain, err := key.OpenPersonal(buf[:0], row.Sealed)
	if err != nil {
		return customer.Customer{}, key, fmt.Errorf("customer %s: %w", row.ID, err)
	}
	c := Clear(row)
	if err := c.Personal.UnmarshalBinary(plain); err != nil {
		return customer.Customer{}, key, fmt.Errorf("customer %s: %w", row.ID, err)
	}
	return c, key, nil
}
