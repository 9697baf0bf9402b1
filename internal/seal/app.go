package seal

import (
	"cmp"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"sync"
	"sync/atomic"

	"filippo.io/mldsa"
	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// KeySize is the size in bytes of every key here.
const KeySize = 32

const formatX = 1 // XChaCha20-Poly1305

// ErrOpen is the fault of a value that cannot be decrypted: it was altered or moved,
// has an unknown format, or was encrypted under another key.
var ErrOpen = fault.New(fault.Internal, "sealed_value_damaged", "a stored value is damaged")

// App holds the subkeys of one application. It is safe for concurrent use.
//
// fmt follows one pointer, and no more, if the verb does not fit its value. So keys are
// two pointers away from whatever may be printed, here and in Customer and masterKey.
type App struct{ *appKeys }

type appKeys struct {
	id        id.App
	wraps     []WrapKey   // wrap customer keys, the newest epoch last
	customers cipher.AEAD // wrapped customer keys before there were epochs
	entries   cipher.AEAD // personal part of audit entries
	cursors   cipher.AEAD
	labels    cipher.AEAD // names and owners of credentials
	email     macs
	entryMAC  macs
	rows      macs    // checksums of rows
	replay    macs    // idempotency keys and fingerprints
	secrets   macs    // credential secrets
	token     *[]byte // signs bearer tokens
	signer    *ed25519.PrivateKey
	cosigner  *[]byte       // seed of the ML-DSA-44 key
	cosigned  func() []byte // its public key
	summed    atomic.Bool
}

// NewAppKey makes a random root of an application.
func NewAppKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key)
	return key
}

// OpenApp derives the subkeys of an application from its root, which is not kept. Wraps are its
// wrap keys, one of each epoch; without any the App cannot make customers. It fails only if key
// is not KeySize bytes.
func OpenApp(app id.App, key []byte, wraps ...WrapKey) (*App, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("application key of %d bytes: %w", len(key), ErrOpen)
	}
	sub := func(purpose string) []byte {
		k, err := hkdf.Key(sha256.New, key, nil, "custodex v1 "+purpose+"\x00"+string(app), KeySize)
		if err != nil {
			panic(err) // only for absurd lengths
		}
		return k
	}
	aead := func(purpose string) cipher.AEAD {
		a, err := chacha20poly1305.NewX(sub(purpose))
		if err != nil {
			panic(err) // only for a wrong key size
		}
		return a
	}
	token := sub("bearer token")
	signer := ed25519.NewKeyFromSeed(sub("audit checkpoint"))
	cosigner := sub("audit cosignature")
	wraps = slices.SortedFunc(slices.Values(wraps), func(a, b WrapKey) int { return cmp.Compare(a.epoch, b.epoch) })
	return &App{&appKeys{
		id:        app,
		wraps:     wraps,
		customers: aead("customer key"),
		entries:   aead("audit personal"),
		cursors:   aead("cursor"),
		labels:    aead("credential label"),
		email:     newMACs(sub("email index")),
		entryMAC:  newMACs(sub("audit checksum")),
		rows:      newMACs(sub("row checksum")),
		replay:    newMACs(sub("idempotency")),
		secrets:   newMACs(sub("credential secret")),
		token:     &token,
		signer:    &signer,
		cosigner:  &cosigner,
		cosigned:  sync.OnceValue(func() []byte { return expand(cosigner).PublicKey().Bytes() }),
	}}, nil
}

// context is the additional data that a value is bound to. Every part is written with
// its length, so two different contexts never have the same bytes.
func context(app id.App, c id.Customer, table, purpose string) []byte {
	return appendContext(append(make([]byte, 0, 96), formatX), app, c, table, purpose)
}

