// Package customerrow converts between a customer and the row that a store keeps of it: it encrypts
// and decrypts the personal part. It is the only place where one becomes the other, and knows
// neither callers nor rules.
package customerrow

import (
	"fmt"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Encrypt gives the row of a customer whose key this is. It does not set the row's Key.
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

// Clear gives the part of a customer that is not encrypted.
func Clear(row *store.CustomerRow) customer.Customer {
	return customer.Customer{
		ID:        row.ID,
		Seq:       row.Seq,
		Status:    customer.Status(row.Status),
		Type:      customer.Type(row.Type),
		Group:     row.Group,
		CreatedAt: time.UnixMilli(row.CreatedAt).UTC(),
		UpdatedAt: time.UnixMilli(row.UpdatedAt).UTC(),
	}
}

// Decrypt gives the customer of a row, and its key. Faults: NotFound as for Key.
func Decrypt(app *seal.App, row *store.CustomerRow) (customer.Customer, seal.Customer, error) {
	key, err := Key(app, row)
	if err != nil {
		return customer.Customer{}, key, err
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
