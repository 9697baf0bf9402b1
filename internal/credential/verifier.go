package credential

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Login is a credential as a caller presents it.
type Login struct {
	Kind      tenant.Kind // of the API that the caller wants to open
	PublicKey string      // names the credential and, inside, its application
	Secret    string
	Origin    tenant.Origin
}

// Identity is who a checked credential or token stands for. After a failed check it is
// who the attempt is attributed to: the credential that was named, without its scopes, else nobody
// of the application that was named, else nobody of id.System.
type Identity struct {
	Caller    tenant.Caller
	RateLimit int    // requests a minute; 0: unlimited
	Subject   string // of a token, for RefreshToken
}

// Store is what a Verifier needs of store.Store.
type Store interface {
	CredentialByKey(ctx context.Context, app id.App, publicKey string) (store.CredentialRow, error)
	CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error
}

// Keys gives the open keys and the rows of applications; fault.NotFound if there is no
// such application.
type Keys interface {
	Key(ctx context.Context, app id.App) (*seal.App, error)
	App(ctx context.Context, app id.App) (store.AppRow, error)
}

// Rows tells rows that were altered in the database.
type Rows interface {
	// Credential fails with rowsum.ErrDamaged if the row of a credential, or that of its application,
	// is not as this program wrote it.
	Credential(ctx context.Context, key *seal.App, app *store.AppRow, row *store.CredentialRow) error
}

// Config says how a Verifier works. All fields must be set.
type Config struct {
	Store Store
	Keys  Keys
	Rows  Rows

	// TTL is how long a credential that was read is trusted before it is read again.
	// A revocation elsewhere is seen within it.
	TTL time.Duration

	// Now is the clock: UTC, whole milliseconds.
	Now func() time.Time
}

// Verifier checks credentials and tokens. It is safe for concurrent use.
type Verifier struct {
	cfg   Config
	cache cache
	used  uses
	seen  sync.Map // id.App -> public key of a credential that exists, see balance
}

// New makes a Verifier.
func New(cfg Config) *Verifier { return &Verifier{cfg: cfg} }

// Verify checks a credential. ok is false if it is not good, whatever is wrong; err is
// a failure of ours.
func (v *Verifier) Verify(ctx context.Context, in Login) (who Identity, ok bool, err error) {
	k, ok, err := v.find(ctx, in.PublicKey, func(k *known) bool { return v.matches(k, in) })
	if err != nil {
		return Identity{}, false, err
	}
	if !ok {
		return k.suspect(in.Origin), false, nil
	}
	v.used.add(k.Credential, v.cfg.Now())
	return k.identity(in.Origin), true, nil
}

// matches compares the secret, an unknown key's too, so that it costs what a wrong
// secret costs.
func (v *Verifier) matches(k *known, in Login) bool {
	now := v.cfg.Now()
	hash := k.key.SecretHash(in.Secret)
	match := subtle.ConstantTimeCompare(hash, k.row.Secret)
	if now.UnixMilli() < k.row.OldUntil {
		match |= subtle.ConstantTimeCompare(hash, k.row.OldSecret)
	}
	return match == 1 && k.live(now) && k.Kind.Opens(in.Kind)
}

// known is a credential as a check needs it. One that does not exist has no row and is never live
// (nobody).
type known struct {
	tenant.Credential
	row     store.CredentialRow
	key     *seal.App
	appName string
	read    time.Time
	altered bool // in the database; it never authenticates anybody
}

func (k *known) live(now time.Time) bool { return k.ID != "" && !k.altered && k.Live(now) }

func (k *known) identity(origin tenant.Origin) Identity {
	return Identity{
		Caller: tenant.Caller{
			App: k.App, AppName: k.appName, Credential: k.ID, Owner: k.Owner, Scopes: k.Grants(), Strict: k.Strict, Origin: origin,
		},
		RateLimit: k.RateLimit,
	}
}

// suspect is the identity of a failed check.
func (k *known) suspect(origin tenant.Origin) Identity {
	who := k.identity(origin)
	who.Caller.Scopes, who.RateLimit = nil, 0
	return who
}

// maxPublicKey is the length beyond which a public key is absurd and not kept.
const maxPublicKey = 128

