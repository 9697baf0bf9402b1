package credential_test

import (
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"os"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/tenant"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

// scan does what doc/secret-scanning.md tells the author of a scanner to do: it finds the texts
// that match the pattern and have the right checksum.
func scan(pattern *regexp.Regexp, text string) (found []string) {
	for _, s := range pattern.FindAllString(text, -1) {
		sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s[:len(s)-7])))
		if base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(sum) == s[len(s)-7:] {
			found = append(found, s)
		}
	}
	return found
}

// TestSecretsCanBeScanned scans for new and rotated secrets of each kind, whole and with any one
// character changed.
func TestSecretsCanBeScanned(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../doc/secret-scanning.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(page), "```text\n")
	code, _, _ = strings.Cut(code, "\n")
	pattern := regexp.MustCompile(code)
	if strings.Count(string(page), code) != 2 {
		t.Error("the page's two patterns differ")
	}
	if found := scan(pattern, string(page)); len(found) != 1 {
		t.Errorf("the page holds %q, want its one example", found)
	}
	env := newEnv(t)
	for _, kind := range []tenant.Kind{tenant.Devdraft, tenant.Yativo, tenant.Xtrakit, tenant.Operator, tenant.Auditor} {
		key := env.mint(env.app, kind)
		for _, s := range []string{key.secret, env.rotate(key, 0).secret} {
			if found := scan(pattern, "key="+key.PublicKey+"."+s+"\n"); len(found) != 1 || found[0] != s {
				t.Errorf("%s: a scan finds %d secrets, want one", kind, len(found))
			}
			for i := range s {
				for _, c := range alphabet {
					if byte(c) == s[i] {
						continue
					}
					if scan(pattern, s[:i]+string(c)+s[i+1:]) != nil {
						t.Errorf("%s: found with character %d changed to %c", kind, i, c)
					}
				}
			}
		}
	}
}
