package seal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// Two of everything a sealed value is bound to.
const (
	appA id.App = "app_aaaaaaaaaaaaaaaa"
	appB id.App = "app_bbbbbbbbbbbbbbbb"
)

var (
	ada  = id.Customer{0xad, 0xa0, 3: 1, 6: 0x40, 8: 0x80, 15: 1}
	bert = id.Customer{0xad, 0xa0, 3: 1, 6: 0x40, 8: 0x80, 15: 2}
)

// fixed makes a key that is the same in every run.
func fixed(seed byte) []byte {
	key := make([]byte, seal.KeySize)
	for i := range key {
		key[i] = seed + byte(i)
	}
	return key
}

func mustApp(t testing.TB, app id.App, key []byte) *seal.App {
	t.Helper()
	a, err := seal.OpenApp(app, key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustMaster(t testing.TB, key []byte) seal.KeySource {
	t.Helper()
	source, err := seal.NewMasterKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// place is one use of one key for one thing: what is sealed in it opens there and nowhere else.
type place struct {
	name string
	seal func(plain []byte) []byte
	open func(sealed []byte) ([]byte, error)
}

// places lists every pair of Seal and Open, each with its neighbours: the same in another
// application, under another key, for another customer and for another row.
func places(t testing.TB) []place {
	t.Helper()
	var list []place
	add := func(name string, seal func([]byte) []byte, open func([]byte) ([]byte, error)) {
		list = append(list, place{name, seal, open})
	}
	for _, app := range []struct {
		name string
		*seal.App
	}{
		{"A", mustApp(t, appA, fixed(1))},
		{"B under the key of A", mustApp(t, appB, fixed(1))},
		{"A under another key", mustApp(t, appA, fixed(2))},
	} {
		add("origin of "+app.name, app.SealOrigin, app.OpenOrigin)
		add("cursor of "+app.name, app.SealCursor, app.OpenCursor)
		for _, row := range []string{"cred_a", "cred_b", ""} {
			add("label "+row+" of "+app.name, func(p []byte) []byte { return app.SealLabel(row, p) },
				func(s []byte) ([]byte, error) { return app.OpenLabel(row, s) })
		}
		for _, c := range []id.Customer{ada, bert, {}} {
			name := c.String()[34:] + " of " + app.name
			first, _ := app.NewCustomer(c)
			second, _ := app.NewCustomer(c)
			for _, key := range []seal.Customer{first, second} {
				add("personal "+name, key.SealPersonal, func(s []byte) ([]byte, error) { return key.OpenPersonal(nil, s) })
				add("reply "+name, key.SealReply, key.OpenReply)
			}
			// A wrapped key opens as a key that then opens what the key sealed.
			var keys sync.Map
			add("key of "+name, func(plain []byte) []byte {
				key, wrapped := app.NewCustomer(c)
				keys.Store(string(wrapped), key.SealReply(plain))
				return wrapped
			}, func(wrapped []byte) ([]byte, error) {
				key, err := app.OpenCustomer(c, wrapped)
				if err != nil {
					return nil, err
				}
				reply, ok := keys.Load(string(wrapped))
				if !ok {
					return nil, nil // opened in the wrong place: the caller complains
				}
				return key.OpenReply(reply.([]byte))
			})
		}
	}
	for _, m := range []struct {
		name   string
		source seal.KeySource
	}{{"master", mustMaster(t, fixed(3))}, {"another master", mustMaster(t, fixed(4))}, {"master that is A's key", mustMaster(t, fixed(1))}} {
		for _, app := range []id.App{appA, appB, id.System, ""} {
			add(string(app)+" under the "+m.name, func(plain []byte) []byte {
				sealed, err := m.source.Wrap(context.Background(), app, plain)
				if err != nil {
					t.Error(err)
				}
				return sealed
			}, func(sealed []byte) ([]byte, error) { return m.source.Unwrap(context.Background(), app, sealed) })
		}
	}
	return list
}

const plainText = "Ada Lovelace, ada@example.com"

// refused complains unless err is the one fault of a value that does not open, and says nothing.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, seal.ErrOpen) || fault.KindOf(err) != fault.Internal {
		t.Errorf("%s: error %v, want %v", what, err, seal.ErrOpen)
		return
	}
	if text := err.Error(); text != "internal: sealed_value_damaged" {
		t.Errorf("%s: the error says %q", what, text)
	}
}

func TestSealedOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	list := places(t)
	for i, from := range list {
		for _, plain := range []string{plainText, ""} {
			sealed := from.seal([]byte(plain))
			if plain != "" && bytes.Contains(sealed, []byte(plain[:3])) {
				t.Fatalf("%s: the plain text can be read in %q", from.name, sealed)
			}
			for j, to := range list {
				got, err := to.open(sealed)
				if i != j {
					refused(t, from.name+" opened as "+to.name, err)
				} else if err != nil || string(got) != plain {
					t.Errorf("%s: opens as %q, %v, want %q", from.name, got, err, plain)
				}
			}
		}
	}
}

func TestDamagedDoesNotOpen(t *testing.T) {
	t.Parallel()
	for _, p := range places(t)[:15] { // one application has every kind but the master's
		damage(t, p)
	}
	for _, p := range places(t) {
		if strings.HasSuffix(p.name, "the master") {
			damage(t, p)
		}
	}
}

