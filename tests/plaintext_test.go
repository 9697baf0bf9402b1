package tests

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// canaries are pieces of personal data that occur nowhere else.
var canaries = []string{"Qwyxanthe", "Zbornakova-Lisk", "qwyx.canary@plantedmail.example", "+4479460958731", "Vorgthane", "canary-agent/7.3", "acting-canary-user",
	"CanaryReference-7731", "0xCA11AB1EbeefCa11AB1EbeefCA11ab1EBeefCA11", "canary-memo-5512", "CanaryGroup-Vex",
	"because-of-canary-4417", "canary-purpose-6620"}

// After a busy run no planted personal data is in any file that the server or
// the database left: plain, folded, hex, base64 or UTF-16.
func TestNoPlaintextAtRest(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var folders []string
			var in *installation
			if engine == "postgres" {
				cluster := scratchpg.NewCluster(t)
				in = installOn(t, cluster.URL("postgres"))
				folders = append(folders, cluster.DataDir(), filepath.Dir(cluster.LogFile()))
			} else {
				in = install(t, engine)
			}
			folders = append(folders, in.dir)
			p := in.start(t)
			busy(t, p)
			p.kill() // leaves WAL and logs as they are
			total := int64(0)
			for _, dir := range folders {
				n, found := grep(t, dir)
				total += n
				for _, f := range found {
					t.Error(f)
				}
			}
			if total < 100_000 {
				t.Errorf("only %d bytes were looked at", total)
			}
		})
	}
}

// busy plants the canaries through every use case that takes personal data.
func busy(t *testing.T, p *process) {
	t.Helper()
	do := func(method, path string, body any, header ...string) answer {
		t.Helper()
		header = append(header, "User-Agent", canaries[5], "x-acting-user", canaries[6],
			"x-access-reason", canaries[11], "x-access-purpose", canaries[12])
		a, err := p.call(context.Background(), method, path, body, header...)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	person := map[string]any{"first_name": canaries[0], "last_name": canaries[1], "email": canaries[2], "phone_number": canaries[3]}
	a := do("POST", "/api/v0/customers", person, "idempotency-key", "planted "+canaries[2])
	if a.status != 201 {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	var c customerJSON
	decode(t, a.body, &c)
	do("POST", "/api/v0/customers", person, "idempotency-key", "planted "+canaries[2])
	do("POST", "/api/v0/customers", person) // refused: duplicate
	do("POST", "/api/v0/customers/get-or-create", person, "idempotency-key", "again "+canaries[2])
	mine := "/api/v0/customers/" + c.ID
	for path, body := range map[string]map[string]any{
		mine + "/transactions": {"amount": 7731, "currency": "usd", "reference": canaries[7]},
		mine + "/liquidation_addresses": {
			"chain": "base", "currency": "usdc", "address": canaries[8], "external_account_id": "ea", "destination_blockchain_memo": canaries[9],
		},
		"/api/v0/customer-groups": {"name": canaries[10], "description": canaries[10]},
	} {
		for range 2 { // made, and replayed
			if a := do("POST", path, body, "idempotency-key", "planted"); a.status != 201 {
				t.Fatalf("%s: %d %s", path, a.status, a.body)
			}
		}
		do("GET", path, nil)
		do("GET", mine+"/liquidation_addresses/"+canaries[8], nil) // nothing of that name
	}
	for i := range 200 {
		do("PATCH", "/api/v0/customers/"+c.ID, map[string]any{"last_name": fmt.Sprintf("%s%d", canaries[4], i)})
		do("GET", "/api/v0/customers/"+c.ID, nil)
		do("GET", "/api/v0/customers?name="+url.QueryEscape(canaries[0])+"&email="+url.QueryEscape(canaries[2]), nil)
		do("GET", "/api/v0/customers/"+canaries[0], nil)                                   // malformed id
		do("POST", "/api/v0/customers", map[string]any{"first_name": canaries[0], "x": 1}) // invalid
	}
}

// grep looks for every canary in every form in every file below dir. It gives the
// number of bytes it read and what it found.
func grep(t *testing.T, dir string) (total int64, found []string) {
	t.Helper()
	forms := make(map[string][]byte)
	for _, canary := range canaries {
		for _, s := range []string{canary, strings.ToLower(canary), strings.ToUpper(canary)} {
			forms[s] = []byte(s)
			forms["hex of "+s] = []byte(hex.EncodeToString([]byte(s)))
			forms["HEX of "+s] = []byte(strings.ToUpper(hex.EncodeToString([]byte(s))))
			var wide []byte
			for _, u := range utf16.Encode([]rune(s)) {
				wide = append(wide, byte(u), byte(u>>8))
			}
			forms["UTF-16 of "+s] = wide[:len(wide)-1]
			forms["query form of "+s] = []byte(url.QueryEscape(s))
			for shift := range 3 { // base64 of the middle, whatever stands before it
				b := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{'.'}, shift), s...))
				forms[fmt.Sprintf("base64+%d of %s", shift, s)] = []byte(b[4 : len(b)-4])
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		total += int64(len(b))
		for name, form := range forms {
			if bytes.Contains(b, form) {
				found = append(found, filepath.Base(path)+" holds "+name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return total, found
}

// The search for canaries finds them when they are there.
func TestGrepFinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("xx"+hex.EncodeToString([]byte(canaries[0]))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found := grep(t, dir); len(found) != 1 {
		t.Errorf("a planted canary in hex gave %d findings, want 1", len(found))
	}
}
