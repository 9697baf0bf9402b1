package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// -update adds a vector of each kind that the file has none of. It never touches one that is there:
// values of that form are in databases and have to open for good.
var update = flag.Bool("update", false, "add missing vectors to testdata")

const vectorFile = "vectors.json"

// vectors is testdata/vectors.json. Every byte string is hexadecimal.
type vectors struct {
	App       id.App   `json:"app"`
	Customer  string   `json:"customer"`
	MasterKey string   `json:"master_key"`
	Values    []vector `json:"values"`
}

type vector struct {
	Kind  string `json:"kind"`
	Plain string `json:"plain"`           // what was sealed, hashed or signed
	Out   string `json:"out"`             // the sealed value, the hash or the signature
	Under string `json:"under,omitempty"` // the wrapped key that it needs
}

// openRoot opens a root as it was wrapped before there were epochs.
func openRoot(t *testing.T, v vectors, wrapped []byte) ([]byte, error) {
	t.Helper()
	return mustMaster(t, unhex(t, v.MasterKey)).(seal.RootOpener).UnwrapRoot(t.Context(), v.App, wrapped)
}

// vectorApp makes the application of the file. Its key is wrapped in the first vector.
func vectorApp(t *testing.T, v vectors) *seal.App {
	t.Helper()
	for _, value := range v.Values {
		if value.Kind == "application key" {
			root, err := openRoot(t, v, unhex(t, value.Out))
			if err != nil {
				t.Fatalf("application key: %v", err)
			}
			_, wrap := openEpochVectors(t, readEpochVectors(t))
			app, err := seal.OpenApp(v.App, root, wrap)
			if err != nil {
				t.Fatal(err)
			}
			return app
		}
	}
	t.Fatal("the vectors lack an application key")
	return nil
}

// sealings are the kinds of vector whose output differs each time; how is one made, and opened?
var sealings = map[string]struct {
	seal func(a *seal.App, key seal.Customer, plain []byte) []byte
	open func(a *seal.App, key seal.Customer, sealed []byte) ([]byte, error)
}{
	"origin": {
		func(a *seal.App, _ seal.Customer, plain []byte) []byte { return a.SealOrigin(plain) },
		func(a *seal.App, _ seal.Customer, sealed []byte) ([]byte, error) { return a.OpenOrigin(sealed) },
	},
	"cursor": {
		func(a *seal.App, _ seal.Customer, plain []byte) []byte { return a.SealCursor(plain) },
		func(a *seal.App, _ seal.Customer, sealed []byte) ([]byte, error) { return a.OpenCursor(sealed) },
	},
	"label of cred_a": {
		func(a *seal.App, _ seal.Customer, plain []byte) []byte { return a.SealLabel("cred_a", plain) },
		func(a *seal.App, _ seal.Customer, sealed []byte) ([]byte, error) {
			return a.OpenLabel("cred_a", sealed)
		},
	},
	"personal": {
		func(_ *seal.App, key seal.Customer, plain []byte) []byte { return key.SealPersonal(plain) },
		func(_ *seal.App, key seal.Customer, sealed []byte) ([]byte, error) {
			return key.OpenPersonal(nil, sealed)
		},
	},
	"reply": {
		func(_ *seal.App, key seal.Customer, plain []byte) []byte { return key.SealReply(plain) },
		func(_ *seal.App, key seal.Customer, sealed []byte) ([]byte, error) { return key.OpenReply(sealed) },
	},
	"item a": {
		func(_ *seal.App, key seal.Customer, plain []byte) []byte { return key.SealItem(itemA, plain) },
		func(_ *seal.App, key seal.Customer, sealed []byte) ([]byte, error) {
			return key.OpenItem(itemA, sealed)
		},
	},
	"history of 7": {
		func(_ *seal.App, key seal.Customer, plain []byte) []byte { return key.SealHistory(7, plain) },
		func(_ *seal.App, key seal.Customer, sealed []byte) ([]byte, error) {
			return key.OpenHistory(7, sealed)
		},
	},
}

