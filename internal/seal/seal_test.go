package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
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

	itemA = id.Item{0xad, 0xa0, 3: 1, 6: 0x40, 8: 0x80, 15: 3}
	itemB = id.Item{0xad, 0xa0, 3: 1, 6: 0x40, 8: 0x80, 15: 4}
)

// fixed makes a key that is the same in every run.
func fixed(seed byte) []byte {
	key := make([]byte, seal.KeySize)
	for i := range key {
		key[i] = seed + byte(i)
	}
	return key
}

func mustEpoch(t testing.TB, n int64, key []byte) seal.Epoch {
	t.Helper()
	e, err := seal.OpenEpoch(n, key)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// mustApp opens an application with a wrap key of its own.
func mustApp(t testing.TB, app id.App, key []byte) *seal.App {
	t.Helper()
	wrap, _ := mustEpoch(t, 1, fixed(0x50)).NewWrapKey(app)
	a, err := seal.OpenApp(app, key, wrap)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustMaster(t testing.TB, key []byte) seal.Provider {
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
				for _, item := range []id.Item{itemA, itemB} {
					add("item "+item.String()[34:]+" of "+name, func(p []byte) []byte { return key.SealItem(item, p) },
						func(s []byte) ([]byte, error) { return key.OpenItem(item, s) })
				}
				for _, version := range []int64{7, 8} {
					add(fmt.Sprintf("history of %d of %s", version, name), func(p []byte) []byte { return key.SealHistory(version, p) },
						func(s []byte) ([]byte, error) { return key.OpenHistory(version, s) })
				}
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
		name string
		seal.Provider
	}{{"master", mustMaster(t, fixed(3))}, {"another master", mustMaster(t, fixed(4))}, {"master that is A's key", mustMaster(t, fixed(1))}} {
		for _, n := range []int64{1, 2, 300} {
			add(fmt.Sprintf("epoch %d under the %s", n, m.name), func(plain []byte) []byte {
				sealed, err := m.Wrap(context.Background(), n, plain)
				if err != nil {
					t.Error(err)
				}
				return sealed
			}, func(sealed []byte) ([]byte, error) { return m.Unwrap(context.Background(), n, sealed) })
		}
	}
	for _, e := range []seal.Epoch{mustEpoch(t, 1, fixed(5)), mustEpoch(t, 1, fixed(6)), mustEpoch(t, 2, fixed(5)), mustEpoch(t, 300, fixed(3))} {
		for _, app := range []id.App{appA, appB, id.System} {
			where := fmt.Sprintf(" of %s in epoch %d of %p", app, e.Number(), &e)
			add("root"+where, func(p []byte) []byte { return e.WrapRoot(app, p) }, func(s []byte) ([]byte, error) { return e.OpenRoot(app, s) })
			seal, open := wrapKeyPlace(t, e, app)
			add("wrap key"+where, seal, open)
		}
	}
	return list
}

// wrapKeyPlace has wrap keys for values: one opens what was sealed for a customer whose key it
// wrapped.
func wrapKeyPlace(t testing.TB, e seal.Epoch, app id.App) (func([]byte) []byte, func([]byte) ([]byte, error)) {
	type made struct{ customer, reply []byte }
	var keys sync.Map
	open := func(wrap seal.WrapKey) *seal.App {
		a, err := seal.OpenApp(app, fixed(1), wrap)
		if err != nil {
			t.Error(err)
		}
		return a
	}
	return func(plain []byte) []byte {
			wrap, wrapped := e.NewWrapKey(app)
			key, customer := open(wrap).NewCustomer(ada)
			keys.Store(string(wrapped), made{customer, key.SealReply(plain)})
			return wrapped
		}, func(wrapped []byte) ([]byte, error) {
			wrap, err := e.OpenWrapKey(app, wrapped)
			if err != nil {
				return nil, err
			}
			m, ok := keys.Load(string(wrapped))
			if !ok {
				return nil, nil // opened in the wrong place: the caller complains
			}
			key, err := open(wrap).OpenCustomer(ada, m.(made).customer)
			if err != nil {
				return nil, err
			}
			return key.OpenReply(m.(made).reply)
		}
}

// Every way to seal is a place in the test below, and has a vector.
func TestEverySealIsTested(t *testing.T) {
	t.Parallel()
	tried := map[string]string{ // by method: how its places and its vector begin
		"SealOrigin": "origin", "SealCursor": "cursor", "SealLabel": "label ", "SealPersonal": "personal", "SealReply": "reply", "SealItem": "item ",
		"SealHistory": "history of ",
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[*seal.App](), reflect.TypeFor[seal.Customer]()} {
		for i := range typ.NumMethod() {
			method := typ.Method(i).Name
			if !strings.HasPrefix(method, "Seal") {
				continue
			}
			begins := tried[method]
			inPlaces := slices.ContainsFunc(places(t), func(p place) bool { return strings.HasPrefix(p.name, begins) })
			inVectors := slices.ContainsFunc(kinds(), func(kind string) bool { return strings.HasPrefix(kind, begins) })
			if begins == "" || !inPlaces || !inVectors {
				t.Errorf("%s has no place, or no vector", method)
			}
		}
	}
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
	for _, p := range places(t)[:15] { // one application has every kind but those of epochs
		damage(t, p)
	}
	for _, p := range places(t) {
		if strings.HasSuffix(p.name, "the master") || strings.HasPrefix(p.name, "root") || strings.HasPrefix(p.name, "wrap key") {
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
	if got, want := len(wrapped), 1+1+24+seal.KeySize+16; got != want {
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

func FuzzOpen(f *testing.F) {
	// The seeds are good under a key that is not the one they are tried with.
	key, wrapped := mustApp(f, appA, fixed(1)).NewCustomer(ada)
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(make([]byte, 1+24+16))
	f.Add(append([]byte{1}, make([]byte, 24+16)...))
	f.Add(wrapped)
	f.Add(key.SealPersonal([]byte(plainText)))
	app, master, epoch := mustApp(f, appA, seal.NewAppKey()), mustMaster(f, seal.NewAppKey()), mustEpoch(f, 1, seal.NewEpochKey())
	key, _ = app.NewCustomer(ada)
	f.Fuzz(func(t *testing.T, sealed []byte) {
		_, origin := app.OpenOrigin(sealed)
		_, cursor := app.OpenCursor(sealed)
		_, label := app.OpenLabel("cred_a", sealed)
		_, customer := app.OpenCustomer(ada, sealed)
		_, reply := key.OpenReply(sealed)
		_, unwrap := master.Unwrap(t.Context(), 1, sealed)
		_, before := master.(seal.RootOpener).UnwrapRoot(t.Context(), appA, sealed)
		_, root := epoch.OpenRoot(appA, sealed)
		_, wrap := epoch.OpenWrapKey(appA, sealed)
		for what, err := range map[string]error{
			"origin": origin, "cursor": cursor, "label": label, "customer": customer, "reply": reply, "unwrap": unwrap,
			"root before epochs": before, "root": root, "wrap key": wrap,
		} {
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
