package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

const appsPath = "manage/v1/apps"

// Manage is a client of the management API. Make one with NewManage.
type Manage struct{ t *transport }

// NewManage makes a client of the management listener at base, for example
// http://127.0.0.1:8081, with an operator's key: op_….custodex_ops_….
func NewManage(base, operatorKey string, opts Options) (*Manage, error) {
	t, err := newTransport(base, opts, map[string]string{"Authorization": "Bearer " + operatorKey}, manageError)
	if err != nil {
		return nil, err
	}
	return &Manage{t}, nil
}

// Because gives the same client, whose requests say why they are made, for the audit log: a word of
// your own for the purpose, such as "support", and the reason in words. Either may be empty.
func (m *Manage) Because(purpose, reason string) *Manage {
	return &Manage{m.t.because(purpose, reason)}
}

// App is an application.
type App struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`

	RemovedAt *time.Time `json:"removed_at"` // nil: in use
}

// CreateApp makes an application.
func (m *Manage) CreateApp(ctx context.Context, name string) (App, error) {
	return answer[App](ctx, m.t, call{method: http.MethodPost, path: appsPath, body: map[string]string{"name": name}})
}

// ListApps gives every application.
func (m *Manage) ListApps(ctx context.Context) ([]App, error) {
	return listAll[App](ctx, m.t, appsPath)
}

// FetchApp gives one application.
func (m *Manage) FetchApp(ctx context.Context, app string) (App, error) {
	return answer[App](ctx, m.t, call{method: http.MethodGet, path: appPath(app)})
}

// RenameApp gives an application another name.
func (m *Manage) RenameApp(ctx context.Context, app, name string) (App, error) {
	return answer[App](ctx, m.t, call{method: http.MethodPatch, path: appPath(app), body: map[string]string{"name": name}})
}

// RemoveApp removes an application that has no customers. With revokeKeys its live keys are
// revoked; without, one that has any is refused. Its audit log stays.
func (m *Manage) RemoveApp(ctx context.Context, app string, revokeKeys bool) (App, error) {
	return answer[App](ctx, m.t, call{
		method: http.MethodPost, path: appPath(app) + "/remove", body: map[string]bool{"revoke_keys": revokeKeys},
	})
}

func appPath(app string) string { return appsPath + "/" + url.PathEscape(app) }

func keyPath(app, key, verb string) string {
	return appPath(app) + "/keys/" + url.PathEscape(key) + "/" + verb
}

// listAll reads a list to its end.
func listAll[T any](ctx context.Context, t *transport, path string) ([]T, error) {
	page, err := answer[enveloped[[]T]](ctx, t, call{method: http.MethodGet, path: path})
	return page.Data, err
}

// Key is a credential of an application, or of the operators (app_system).
type Key struct {
	ID        string     `json:"id"`
	AppID     string     `json:"app_id"`
	Kind      string     `json:"kind"`
	PublicKey string     `json:"public_key"` // what a client sends as its key
	Name      string     `json:"name"`
	Owner     string     `json:"owner"`
	Scopes    []string   `json:"scopes"`
	RateLimit int        `json:"rate_limit"` // requests a minute; 0: unlimited
	Handling  string     `json:"handling"`   // of unknown names in its requests: strict refuses them, lenient ignores them
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	LastUsed  *time.Time `json:"last_used_at"`
	OldUntil  *time.Time `json:"old_secret_until"` // the secret before the last rotation works until then
}

// IssuedKey is a key with its secret, which the server shows this once.
type IssuedKey struct {
	Key
	Secret string `json:"secret"`
}

// NewKey describes a key to be made. Only Name is needed.
type NewKey struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind,omitempty"` // the one API it opens: devdraft (the default), yativo or xtrakit
	Owner     string     `json:"owner,omitempty"`
	Scopes    []string   `json:"scopes,omitempty"`     // default: everything an application may
	RateLimit *int       `json:"rate_limit,omitempty"` // requests a minute; nil: the server's default
	Handling  string     `json:"handling,omitempty"`   // strict or lenient (the default)
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // nil: never
}

// CreateKey makes a key.
func (m *Manage) CreateKey(ctx context.Context, app string, in NewKey) (IssuedKey, error) {
	return answer[IssuedKey](ctx, m.t, call{method: http.MethodPost, path: appPath(app) + "/keys", body: in})
}

// ListKeys gives the keys of an application, revoked ones too, without secrets.
func (m *Manage) ListKeys(ctx context.Context, app string) ([]Key, error) {
	return listAll[Key](ctx, m.t, appPath(app)+"/keys")
}

// KeyChange says what to change of a key. What is nil or empty stays.
type KeyChange struct {
	Name      string   `json:"name,omitempty"`
	Owner     *string  `json:"owner,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	RateLimit *int     `json:"rate_limit,omitempty"`
	Handling  string   `json:"handling,omitempty"` // strict or lenient
}

// UpdateKey changes what a key is called and what it may do; its secret stays. Every server goes
// by the change within seconds.
func (m *Manage) UpdateKey(ctx context.Context, app, key string, in KeyChange) (Key, error) {
	return answer[Key](ctx, m.t, call{method: http.MethodPatch, path: appPath(app) + "/keys/" + url.PathEscape(key), body: in})
}

// RevokeKey ends a key for good. Every server refuses it within seconds.
func (m *Manage) RevokeKey(ctx context.Context, app, key string) (Key, error) {
	return answer[Key](ctx, m.t, call{method: http.MethodPost, path: keyPath(app, key, "revoke")})
}

// RotateKey gives a key a new secret. The old one works for the time keepOld yet,
// up to 90 days.
func (m *Manage) RotateKey(ctx context.Context, app, key string, keepOld time.Duration) (IssuedKey, error) {
	return answer[IssuedKey](ctx, m.t, call{
		method: http.MethodPost, path: keyPath(app, key, "rotate"),
		body: map[string]string{"keep_old": keepOld.String()},
	})
}

// KYC is what came of a customer's identity checks.
type KYC struct {
	Status          string     `json:"status"` // for example approved or rejected
	Reason          string     `json:"reason,omitempty"`
	VerifiedAt      *time.Time `json:"verified_at,omitempty"`
	VirtualAccounts bool       `json:"virtual_accounts,omitempty"` // may be opened for the customer
}

// SetKYC records what came of a customer's identity checks, in place of what was
// recorded before. A condition can be IfMatch with the ETag of the customer in another API.
func (m *Manage) SetKYC(ctx context.Context, app, customer string, in KYC, conditions ...Condition) error {
	return m.t.do(ctx, call{
		method: http.MethodPut, path: appPath(app) + "/customers/" + url.PathEscape(customer) + "/kyc", body: in,
		conditions: conditions,
	})
}
