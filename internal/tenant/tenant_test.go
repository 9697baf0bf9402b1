package tenant_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

func TestCredentialLive(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		cred tenant.Credential
		want bool
	}{
		{"neither expires nor is revoked", tenant.Credential{}, true},
		{"expires later", tenant.Credential{ExpiresAt: now.Add(time.Millisecond)}, true},
		{"expires now", tenant.Credential{ExpiresAt: now}, false},
		{"expired", tenant.Credential{ExpiresAt: now.Add(-time.Millisecond)}, false},
		{"revoked", tenant.Credential{RevokedAt: now}, false},
		{"revoked by a clock that is ahead", tenant.Credential{RevokedAt: now.Add(time.Minute)}, false},
		{"revoked before it expires", tenant.Credential{RevokedAt: now, ExpiresAt: now.Add(time.Hour)}, false},
		{"only its old secret has expired", tenant.Credential{OldUntil: now.Add(-time.Hour)}, true},
	}
	for _, tt := range tests {
		if got := tt.cred.Live(now); got != tt.want {
			t.Errorf("%s: Live() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestOriginDoesNotPrint(t *testing.T) {
	t.Parallel()
	caller := tenant.Caller{App: "app_a", Origin: tenant.Origin{
		Dialect: "devdraft", Request: id.Request("abcdefghij"),
		Address: "192.0.2.77", UserAgent: "Netscape/4.0", ActingUser: "jane@example.com",
	}}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "caller", caller, "pointer", &caller, "origin", caller.Origin)
	}
	encoded, err := json.Marshal(&caller)
	if err != nil {
		t.Fatal(err)
	}
	outputs := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		outputs = append(outputs, fmt.Sprintf(verb, caller), fmt.Sprintf(verb, &caller), fmt.Sprintf(verb, caller.Origin))
	}
	for _, out := range outputs {
		for _, personal := range []string{"192.0.2.77", "Netscape", "jane"} {
			if strings.Contains(out, personal) || strings.Contains(out, fmt.Sprintf("%x", personal)) {
				t.Errorf("an origin printed %q in %s", personal, out)
			}
		}
	}
	if want := "devdraft request abcdefghij"; caller.Origin.String() != want {
		t.Errorf("String() = %q, want %q", caller.Origin, want)
	}
}
