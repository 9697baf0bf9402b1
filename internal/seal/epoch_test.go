package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// epochVectors is testdata/epochs.json: one value of each layer, each under the one before it.
// Every byte string is hexadecimal.
type epochVectors struct {
	App       id.App `json:"app"`
	Customer  string `json:"customer"`
	MasterKey string `json:"master_key"`
	Epoch     int64  `json:"epoch"`
	EpochKey  string `json:"epoch_key"`    // wrapped by the master key
	Root      string `json:"root"`         // wrapped in the epoch
	WrapKey   string `json:"wrap_key"`     // wrapped in the epoch
	Key       string `json:"customer_key"` // wrapped under the wrap key
	Personal  string `json:"personal"`     // encrypted under the customer key
	Plain     string `json:"plain"`        // what that is
}

func readEpochVectors(t *testing.T) epochVectors {
	t.Helper()
	path := filepath.Join("testdata", "epochs.json")
	if _, err := os.Stat(path); os.IsNotExist(err) && *update {
		writeEpochVectors(t, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v epochVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func writeEpochVectors(t *testing.T, path string) {
	t.Helper()
	const n = 300
	raw := fixed(0x60)
	wrapped, err := mustMaster(t, fixed(0x40)).Wrap(t.Context(), n, raw)
	if err != nil {
		t.Fatal(err)
	}
	epoch := mustEpoch(t, n, raw)
	app, root, wrap := epoch.NewApp(appA)
	key, wrappedKey := app.NewCustomer(ada)
	b, err := json.MarshalIndent(epochVectors{
		App: appA, Customer: ada.String(), MasterKey: hex.EncodeToString(fixed(0x40)), Epoch: n, EpochKey: hex.EncodeToString(wrapped),
		Root: hex.EncodeToString(root), WrapKey: hex.EncodeToString(wrap), Key: hex.EncodeToString(wrappedKey),
		Personal: hex.EncodeToString(key.SealPersonal([]byte(plainText))), Plain: hex.EncodeToString([]byte(plainText)),
	}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// openEpochVectors opens the layers down to the application.
func openEpochVectors(t *testing.T, v epochVectors) (app *seal.App, wrap seal.WrapKey) {
	t.Helper()
	raw, err := mustMaster(t, unhex(t, v.MasterKey)).Unwrap(t.Context(), v.Epoch, unhex(t, v.EpochKey))
	if err != nil {
		t.Fatal(err)
	}
	epoch := mustEpoch(t, v.Epoch, raw)
	root, err := epoch.OpenRoot(v.App, unhex(t, v.Root))
	if err != nil {
		t.Fatal(err)
	}
	if wrap, err = epoch.OpenWrapKey(v.App, unhex(t, v.WrapKey)); err != nil {
		t.Fatal(err)
	}
	if app, err = seal.OpenApp(v.App, root, wrap); err != nil {
		t.Fatal(err)
	}
	return app, wrap
}

func TestEpochVectors(t *testing.T) {
	t.Parallel()
	v := readEpochVectors(t)
	app, _ := openEpochVectors(t, v)
	key, err := app.OpenCustomer(ada, unhex(t, v.Key))
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.OpenPersonal(nil, unhex(t, v.Personal))
	if err != nil || !bytes.Equal(got, unhex(t, v.Plain)) {
		t.Errorf("opens as %q, %v", got, err)
	}
	for name, wrapped := range map[string]string{"root": v.Root, "wrap key": v.WrapKey, "customer key": v.Key, "epoch key": v.EpochKey} {
		if n := seal.EpochOf(unhex(t, wrapped)); n != v.Epoch {
			t.Errorf("EpochOf the %s = %d, want %d", name, n, v.Epoch)
		}
	}
}

// TestEpochFormByHand does with the primitives what the package comment says.
func TestEpochFormByHand(t *testing.T) {
	t.Parallel()
	v := readEpochVectors(t)
	open := func(key []byte, sealed string, app id.App, customer id.Customer, table, purpose string) []byte {
		t.Helper()
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			t.Fatal(err)
		}
		head := []byte{2, 0xac, 2} // 300
		bound := bytes.Clone(head)
		for _, s := range []string{string(app), string(customer[:]), table, purpose} {
			bound = append(append(bound, byte(len(s))), s...)
		}
		b := unhex(t, sealed)
		if !bytes.HasPrefix(b, head) {
			t.Fatalf("%s begins with %x, want %x", purpose, b[:3], head)
		}
		plain, err := aead.Open(nil, b[3:27], b[27:], bound)
		if err != nil {
			t.Fatalf("%s of %s: %v", purpose, table, err)
		}
		return plain
	}
	epoch := open(unhex(t, v.MasterKey), v.EpochKey, "", id.Customer{}, "key_epoch", "epoch key")
	if root := open(epoch, v.Root, v.App, id.Customer{}, "application", "application root"); len(root) != seal.KeySize {
		t.Errorf("the root has %d bytes", len(root))
	}
	wrap := open(epoch, v.WrapKey, v.App, id.Customer{}, "app_wrap_key", "wrap key")
	if key := open(wrap, v.Key, v.App, ada, "customer_key", "customer key"); len(key) != seal.KeySize {
		t.Errorf("the customer's key has %d bytes", len(key))
	}
}

// A customer's key opens in the epoch that it names, beside keys of other epochs and of before
// there were any; what its epoch wrapped is gone with the epoch.
func TestOpenCustomerInItsEpoch(t *testing.T) {
	t.Parallel()
	first, _ := mustEpoch(t, 1, fixed(5)).NewWrapKey(appA)
	second, _ := mustEpoch(t, 2, fixed(6)).NewWrapKey(appA)
	open := func(wraps ...seal.WrapKey) *seal.App {
		t.Helper()
		app, err := seal.OpenApp(appA, fixed(1), wraps...)
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	_, old := open(first).NewCustomer(ada)
	both := open(second, first)
	_, young := both.NewCustomer(ada)
	if n := seal.EpochOf(young); n != 2 {
		t.Errorf("a new customer is in epoch %d, want the newest, 2", n)
	}
	for name, wrapped := range map[string][]byte{"old": old, "young": young} {
		if _, err := both.OpenCustomer(ada, wrapped); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := open(second).OpenCustomer(ada, old)
	refused(t, "a key whose epoch is gone", err)
	forged := append([]byte{2, 2}, old[2:]...)
	_, err = both.OpenCustomer(ada, forged)
	refused(t, "a key that names another epoch", err)
}

// TestSwaps opens ciphertexts in each other's places: rows, fields, customers, applications, epochs
// and purposes.
func TestSwaps(t *testing.T) {
	t.Parallel()
	const n = 100_000
	list := places(t)
	sealed := make([][]byte, len(list))
	for i, p := range list {
		sealed[i] = p.seal(fmt.Appendf(nil, "value %d", i))
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range n {
		from, to := random.IntN(len(list)), random.IntN(len(list))
		if from == to {
			continue
		}
		if _, err := list[to].open(sealed[from]); err == nil {
			t.Errorf("%s opens as %s (seed %d)", list[from].name, list[to].name, seed)
		}
	}
}
