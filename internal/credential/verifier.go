package credential

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Login is a credential as a caller presents it.
type Login struct {
	Kind      tenant.Kind
	PublicKey string // names the credential and, inside, its application
	Secret    string
	Origin    tenant.Origin
}

// Identity is who a checked credential or token stands for. After a failed check it is
// who the attempt is attributed to: the credential that was named, without its scopes,
// or nobody of id.System if none was.
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

// Keys gives the open keys and the names of applications; fault.NotFound if there is no
// such application.
type Keys interface {
	Key(ctx context.Context, app id.App) (*seal.App, error)
	Name(ctx context.Context, app id.App) (string, error)
}

// Config says how a Verifier works. All fields must be set.
type Config struct {
	Store Store
	Keys  Keys

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
}

// New makes a Verifier.
func New(cfg Config) *Verifier { return &Verifier{cfg: cfg} }

// Verify checks a credential. ok is false if it is not good, whatever is wrong; err is
// a failure of ours.
func (v *Verifier) Verify(ctx context.Context, in Login) (who Identity, ok bool, err error) {
	k, cached, err := v.known(ctx, in.PublicKey)
	if err == nil && cached && !v.matches(k, in) {
		// Perhaps it was rotated elsewhere since it was read. It also makes every
		// failure cost one look-up, whether the key is known or not.
		k, err = v.read(ctx, in.PublicKey)
	}
	if err != nil {
		return Identity{}, false, err
	}
	if !v.matches(k, in) {
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
	return match == 1 && k.live(now) && k.Kind == in.Kind
}

// known is a credential as a check needs it. One that does not exist has no row,
// belongs to id.System, and is never live.
type known struct {
	tenant.Credential
	row     store.CredentialRow
	key     *seal.App
	appName string
	read    time.Time
}

func (k *known) live(now time.Time) bool { return k.ID != "" && k.Live(now) }

func (k *known) identity(origin tenant.Origin) Identity {
	return Identity{
		Caller: tenant.Caller{
			App: k.App, AppName: k.appName, Credential: k.ID, Owner: k.Owner, Scopes: k.Grants(), Origin: origin,
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

// known gives the credential named by a public key, or a stand-in that matches no
// secret, and whether it was read some time ago.
func (v *Verifier) known(ctx context.Context, publicKey string) (k *known, cached bool, err error) {
	if len(publicKey) > maxPublicKey {
		publicKey = ""
	}
	if k := v.cache.get(publicKey, v.cfg.Now(), v.cfg.TTL); k != nil {
		return k, true, nil
	}
	k, err = v.read(ctx, publicKey)
	return k, false, err
}

// read is known as it is stored now.
func (v *Verifier) read(ctx context.Context, publicKey string) (*known, error) {
	if len(publicKey) > maxPublicKey {
		publicKey = ""
	}
	now := v.cfg.Now()
	k, err := v.load(ctx, publicKey)
	if errors.Is(err, fault.NotFound) {
		k, err = v.nobody(ctx)
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
	name, err := v.cfg.Keys.Name(ctx, app)
	if err != nil {
		return nil, err
	}
	row, err := v.cfg.Store.CredentialByKey(ctx, app, publicKey)
	if err != nil {
		return nil, err
	}
	c, err := ReadRow(app, key, row)
	if err != nil {
		return nil, err
	}
	return &known{Credential: c, row: row, key: key, appName: name}, nil
}

func (v *Verifier) nobody(ctx context.Context) (*known, error) {
	key, err := v.cfg.Keys.Key(ctx, id.System)
	if err != nil {
		return nil, err
	}
	return &known{
		Credential: tenant.Credential{App: id.System},
		row:        store.CredentialRow{Secret: make([]byte, 32)},
		key:        key,
	}, nil
}

// Forget drops what is remembered of a credential, so that this process sees a change
// at once.
func (v *Verifier) Forget(publicKey string) { v.cache.forget(publicKey) }

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