// derivations are the kinds whose output is always the same.
var derivations = map[string]func(a *seal.App, plain []byte) []byte{
	"email hash":       func(a *seal.App, plain []byte) []byte { return a.EmailHash(string(plain)) },
	"entry checksum":   func(a *seal.App, plain []byte) []byte { return a.EntryMAC(plain) },
	"row sum of a":     func(a *seal.App, plain []byte) []byte { return a.RowSum("a", plain) },
	"secret hash":      func(a *seal.App, plain []byte) []byte { return a.SecretHash(string(plain)) },
	"replay hash of a": func(a *seal.App, plain []byte) []byte { return a.ReplayHash("a", string(plain), "") },
	"signature":        func(a *seal.App, plain []byte) []byte { return ed25519.Sign(a.Signer(), plain) },
	"cosignature": func(a *seal.App, plain []byte) []byte {
		signature, err := a.Cosigner().SignDeterministic(plain, nil)
		if err != nil {
			panic(err)
		}
		return signature
	},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", vectorFile)
	var v vectors
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		addMissing(t, &v)
		b, err := json.MarshalIndent(v, "", "\t")
		if err == nil {
			err = os.WriteFile(path, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	app := vectorApp(t, v)
	c, err := id.ParseCustomer(v.Customer)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"application key": true}
	for _, value := range v.Values {
		seen[value.Kind] = true
		plain, out := unhex(t, value.Plain), unhex(t, value.Out)
		if derive, ok := derivations[value.Kind]; ok {
			if got := derive(app, plain); !bytes.Equal(got, out) {
				t.Errorf("%s of %q = %x, want %x", value.Kind, plain, got, out)
			}
			continue
		}
		if value.Kind == "application key" {
			got, err := openRoot(t, v, out)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s opens as %x, %v, want %x", value.Kind, got, err, plain)
			}
			continue
		}
		how, ok := sealings[value.Kind]
		if !ok {
			t.Errorf("nothing here opens a value of kind %q any more, but there are such values", value.Kind)
			continue
		}
		key, err := app.OpenCustomer(c, unhex(t, value.Under))
		if err != nil {
			t.Errorf("%s: the customer's key: %v", value.Kind, err)
			continue
		}
		got, err := how.open(app, key, out)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s opens as %q, %v, want %q", value.Kind, got, err, plain)
		}
	}
	for _, kind := range kinds() {
		if !seen[kind] {
			t.Errorf("%s has no vector of kind %q; add one with -update", path, kind)
		}
	}
}

// kinds lists every kind of vector, in a fixed order.
func kinds() []string {
	var list []string
	for kind := range sealings {
		list = append(list, kind)
	}
	for kind := range derivations {
		list = append(list, kind)
	}
	slices.Sort(list)
	return list
}

func addMissing(t *testing.T, v *vectors) {
	t.Helper()
	has := func(kind string) bool {
		return slices.ContainsFunc(v.Values, func(value vector) bool { return value.Kind == kind })
	}
	app := vectorApp(t, *v)
	c, err := id.ParseCustomer(v.Customer)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds() {
		if has(kind) {
			continue
		}
		plain := []byte("vector of " + kind)
		value := vector{Kind: kind, Plain: hex.EncodeToString(plain)}
		if derive, ok := derivations[kind]; ok {
			value.Out = hex.EncodeToString(derive(app, plain))
		} else {
			key, wrapped := app.NewCustomer(c)
			value.Out, value.Under = hex.EncodeToString(sealings[kind].seal(app, key, plain)), hex.EncodeToString(wrapped)
		}
		v.Values = append(v.Values, value)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormByHand does with the primitives what the package comment says, so that the comment is
// enough to read a database without this package.
func TestFormByHand(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("testdata", vectorFile))
	var v vectors
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	app, appKey, wrapped := vectorApp(t, v), fixed(0x80), []byte(nil)
	for _, value := range v.Values {
		if value.Kind == "personal" {
			wrapped = unhex(t, value.Under)
		}
	}
	sub := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, appKey, nil, "custodex v1 "+purpose+"\x00"+string(appA), 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	open := func(key, sealed []byte, customer id.Customer, table, purpose string) []byte {
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			t.Fatal(err)
		}
		bound := []byte{1}
		for _, s := range []string{string(appA), string(customer[:]), table, purpose} {
			bound = append(append(bound, byte(len(s))), s...)
		}
		if sealed[0] != 1 {
			t.Fatalf("format %d, want 1", sealed[0])
		}
		plain, err := aead.Open(nil, sealed[1:25], sealed[25:], bound)
		if err != nil {
			t.Fatalf("%s of %s: %v", purpose, table, err)
		}
		return plain
	}
	// As it was wrapped before there were epochs; see TestEpochFormByHand for those.
	key, err := app.OpenCustomer(ada, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	raw := open(sub("customer key"), wrapped, ada, "customer_key", "customer key")
	for what, got := range map[string][]byte{
		"personal": open(raw, key.SealPersonal([]byte("x")), ada, "customer", "personal"),
		"reply":    open(raw, key.SealReply([]byte("x")), ada, "idempotency", "reply"),
		"item":     open(raw, key.SealItem(itemA, []byte("x")), ada, "customer_item", "item "+itemA.String()),
		"history":  open(raw, key.SealHistory(7, []byte("x")), ada, "customer_history", "history 7"),
		"origin":   open(sub("audit personal"), app.SealOrigin([]byte("x")), id.Customer{}, "audit", "origin"),
		"cursor":   open(sub("cursor"), app.SealCursor([]byte("x")), id.Customer{}, "list", "cursor"),
		"label":    open(sub("credential label"), app.SealLabel("cred_a", []byte("x")), id.Customer{}, "credential", "label cred_a"),
	} {
		if string(got) != "x" {
			t.Errorf("%s opens as %q, want x", what, got)
		}
	}
	sum := hmac.New(sha256.New, sub("row checksum"))
	sum.Write([]byte("\x08customerx"))
	if got, want := app.RowSum("customer", []byte("x")), sum.Sum(nil); !bytes.Equal(got, want) {
		t.Errorf("RowSum = %x, want %x", got, want)
	}
	sum = hmac.New(sha256.New, sub("email index"))
	sum.Write([]byte("ada@example.com"))
	if got, want := app.EmailHash("ada@example.com"), sum.Sum(nil); !bytes.Equal(got, want) {
		t.Errorf("EmailHash = %x, want %x", got, want)
	}
}