func damage(t *testing.T, p place) {
	t.Helper()
	good := p.seal([]byte(plainText))
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			_, err := p.open(bad)
			refused(t, fmt.Sprintf("%s: bit %d of byte %d", p.name, bit, i), err)
		}
		_, err := p.open(good[:i])
		refused(t, fmt.Sprintf("%s: cut to %d bytes", p.name, i), err)
		_, err = p.open(good[i+1:])
		refused(t, fmt.Sprintf("%s: without the first %d bytes", p.name, i+1), err)
	}
	for _, bad := range [][]byte{nil, {}, append(bytes.Clone(good), 0), append([]byte{1}, good...), append(good, good...), make([]byte, 41)} {
		_, err := p.open(bad)
		refused(t, fmt.Sprintf("%s: %x", p.name, bad), err)
	}
	if _, err := p.open(good); err != nil {
		t.Errorf("%s: the undamaged value does not open: %v", p.name, err)
	}
}

// A key that is not 256 bits long, wrapped in the place of a customer's key, is not one.
func TestOpenCustomerWantsAKey(t *testing.T) {
	t.Parallel()
	key, wrapped := mustApp(t, appA, fixed(1)).NewCustomer(ada)
	if got, want := len(wrapped), 1+24+seal.KeySize+16; got != want {
		t.Errorf("a wrapped key has %d bytes, want %d", got, want)
	}
	if got, want := len(key.SealPersonal([]byte(plainText))), 1+24+len(plainText)+16; got != want {
		t.Errorf("a sealed value has %d bytes, want %d", got, want)
	}
	for _, size := range []int{0, 16, 31, 33, 64} {
		if _, err := seal.OpenApp(appA, make([]byte, size)); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("OpenApp with a key of %d bytes: %v", size, err)
		}
		if _, err := seal.NewMasterKey(make([]byte, size)); err == nil || strings.Contains(err.Error(), "chacha") {
			t.Errorf("NewMasterKey with %d bytes: %v", size, err)
		}
	}
}

func TestOpenPersonalIntoABuffer(t *testing.T) {
	t.Parallel()
	key, _ := mustApp(t, appA, fixed(1)).NewCustomer(ada)
	sealed := key.SealPersonal([]byte(plainText))
	for _, capacity := range []int{0, 5, len(plainText), 512} {
		buf := bytes.Repeat([]byte{'x'}, capacity)
		got, err := key.OpenPersonal(buf, sealed)
		if err != nil || string(got) != plainText {
			t.Errorf("OpenPersonal into %d bytes = %q, %v", capacity, got, err)
		}
		if capacity >= len(plainText) && &got[0] != &buf[0] {
			t.Errorf("OpenPersonal did not use the %d bytes it was given", capacity)
		}
	}
	// Sealing leaves its input alone, and does not hand out the same memory twice.
	plain := []byte(plainText)
	one, two := key.SealPersonal(plain), key.SealPersonal(plain)
	if string(plain) != plainText || bytes.Equal(one, two) {
		t.Errorf("SealPersonal changed its input to %q, or seals alike", plain)
	}
}

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
	if bytes.Equal(a.Signer(), b.Signer()) {
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
	type holder struct {
		source seal.KeySource
		app    *seal.App
		copied seal.App
		key    seal.Customer
		keys   []seal.Customer
		byID   map[string]*seal.App
	}
	h := holder{master, app, *app, key, []seal.Customer{key}, map[string]*seal.App{"a": app}}
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
	for _, v := range []any{master, app, *app, key, &key, h, &h, []any{master, app, key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%w", "%z"} {
			out := fmt.Sprintf(verb, v)
			signer := app.Signer()
			for _, secret := range [][]byte{fixed(9), fixed(11), signer[:32]} {
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

func FuzzOpen(f *testing.F) {
	// The seeds are good under a key that is not the one they are tried with.
	key, wrapped := mustApp(f, appA, fixed(1)).NewCustomer(ada)
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(make([]byte, 1+24+16))
	f.Add(append([]byte{1}, make([]byte, 24+16)...))
	f.Add(wrapped)
	f.Add(key.SealPersonal([]byte(plainText)))
	app, master := mustApp(f, appA, seal.NewAppKey()), mustMaster(f, seal.NewAppKey())
	key, _ = app.NewCustomer(ada)
	f.Fuzz(func(t *testing.T, sealed []byte) {
		_, origin := app.OpenOrigin(sealed)
		_, cursor := app.OpenCursor(sealed)
		_, label := app.OpenLabel("cred_a", sealed)
		_, customer := app.OpenCustomer(ada, sealed)
		_, reply := key.OpenReply(sealed)
		_, unwrap := master.Unwrap(t.Context(), appA, sealed)
		for what, err := range map[string]error{"origin": origin, "cursor": cursor, "label": label, "customer": customer, "reply": reply, "unwrap": unwrap} {
			refused(t, what, err)
		}
		// What is sealed opens as it was, whatever it is, and not with a byte missing.
		again := key.SealPersonal(sealed)
		if got, err := key.OpenPersonal(nil, again); err != nil || !bytes.Equal(got, sealed) {
			t.Errorf("%x comes back as %x, %v", sealed, got, err)
		}
		_, err := key.OpenPersonal(nil, again[:len(again)-1])
		refused(t, "personal", err)
		if len(again) != 1+chacha20poly1305.NonceSizeX+len(sealed)+chacha20poly1305.Overhead {
			t.Errorf("%d bytes became %d", len(sealed), len(again))
		}
	})
}
