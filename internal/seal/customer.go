package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"strconv"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/id"
)

// The purposes of a customer's key. A value that is encrypted for one cannot be
// decrypted for another.
const (
	purposeKey      = "customer key"
	purposePersonal = "personal"
	purposeReply    = "reply"
	purposeItem     = "item"
	purposeHistory  = "history"
)

// Customer is one customer's key, ready for use. It is safe for concurrent use.
// The zero value has no key and must not be used.
type Customer struct{ *customerKey }

type customerKey struct {
	app  id.App
	id   id.Customer
	aead cipher.AEAD
}

// NewCustomer makes a customer's key. It returns the key ready for use, and wrapped for
// the store, in the newest epoch.
func (a *App) NewCustomer(c id.Customer) (key Customer, wrapped []byte) {
	var raw [KeySize]byte
	_, _ = rand.Read(raw[:])
	w := a.wraps[len(a.wraps)-1]
	wrapped = sealInEpoch(w.epoch, w.aead, raw[:], contextInEpoch(w.epoch, a.id, c, "customer_key", purposeKey))
	return Customer{&customerKey{a.id, c, mustX(raw[:])}}, wrapped
}

// OpenCustomer unwraps a customer's key, or fails with ErrOpen.
func (a *App) OpenCustomer(c id.Customer, wrapped []byte) (Customer, error) {
	var buf [KeySize]byte
	raw, err := a.openCustomer(buf[:0], c, wrapped)
	if err != nil || len(raw) != KeySize {
		return Customer{}, ErrOpen
	}
	return Customer{&customerKey{a.id, c, mustX(raw)}}, nil
}

// RewrapCustomer wraps a customer's key in the newest epoch, or fails with ErrOpen. A key that is in that
// epoch stays as it is.
func (a *App) RewrapCustomer(c id.Customer, wrapped []byte) ([]byte, error) {
	w := a.wraps[len(a.wraps)-1]
	if EpochOf(wrapped) == w.epoch {
		return wrapped, nil
	}
	var buf [KeySize]byte
	raw, err := a.openCustomer(buf[:0], c, wrapped)
	if err != nil || len(raw) != KeySize {
		return nil, ErrOpen
	}
	return sealInEpoch(w.epoch, w.aead, raw, contextInEpoch(w.epoch, a.id, c, "customer_key", purposeKey)), nil
}

// openCustomer unwraps in the epoch that the key names, or as before there were epochs.
func (a *App) openCustomer(dst []byte, c id.Customer, wrapped []byte) ([]byte, error) {
	n := EpochOf(wrapped)
	if n == 0 {
		return openWith(a.customers, dst, wrapped, context(a.id, c, "customer_key", purposeKey))
	}
	for _, w := range a.wraps {
		if w.epoch == n {
			return openInEpoch(n, w.aead, dst, wrapped, contextInEpoch(n, a.id, c, "customer_key", purposeKey))
		}
	}
	return nil, ErrOpen
}

func mustX(key []byte) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // only for a wrong key size
	}
	return aead
}

// SealPersonal encrypts the customer's personal fields.
func (c Customer) SealPersonal(plain []byte) []byte {
	return sealWith(c.aead, nil, plain, context(c.app, c.id, "customer", purposePersonal))
}

// OpenPersonal decrypts what SealPersonal encrypted into dst[:0], or fails with ErrOpen.
func (c Customer) OpenPersonal(dst, sealed []byte) ([]byte, error) {
	return openWith(c.aead, dst[:0], sealed, context(c.app, c.id, "customer", purposePersonal))
}

// SealReply encrypts the response that a repeated request gets again.
func (c Customer) SealReply(plain []byte) []byte {
	return sealWith(c.aead, nil, plain, context(c.app, c.id, "idempotency", purposeReply))
}

// OpenReply decrypts what SealReply encrypted, or fails with ErrOpen.
func (c Customer) OpenReply(sealed []byte) ([]byte, error) {
	return openWith(c.aead, nil, sealed, context(c.app, c.id, "idempotency", purposeReply))
}

// SealItem encrypts what belongs to the customer: a transaction, a liquidation address.
func (c Customer) SealItem(item id.Item, plain []byte) []byte {
	return sealWith(c.aead, nil, plain, context(c.app, c.id, "customer_item", purposeItem+" "+item.String()))
}

// OpenItem decrypts what SealItem encrypted for the same item, or fails with ErrOpen.
func (c Customer) OpenItem(item id.Item, sealed []byte) ([]byte, error) {
	return openWith(c.aead, nil, sealed, context(c.app, c.id, "customer_item", purposeItem+" "+item.String()))
}

// SealHistory encrypts what the customer was before the change with this version.
func (c Customer) SealHistory(version int64, plain []byte) []byte {
	return sealWith(c.aead, nil, plain, c.historyContext(version))
}

// OpenHistory decrypts what SealHistory encrypted for the same version, or fails with ErrOpen.
func (c Customer) OpenHistory(version int64, sealed []byte) ([]byte, error) {
	return openWith(c.aead, nil, sealed, c.historyContext(version))
}

func (c Customer) historyContext(version int64) []byte {
	return context(c.app, c.id, "customer_history", purposeHistory+" "+strconv.FormatInt(version, 10))
}
