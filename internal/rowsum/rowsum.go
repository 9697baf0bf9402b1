// Package rowsum gives the keyed checksum of a row over every column that the row has, so that a row
// which was altered in the database, copied to another place or invented is noticed by whoever reads
// it. One that was put back whole has its checksum: only the log tells. It never decides what follows.
//
// The content of a row is its columns in ascending order of their numbers, each as
//
//	number    unsigned varint
//	length    unsigned varint, of the value in bytes
//	value     text and bytes as they are; whole numbers as a signed varint; true as 1
//
// A column that has its zero value (0, false, no bytes or NULL) is left out. So a column that is added
// later, with a number of its own, leaves the checksums of all rows valid in which it is zero. A
// number is never given to another column, and a column never changes its number. The application is
// not in the content: it decides the key. doc/encryption.md has the list of columns that are not
// covered, with reasons.
//
// Seq and Version are covered. A caller must know both before it can make the checksum of a customer.
package rowsum

import (
	"crypto/hmac"
	"encoding/binary"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// ErrDamaged is the fault of a row whose checksum is not that of its columns.
var ErrDamaged = fault.New(fault.Internal, "stored_row_damaged", "a stored row is damaged")

// Check fails with ErrDamaged unless kept, the checksum beside a row, is the one that its columns
// have. No checksum is a wrong one.
func Check(kept, want []byte) error {
	if !hmac.Equal(kept, want) {
		return ErrDamaged
	}
	return nil
}

// Customer gives the checksum of a customer. Its wrapped key is not covered: it is a row of its own,
// goes when the customer is erased, and cannot be read if it was altered.
func Customer(key *seal.App, row *store.CustomerRow) []byte {
	c := newContent(len(row.EmailHash) + len(row.Sealed))
	c.bytes(1, row.ID[:])
	c.number(2, row.Seq)
	c.number(3, row.Version)
	c.number(4, int64(row.Status))
	c.number(5, int64(row.Type))
	c.number(6, row.Group)
	c.bytes(7, row.EmailHash)
	c.number(8, int64(row.EmailForm))
	c.number(9, row.CreatedAt)
	c.number(10, row.UpdatedAt)
	c.bytes(11, row.Sealed)
	return key.RowSum("customer", c)
}

// Item gives the checksum of an item of the customer.
func Item(key *seal.App, customer id.Customer, row *store.ItemRow) []byte {
	c := newContent(len(row.Sealed))
	c.bytes(1, customer[:])
	c.bytes(2, row.ID[:])
	c.number(3, int64(row.Kind))
	c.number(4, row.At)
	c.number(5, row.CreatedAt)
	c.bytes(6, row.Sealed)
	return key.RowSum("customer_item", c)
}

// Group gives the checksum of a group of customers.
func Group(key *seal.App, row *store.GroupRow) []byte {
	c := newContent(len(row.Sealed))
	c.number(1, row.Seq)
	c.number(2, row.CreatedAt)
	c.number(3, row.UpdatedAt)
	c.bytes(4, row.Sealed)
	return key.RowSum("customer_group", c)
}

// Credential gives the checksum of a credential. Its last use is not covered: that is written beside
// the requests, grants nothing and refuses nothing.
func Credential(key *seal.App, row *store.CredentialRow) []byte {
	c := newContent(len(row.ID) + len(row.Kind) + len(row.PublicKey) + len(row.Label) +
		len(row.Scopes) + len(row.Secret) + len(row.OldSecret))
	c.bytes(1, []byte(row.ID))
	c.bytes(2, []byte(row.Kind))
	c.bytes(3, []byte(row.PublicKey))
	c.bytes(4, row.Label)
	c.bytes(5, []byte(row.Scopes))
	c.number(6, row.RateLimit)
	c.flag(7, row.Strict)
	c.bytes(8, row.Secret)
	c.bytes(9, row.OldSecret)
	c.number(10, row.OldUntil)
	c.number(11, row.CreatedAt)
	c.number(12, row.ExpiresAt)
	c.number(13, row.RevokedAt)
	return key.RowSum("credential", c)
}

// App gives the checksum of an application. Its tree and its wrap key are rows of their own.
func App(key *seal.App, row *store.AppRow) []byte {
	c := newContent(len(row.ID) + len(row.Name) + len(row.Key))
	c.bytes(1, []byte(row.ID))
	c.bytes(2, []byte(row.Name))
	c.bytes(3, row.Key)
	c.number(4, row.CreatedAt)
	c.number(5, row.RemovedAt)
	c.flag(6, row.Summed)
	return key.RowSum("application", c)
}

// content is the bytes that a checksum is made of.
type content []byte

// newContent makes room for a row whose texts and bytes have this many bytes together.
func newContent(size int) content { return make(content, 0, size+128) }

func (c *content) bytes(number uint64, v []byte) {
	if len(v) == 0 {
		return
	}
	*c = binary.AppendUvarint(*c, number)
	*c = binary.AppendUvarint(*c, uint64(len(v)))
	*c = append(*c, v...)
}

func (c *content) number(number uint64, v int64) {
	if v == 0 {
		return
	}
	var buf [binary.MaxVarintLen64]byte
	c.bytes(number, binary.AppendVarint(buf[:0], v))
}

func (c *content) flag(number uint64, v bool) {
	if v {
		c.number(number, 1)
	}
}
