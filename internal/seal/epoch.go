package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/id"
)

// formatEpoch is formatX with the number of an epoch, a uvarint, before the nonce. The number
// is in the additional data too.
const formatEpoch = 2

// Epoch is the key of one epoch, ready for use. It wraps the root and the wrap key of every
// application. Once it is destroyed, what was wrapped under it is gone, in every backup too. It
// is safe for concurrent use.
type Epoch struct{ *epochKey }

type epochKey struct {
	n    int64
	aead cipher.AEAD
}

// NewEpochKey makes the random key of an epoch, for a Provider to wrap.
func NewEpochKey() []byte { return NewAppKey() }

// OpenEpoch makes the key of epoch n, from 1 on, ready for use. It fails only if key is not
// KeySize bytes.
func OpenEpoch(n int64, key []byte) (Epoch, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil || n < 1 {
		return Epoch{}, fmt.Errorf("key of %d bytes of epoch %d: %w", len(key), n, ErrOpen)
	}
	return Epoch{&epochKey{n, aead}}, nil
}

// Number is the epoch's number.
func (e Epoch) Number() int64 { return e.n }

// WrapKey wraps the customer keys of one application in one epoch, ready for use.
type WrapKey struct{ *wrapKey }

type wrapKey struct {
	epoch int64
	aead  cipher.AEAD
}

// The purposes of what an epoch's key wraps.
const (
	purposeRoot = "application root"
	purposeWrap = "wrap key"
)

// WrapRoot encrypts the root of an application.
func (e Epoch) WrapRoot(app id.App, root []byte) []byte {
	return sealInEpoch(e.n, e.aead, root, contextInEpoch(e.n, app, id.Customer{}, "application", purposeRoot))
}

// OpenRoot decrypts what WrapRoot encrypted for the same application, or fails with ErrOpen.
func (e Epoch) OpenRoot(app id.App, wrapped []byte) ([]byte, error) {
	return openInEpoch(e.n, e.aead, nil, wrapped, contextInEpoch(e.n, app, id.Customer{}, "application", purposeRoot))
}

// NewWrapKey makes a random wrap key of an application for this epoch. It returns the key ready
// for use, and wrapped for the store.
func (e Epoch) NewWrapKey(app id.App) (key WrapKey, wrapped []byte) {
	var raw [KeySize]byte
	_, _ = rand.Read(raw[:])
	wrapped = sealInEpoch(e.n, e.aead, raw[:], contextInEpoch(e.n, app, id.Customer{}, "app_wrap_key", purposeWrap))
	return WrapKey{&wrapKey{e.n, mustX(raw[:])}}, wrapped
}

// OpenWrapKey decrypts what NewWrapKey wrapped for the same application, or fails with ErrOpen.
func (e Epoch) OpenWrapKey(app id.App, wrapped []byte) (WrapKey, error) {
	raw, err := openInEpoch(e.n, e.aead, nil, wrapped, contextInEpoch(e.n, app, id.Customer{}, "app_wrap_key", purposeWrap))
	if err != nil || len(raw) != KeySize {
		return WrapKey{}, ErrOpen
	}
	return WrapKey{&wrapKey{e.n, mustX(raw)}}, nil
}

// NewApp makes the keys of a new application: ready for use, and its root and its wrap key as
// the epoch wraps them.
func (e Epoch) NewApp(app id.App) (key *App, root, wrap []byte) {
	raw := NewAppKey()
	wrapKey, wrap := e.NewWrapKey(app)
	key, err := OpenApp(app, raw, wrapKey)
	if err != nil {
		panic(err) // only for a wrong key size
	}
	return key, e.WrapRoot(app, raw), wrap
}

// EpochOf reads the number of the epoch in which a key was wrapped: 0 before there were epochs,
// and for what is no wrapped key.
func EpochOf(wrapped []byte) int64 {
	if len(wrapped) == 0 || wrapped[0] != formatEpoch {
		return 0
	}
	n, size := binary.Uvarint(wrapped[1:])
	if size <= 0 || n == 0 || n > 1<<62 {
		return 0
	}
	return int64(n)
}

func contextInEpoch(n int64, app id.App, c id.Customer, table, purpose string) []byte {
	b := binary.AppendUvarint(append(make([]byte, 0, 104), formatEpoch), uint64(n))
	return appendContext(b, app, c, table, purpose)
}

func sealInEpoch(n int64, a cipher.AEAD, plain, aad []byte) []byte {
	out := binary.AppendUvarint(append(make([]byte, 0, 112), formatEpoch), uint64(n))
	nonce := len(out)
	out = append(out, make([]byte, chacha20poly1305.NonceSizeX)...)
	_, _ = rand.Read(out[nonce:])
	return a.Seal(out, out[nonce:], plain, aad)
}

func openInEpoch(n int64, a cipher.AEAD, dst, sealed, aad []byte) ([]byte, error) {
	var head [1 + binary.MaxVarintLen64]byte
	head[0] = formatEpoch
	size := 1 + binary.PutUvarint(head[1:], uint64(n))
	if len(sealed) < size+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead || string(sealed[:size]) != string(head[:size]) {
		return nil, ErrOpen
	}
	plain, err := a.Open(dst, sealed[size:size+chacha20poly1305.NonceSizeX], sealed[size+chacha20poly1305.NonceSizeX:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}