func appendContext(b []byte, app id.App, c id.Customer, table, purpose string) []byte {
	for _, s := range [...]string{string(app), string(c[:]), table, purpose} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func sealWith(a cipher.AEAD, dst, plain, aad []byte) []byte {
	need := len(dst) + 1 + chacha20poly1305.NonceSizeX + len(plain) + chacha20poly1305.Overhead
	out := make([]byte, len(dst)+1+chacha20poly1305.NonceSizeX, need)
	copy(out, dst)
	out[len(dst)] = formatX
	nonce := out[len(dst)+1:]
	_, _ = rand.Read(nonce)
	return a.Seal(out, nonce, plain, aad)
}

func openWith(a cipher.AEAD, dst, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 1+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead || sealed[0] != formatX {
		return nil, ErrOpen
	}
	plain, err := a.Open(dst, sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// EmailHash is the keyed hash of an address in canonical form, which the unique index
// holds.
func (a *App) EmailHash(canonical string) []byte { return a.email.sum([]byte(canonical)) }

// EntryMAC is the keyed checksum of an audit entry, which may come in parts.
func (a *App) EntryMAC(entry ...[]byte) []byte { return a.entryMAC.sum(entry...) }

// SetSummed says whether every row of the application is known to have a checksum. It is not at first.
func (a *App) SetSummed(all bool) { a.summed.Store(all) }

// Summed reports whether every row of the application has a checksum, so that a missing one is damage.
func (a *App) Summed() bool { return a.summed.Load() }

// RowSum is the keyed checksum of a row of the table, over content as package rowsum makes it.
func (a *App) RowSum(table string, content []byte) []byte {
	b := make([]byte, 0, binary.MaxVarintLen64+len(table)+len(content))
	b = binary.AppendUvarint(b, uint64(len(table)))
	b = append(b, table...)
	return a.rows.sum(append(b, content...))
}

// ReplayHash hashes an idempotency key, a request or a customer's state, none of which may
// be stored or shown in clear. what separates the uses.
func (a *App) ReplayHash(what string, parts ...string) []byte {
	b := make([]byte, 0, 256)
	for _, s := range append([]string{what}, parts...) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return a.replay.sum(b)
}

// SecretHash is the keyed hash of a credential's secret. Only the hash is stored.
func (a *App) SecretHash(secret string) []byte { return a.secrets.sum([]byte(secret)) }

// SealOrigin encrypts the personal part of an audit entry.
func (a *App) SealOrigin(plain []byte) []byte {
	return sealWith(a.entries, nil, plain, context(a.id, id.Customer{}, "audit", "origin"))
}

// OpenOrigin decrypts what SealOrigin encrypted, or fails with ErrOpen.
func (a *App) OpenOrigin(sealed []byte) ([]byte, error) {
	return openWith(a.entries, nil, sealed, context(a.id, id.Customer{}, "audit", "origin"))
}

// SealCursor encrypts the position of a list; the result is opaque to callers.
func (a *App) SealCursor(plain []byte) []byte {
	return sealWith(a.cursors, nil, plain, context(a.id, id.Customer{}, "list", "cursor"))
}

// OpenCursor decrypts what SealCursor encrypted, or fails with ErrOpen.
func (a *App) OpenCursor(sealed []byte) ([]byte, error) {
	return openWith(a.cursors, nil, sealed, context(a.id, id.Customer{}, "list", "cursor"))
}

// SealLabel encrypts the name and owner of the credential or operator that row names.
func (a *App) SealLabel(row string, plain []byte) []byte {
	return sealWith(a.labels, nil, plain, context(a.id, id.Customer{}, "credential", "label "+row))
}

// OpenLabel decrypts what SealLabel encrypted for the same row, or fails with ErrOpen.
func (a *App) OpenLabel(row string, sealed []byte) ([]byte, error) {
	return openWith(a.labels, nil, sealed, context(a.id, id.Customer{}, "credential", "label "+row))
}

// TokenKey is the key that bearer tokens are signed with (HMAC-SHA-256).
func (a *App) TokenKey() []byte { return *a.token }

// Signer signs the application's audit checkpoints (Ed25519).
func (a *App) Signer() ed25519.PrivateKey { return *a.signer }

// SignerPublic is the public key of Signer.
func (a *App) SignerPublic() ed25519.PublicKey { return a.signer.Public().(ed25519.PublicKey) }

// Cosigner signs the application's audit checkpoints beside Signer (ML-DSA-44). The key takes
// 200 kB and a fifth of the time of a signature to expand, so that App keeps only its seed.
func (a *App) Cosigner() *mldsa.PrivateKey { return expand(*a.cosigner) }

// CosignerPublic is the public key of Cosigner. It is kept once asked for.
func (a *App) CosignerPublic() []byte { return a.cosigned() }

func expand(seed []byte) *mldsa.PrivateKey {
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		panic(err) // only for a wrong size of the seed
	}
	return key
}

// macs is HMAC-SHA-256 under one key. Its states are pooled, because making one costs
// as much as hashing a short message.
type macs struct{ pool *sync.Pool }

func newMACs(key []byte) macs {
	return macs{&sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (m macs) sum(msg ...[]byte) []byte {
	h := m.pool.Get().(hash.Hash)
	h.Reset()
	for _, part := range msg {
		h.Write(part)
	}
	out := h.Sum(make([]byte, 0, sha256.Size))
	m.pool.Put(h)
	return out
}