// find gives the credential that a public key names, or a stand-in, and whether it is good. What
// is remembered is tried first. If that is not good, the credential is read: perhaps it was rotated
// elsewhere. Every failure costs the same, whether the key exists or not, so that the time of an
// answer does not tell: good is called twice, and one credential is read that there is and one that
// there is not.
func (v *Verifier) find(ctx context.Context, publicKey string, good func(*known) bool) (k *known, ok bool, err error) {
	if len(publicKey) > maxPublicKey {
		publicKey = ""
	}
	k = v.cache.get(publicKey, v.cfg.Now(), v.cfg.TTL)
	if k == nil {
		if k, err = v.nobody(ctx, publicKey); err != nil {
			return nil, false, err
		}
	}
	if good(k) {
		return k, true, nil
	}
	if k, err = v.read(ctx, publicKey); err != nil {
		return nil, false, err
	}
	if good(k) {
		return k, true, nil
	}
	v.balance(ctx, publicKey, k)
	return k, false, nil
}

// balance reads what a failed check has not read: of a key that there is, one that there is not,
// and the other way round. Until a key of the application was read here, the second is one that is
// absent too, and only its decryption is missing.
func (v *Verifier) balance(ctx context.Context, publicKey string, k *known) {
	other := publicKey + "-"
	if seen, ok := v.seen.Load(k.App); ok && k.ID == "" {
		other = seen.(string)
	}
	_, _ = v.load(ctx, other) // it decides nothing
}

// read reads the credential that a public key names, or gives a stand-in.
func (v *Verifier) read(ctx context.Context, publicKey string) (*known, error) {
	now := v.cfg.Now()
	k, err := v.load(ctx, publicKey)
	switch {
	case errors.Is(err, fault.NotFound):
		k, err = v.nobody(ctx, publicKey)
	case err == nil:
		v.seen.Store(k.App, publicKey)
	}
	if err != nil {
		return nil, err
	}
	k.read = now
	v.cache.put(publicKey, k)
	return k, nil
}

func (v *Verifier) load(ctx context.Context, publicKey string) (*known, error) {
	app, ok := appOf(publicKey)
	if !ok {
		return nil, store.NotFound("credential")
	}
	key, err := v.cfg.Keys.Key(ctx, app)
	if err != nil {
		return nil, err
	}
	application, err := v.cfg.Keys.App(ctx, app)
	if err != nil {
		return nil, err
	}
	row, err := v.cfg.Store.CredentialByKey(ctx, app, publicKey)
	if err != nil {
		return nil, err
	}
	err = v.cfg.Rows.Credential(ctx, key, &application, &row)
	if errors.Is(err, rowsum.ErrDamaged) { // it costs what a wrong secret costs; its label may not decrypt
		c := tenant.Credential{ID: row.ID, App: app, Kind: tenant.Kind(row.Kind), PublicKey: row.PublicKey}
		return &known{Credential: c, row: row, key: key, appName: application.Name, altered: true}, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := ReadRow(app, key, row)
	if err != nil {
		return nil, err
	}
	return &known{Credential: c, row: row, key: key, appName: application.Name}, nil
}

// nobody gives the stand-in for a key that does not exist. It belongs to the application that the
// key names, or to id.System, and is never live.
func (v *Verifier) nobody(ctx context.Context, publicKey string) (*known, error) {
	app, ok := appOf(publicKey)
	if !ok {
		app = id.System
	}
	key, err := v.cfg.Keys.Key(ctx, app)
	if errors.Is(err, fault.NotFound) && app != id.System {
		app = id.System
		key, err = v.cfg.Keys.Key(ctx, app)
	}
	if err != nil {
		return nil, err
	}
	return &known{
		Credential: tenant.Credential{App: app},
		row:        store.CredentialRow{Secret: make([]byte, 32)},
		key:        key,
	}, nil
}

// Forget drops what is remembered of a credential, so that this process sees a change
// at once.
func (v *Verifier) Forget(publicKey string) { v.cache.forget(publicKey) }

// ForgetApp drops what is remembered of an application's credentials.
func (v *Verifier) ForgetApp(app id.App) { v.cache.forgetApp(app) }

// ForgetAll drops what is remembered of every credential, after the database has lost
// changes of them.
func (v *Verifier) ForgetAll() { v.cache.forgetAll() }

// Flush writes the last uses of credentials. Those that could not be written are kept
// for the next time.
func (v *Verifier) Flush(ctx context.Context) error {
	var failed error
	for app, used := range v.used.take() {
		if err := v.cfg.Store.CredentialTouch(ctx, app, used); err != nil {
			v.used.merge(app, used)
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
