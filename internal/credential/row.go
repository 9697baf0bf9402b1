package credential

import (
	"encoding/binary"
	"fmt"
	"strings"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// ReadRow gives the credential of a row. It fails if the label does not decrypt, which
// is fault.Internal.
func ReadRow(app id.App, key *seal.App, row store.CredentialRow) (tenant.Credential, error) {
	plain, err := key.OpenLabel(string(row.ID), row.Label)
	if err != nil {
		return tenant.Credential{}, fmt.Errorf("credential %s: %w", row.ID, err)
	}
	name, owner := parseLabel(plain)
	c := tenant.Credential{
		ID: row.ID, App: app, Kind: tenant.Kind(row.Kind), PublicKey: row.PublicKey, Name: name, Owner: owner,
		RateLimit: int(row.RateLimit), Strict: row.Strict, CreatedAt: store.Instant(row.CreatedAt), ExpiresAt: store.Instant(row.ExpiresAt),
		RevokedAt: store.Instant(row.RevokedAt), LastUsedAt: store.Instant(row.LastUsedAt), OldUntil: store.Instant(row.OldUntil),
	}
	for part := range strings.SplitSeq(row.Scopes, ",") {
		c.Scopes = append(c.Scopes, authz.Scope(part))
	}
	return c, nil
}

// A label is the name's length, the name, the owner.
func appendLabel(b []byte, name, owner string) []byte {
	b = binary.AppendUvarint(b, uint64(len(name)))
	return append(append(b, name...), owner...)
}

func parseLabel(b []byte) (name, owner string) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return "", ""
	}
	return string(b[k : k+int(n)]), string(b[k+int(n):])
}
