package seal_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"custodex.dev/internal/seal"
)

// One key may seal any number of values only if no nonce comes twice.
func TestNoncesDoNotRepeat(t *testing.T) {
	t.Parallel()
	const workers, each = 2, 500_000
	app := mustApp(t, appA, fixed(1))
	nonces := make([]uint64, workers*each)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				// A third of the nonce does: by chance, two agree in it once in 37 million runs.
				nonces[w*each+i] = binary.BigEndian.Uint64(app.SealCursor(nil)[1+8:])
			}
		})
	}
	wg.Wait()
	slices.Sort(nonces)
	if n := len(slices.Compact(nonces)); n != workers*each {
		t.Errorf("%d nonces of %d came more than once", workers*each-n, workers*each)
	}
}

func TestNewKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		key := seal.NewAppKey()
		if len(key) != seal.KeySize || seen[string(key)] {
			t.Fatalf("NewAppKey gave %d bytes, or the same twice", len(key))
		}
		seen[string(key)] = true
	}
}

// Every hash depends on the key, the application, its use and all of its input, and on nothing else.
func TestHashes(t *testing.T) {
	t.Parallel()
	hashes := func(a *seal.App) map[string][]byte {
		return map[string][]byte{
			"email": a.EmailHash("x"), "entry": a.EntryMAC([]byte("x")), "secret": a.SecretHash("x"), "replay": a.ReplayHash("x"),
			"email of nothing": a.EmailHash(""), "entry of nothing": a.EntryMAC(nil), "secret of nothing": a.SecretHash(""),
			"replay of nothing": a.ReplayHash(""), "email y": a.EmailHash("y"), "email xx": a.EmailHash("xx"),
			"replay x, nothing": a.ReplayHash("x", ""), "replay nothing, x": a.ReplayHash("", "x"), "replay x, y": a.ReplayHash("x", "y"),
			"replay x, y, z": a.ReplayHash("x", "y", "z"), "replay x, yz": a.ReplayHash("x", "yz"), "replay xy, z": a.ReplayHash("xy", "z"),
			"replay x with length": a.ReplayHash("x\x01y"), "replay long": a.ReplayHash("x", strings.Repeat("y", 1000)),
		}
	}
	seen := make(map[string]string)
	for _, app := range []struct {
		name string
		*seal.App
	}{{"A", mustApp(t, appA, fixed(1))}, {"B", mustApp(t, appB, fixed(1))}, {"A, other key", mustApp(t, appA, fixed(2))}} {
		first, second := hashes(app.App), hashes(app.App)
		for what, h := range first {
			if len(h) != 32 {
				t.Errorf("%s: %s has %d bytes, want all 32", app.name, what, len(h))
			}
			if !bytes.Equal(h, second[what]) {
				t.Errorf("%s: %s is %x, then %x", app.name, what, h, second[what])
			}
			if other, taken := seen[string(h)]; taken {
				t.Errorf("%s: %s is the same as %s", app.name, what, other)
			}
			seen[string(h)] = app.name + ": " + what
		}
	}
}

// The e-mail index of one application tells nothing about another's, even under one key.
func TestEmailHashDiffersByApplication(t *testing.T) {
	t.Parallel()
	const form = "ada@example.com"
	a, b := mustApp(t, appA, fixed(1)), mustApp(t, appB, fixed(1))
	if bytes.Equal(a.EmailHash(form), b.EmailHash(form)) {
		t.Error("two applications have one hash for one address")
	}
	if !bytes.Equal(a.EmailHash(form), mustApp(t, appA, fixed(1)).EmailHash(form)) {
		t.Error("one application, opened twice, has two hashes for one address")
	}
	if bytes.Equal(a.Signer(), b.Signer()) || bytes.Equal(a.CosignerPublic(), b.CosignerPublic()) {
		t.Error("two applications sign with one key")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	app := mustApp(t, appA, fixed(1))
	key, wrapped := app.NewCustomer(ada)
	email, replay := app.EmailHash("x"), app.ReplayHash("a", "b")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				plain := fmt.Appendf(nil, "%d %d", w, i)
				if got, err := key.OpenPersonal(nil, key.SealPersonal(plain)); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("personal: %q, %v", got, err)
				}
				if got, err := app.OpenOrigin(app.SealOrigin(plain)); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("origin: %q, %v", got, err)
				}
				if _, err := app.OpenCustomer(ada, wrapped); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(app.EmailHash("x"), email) || !bytes.Equal(app.ReplayHash("a", "b"), replay) {
					t.Error("a hash changed under concurrent use")
				}
			}
		})
	}
	wg.Wait()
}

// TestKeysDoNotPrint looks for key bytes in what fmt makes of keys and of what holds them.
func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	master := mustMaster(t, fixed(9))
	app := mustApp(t, appA, fixed(11))
	key, _ := app.NewCustomer(ada)
	epoch := mustEpoch(t, 1, fixed(12))
	wrap, _ := epoch.NewWrapKey(appA)
	type holder struct {
		source seal.Provider
		epoch  seal.Epoch
		wrap   seal.WrapKey
		app    *seal.App
		copied seal.App
		key    seal.Customer
		keys   []seal.Customer
		byID   map[string]*seal.App
	}
	h := holder{master, epoch, wrap, app, *app, key, []seal.Customer{key}, map[string]*seal.App{"a": app}}
	long := func(out string) bool { // so many numbers in a row are a key; an id has 16
		run := 0
		for word := range strings.FieldsFuncSeq(out, func(r rune) bool { return strings.ContainsRune(" ,[]{}%!()=", r) }) {
			if run++; strings.Trim(word, "0123456789abcdefABCDEFx+") != "" {
				run = 0
			}
			if run == 24 {
				return true
			}
		}
		return false
	}
	if !long(fmt.Sprint(fixed(9))) || !long(fmt.Sprintf("%#v", fixed(9))) {
		t.Fatal("a key is not recognised when it does print")
	}
	for _, v := range []any{master, epoch, &epoch, wrap, &wrap, app, *app, key, &key, h, &h, []any{master, app, key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%w", "%z"} {
			out := fmt.Sprintf(verb, v)
			signer := app.Signer()
			for _, secret := range [][]byte{fixed(9), fixed(11), fixed(12), signer[:32], app.Cosigner().Bytes()} {
				for _, form := range []string{fmt.Sprintf("%x", secret[:8]), fmt.Sprintf("%X", secret[:8]), string(secret[:8]),
					strings.Trim(fmt.Sprint(secret[:8]), "[]")} {
					if strings.Contains(out, form) {
						t.Errorf("%s of %T shows a key: %s", verb, v, out)
					}
				}
			}
			if long(out) {
				t.Errorf("%s of %T shows a key: %s", verb, v, out)
			}
		}
	}
}
