package main

import (
	"encoding/json"
	"strings"
	"testing"

	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
)

// The data folder has a place for a key of every API, and --credentials-out gets what
// is there.
func TestDevCredentialsKeepAKeyOfEveryKind(t *testing.T) {
	t.Parallel()
	c := devCredentials{OperatorKey: "op.secret", RateLimit: 7}
	for _, kind := range tenant.Kinds() {
		if c.has(kind) || c.complete() {
			t.Errorf("there is a %s key before one was made", kind)
		}
		key := records.Issued{Secret: redact.NewSecret("secret-of-" + string(kind))}
		key.Kind, key.PublicKey = kind, "public-of-"+string(kind)
		c.put(key)
		if !c.has(kind) {
			t.Errorf("the %s key was not kept", kind)
		}
	}
	if !c.complete() {
		t.Error("the credentials are not complete with a key of every kind")
	}
	var out, kept map[string]any
	if err := json.Unmarshal(c.export(), &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encodeJSON(c), &kept); err != nil {
		t.Fatal(err)
	}
	if kept["rate_limit"] != 7.0 {
		t.Errorf("rate_limit = %v in the data folder, want 7", kept["rate_limit"])
	}
	delete(kept, "rate_limit")
	if len(out) != len(kept) {
		t.Errorf("--credentials-out has %d members, want the %d of the data folder without rate_limit", len(out), len(kept))
	}
	for _, kind := range tenant.Kinds() {
		if !strings.Contains(string(c.export()), "secret-of-"+string(kind)) {
			t.Errorf("--credentials-out lacks the %s secret", kind)
		}
	}
}
