package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"custodex.dev/client"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Create a key; its secret is shown this once."`
	List   keyListCmd   `cmd:"" help:"List the keys of an application."`
	Update keyUpdateCmd `cmd:"" aliases:"change" help:"Change the name, owner, scopes, limit or handling of a key; its secret stays."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke a key. This cannot be undone."`
	Rotate keyRotateCmd `cmd:"" help:"Give a key a new secret, shown this once; the old one keeps working for a while."`
}

type keyCreateCmd struct {
	appFlags
	Name      string   `name:"name" required:"" help:"What the key is for."`
	Kind      string   `name:"kind" help:"The API that it opens: devdraft, yativo or xtrakit; or auditor, to read the audit log. Default: devdraft."`
	Owner     string   `name:"owner" help:"Owner, as the audit log shows it."`
	Scopes    []string `name:"scopes" help:"What it may do: customers:read, customers:write, customers:delete, customers:history. Default: the first two. audit:read alone makes an auditor's key."`
	Expires   string   `name:"expires" help:"When it ends: a time (2030-01-31T12:00:00Z), a day (2030-01-31, UTC) or from now (720h). Default: never."`
	RateLimit *int     `name:"rate-limit" help:"Requests a minute, 0 for no limit. Default: 100."`
	Handling  string   `name:"handling" help:"Of names in requests that the API does not know: strict refuses them, lenient ignores them. Default: lenient."`
}

// Run creates a key.
func (c *keyCreateCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.IssuedKey, error) {
		in := client.NewKey{Name: c.Name, Kind: c.Kind, Owner: c.Owner, Scopes: c.Scopes, RateLimit: c.RateLimit, Handling: c.Handling}
		if c.Expires != "" {
			at, ok := parseExpiry(c.Expires, time.Now())
			if !ok {
				return client.IssuedKey{}, usage("--expires: not a time", "use 2030-01-31T12:00:00Z, 2030-01-31 or 720h")
			}
			in.ExpiresAt = &at
		}
		return op.CreateKey(ctx, app, in)
	}, env.printIssued)
}

// parseExpiry reads a time, the end of a day in UTC, or a duration from now.
func parseExpiry(text string, now time.Time) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), true
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d).UTC(), true
	}
	return time.Time{}, false
}

type keyListCmd struct {
	appFlags
}

// Run lists the keys of an application.
func (c *keyListCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) ([]client.Key, error) {
		return op.ListKeys(ctx, app)
	}, env.printKeys)
}

type keyUpdateCmd struct {
	appFlags
	Key       string   `arg:"" help:"The key's id, cred_…"`
	Name      string   `name:"name" help:"What the key is for."`
	Owner     *string  `name:"owner" help:"Owner, as the audit log shows it; '' for none."`
	Scopes    []string `name:"scopes" help:"All that it may do from now on: customers:read, customers:write, customers:delete, customers:history."`
	RateLimit *int     `name:"rate-limit" help:"Requests a minute, 0 for no limit."`
	Handling  string   `name:"handling" help:"Of names in requests that the API does not know: strict or lenient."`
}

// Run changes a key.
func (c *keyUpdateCmd) Run(ctx context.Context, env *environment) error {
	if c.Name == "" && c.Owner == nil && c.Scopes == nil && c.RateLimit == nil && c.Handling == "" {
		return usage("nothing to change", "use --name, --owner, --scopes, --rate-limit or --handling")
	}
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Key, error) {
		return op.UpdateKey(ctx, app, c.Key, client.KeyChange{
			Name: c.Name, Owner: c.Owner, Scopes: c.Scopes, RateLimit: c.RateLimit, Handling: c.Handling,
		})
	}, env.printKey)
}

type keyRevokeCmd struct {
	appFlags
	Key string `arg:"" help:"The key's id, cred_…"`
}

// Run revokes a key.
func (c *keyRevokeCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Key, error) {
		return op.RevokeKey(ctx, app, c.Key)
	}, env.printKey)
}

type keyRotateCmd struct {
	appFlags
	Key     string        `arg:"" help:"The key's id, cred_…"`
	KeepOld time.Duration `name:"keep-old" default:"24h" help:"How long the old secret keeps working; 0s ends it at once, as after a leak."`
}

// Run rotates a key.
func (c *keyRotateCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.IssuedKey, error) {
		return op.RotateKey(ctx, app, c.Key, c.KeepOld)
	}, env.printIssued)
}

func (e *environment) printKeys(keys []client.Key) error {
	if e.json {
		return e.printJSON(listOf(keys))
	}
	var rows [][]string
	for _, k := range keys {
		rows = append(rows, []string{
			k.ID, k.Kind, k.Name, k.Owner, strings.Join(k.Scopes, ","), rateOf(k), describeState(k), formatOptional(k.LastUsed, "never"),
		})
	}
	return e.table([]string{"ID", "KIND", "NAME", "OWNER", "SCOPES", "RATE", "STATE", "LAST USED"}, rows)
}

func (e *environment) printKey(k client.Key) error {
	if e.json {
		return e.printJSON(k)
	}
	return e.printKeyFields(k, "")
}

func (e *environment) printIssued(k client.IssuedKey) error {
	if e.json {
		return e.printJSON(k)
	}
	return e.printKeyFields(k.Key, k.Secret)
}

// printKeyFields prints a key in the words of the API that it opens. An empty secret
// is not printed.
func (e *environment) printKeyFields(k client.Key, secret string) error {
	public, shown, whole := "Client key", "Client secret", false
	switch k.Kind {
	case "yativo":
		public, shown = "Account id", "App secret"
	case "xtrakit":
		public, shown, whole = "Public part", "API key", true
	case "operator":
		public, shown, whole = "Public key", "Operator key", true
	case "auditor":
		public, shown, whole = "Public key", "Auditor key", true
	}
	if whole && secret != "" {
		secret = k.PublicKey + "." + secret
	}
	return e.printFields(
		"Key", k.ID,
		"Kind", k.Kind,
		"Application", k.AppID,
		"Name", k.Name,
		"Owner", k.Owner,
		"Scopes", strings.Join(k.Scopes, ", "),
		"Rate limit", rateOf(k),
		"Handling", k.Handling,
		"State", describeState(k),
		public, k.PublicKey,
		shown+" (shown this once)", secret,
	)
}

func rateOf(k client.Key) string {
	if k.RateLimit == 0 {
		return "unlimited"
	}
	return strconv.Itoa(k.RateLimit) + "/min"
}

func describeState(k client.Key) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked " + formatTime(*k.RevokedAt)
	case k.ExpiresAt != nil && !time.Now().Before(*k.ExpiresAt):
		return "expired " + formatTime(*k.ExpiresAt)
	case k.OldUntil != nil && time.Now().Before(*k.OldUntil):
		state := "rotating until " + formatTime(*k.OldUntil) + ", when the old secret ends"
		if k.ExpiresAt != nil {
			state += "; ends " + formatTime(*k.ExpiresAt)
		}
		return state
	case k.ExpiresAt != nil:
		return "until " + formatTime(*k.ExpiresAt)
	}
	return "live"
}
