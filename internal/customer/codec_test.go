package customer_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/redact"
)

// field encodes one field as the codec does.
func field(number uint64, value string) []byte {
	b := binary.AppendUvarint(nil, number)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// record encodes a version byte and the fields.
func record(fields ...[]byte) []byte { return append([]byte{1}, bytes.Join(fields, nil)...) }

// fields gives what can be seen of a Personal as text, since it does not print itself.
func fields(p *customer.Personal) []string {
	out := []string{string(p.LastSpent), p.LastPurchase.Format(time.RFC3339Nano), string(p.KYC.Status),
		p.KYC.VerifiedAt.Format(time.RFC3339Nano), strconv.FormatBool(p.KYC.Accounts)}
	for _, text := range texts(p) {
		out = append(out, text.Reveal())
	}
	return out
}

// texts are all the texts of a Personal.
func texts(p *customer.Personal) []*redact.Personal {
	a := &p.Address
	return []*redact.Personal{&p.Given, &p.Family, &p.Email, &p.Phone, &p.Whatsapp, &p.Country, &a.Number, &a.Street, &a.Line2,
		&a.City, &a.Region, &a.PostalCode, &a.Country, &p.Profile, &p.CreatedBy, &p.KYC.Reason}
}

func anyPersonal() *rapid.Generator[customer.Personal] {
	text := rapid.OneOf(rapid.String(), rapid.Just(""), rapid.Just(strings.Repeat("é", 300)))
	return rapid.Custom(func(rt *rapid.T) customer.Personal {
		p := customer.Personal{
			LastSpent: customer.Amount(rapid.StringMatching(`|[0-9]{1,20}(\.[0-9]{1,8})?`).Draw(rt, "spent")),
			KYC:       customer.KYC{Status: rapid.SampledFrom(append(customer.KYCStatuses(), "")).Draw(rt, "kyc"), Accounts: rapid.Bool().Draw(rt, "accounts")},
		}
		for i, dst := range texts(&p) {
			*dst = redact.Personal(text.Draw(rt, "text "+strconv.Itoa(i)))
		}
		for _, dst := range []*time.Time{&p.LastPurchase, &p.KYC.VerifiedAt} {
			if rapid.Bool().Draw(rt, "set") {
				*dst = time.UnixMilli(rapid.Int64Range(-1e14, 1e14).Draw(rt, "ms")).UTC()
			}
		}
		return p
	})
}

func TestCodecRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := anyPersonal().Draw(rt, "p")
		b := want.AppendBinary([]byte("before"))
		if !bytes.HasPrefix(b, []byte("before")) {
			rt.Fatalf("AppendBinary overwrote what was there: %x", b)
		}
		b = b[len("before"):]
		got := customer.Personal{Given: "left over", LastSpent: "9", LastPurchase: time.Unix(9, 0)} // all has to be replaced
		if err := got.UnmarshalBinary(b); err != nil {
			rt.Fatalf("UnmarshalBinary(%x) = %v", b, err)
		}
		if diff := cmp.Diff(fields(&want), fields(&got)); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
		clear(b) // the fields must not share the caller's bytes, which are used again
		if diff := cmp.Diff(fields(&want), fields(&got)); diff != "" {
			rt.Fatalf("after the bytes changed (-want +got):\n%s", diff)
		}
	})
}

// TestCodecForm pins version 1: records made of it are in databases.
func TestCodecForm(t *testing.T) {
	t.Parallel()
	p := customer.Personal{Given: "Ada", Family: "Lovelace", Email: "ada@example.com", Phone: "+44 20 7946 0958",
		LastSpent: "12.50", LastPurchase: time.Date(2026, 11, 20, 12, 0, 0, 5e6, time.UTC)}
	want := "\x01\x01\x03Ada\x02\x08Lovelace\x03\x0fada@example.com\x04\x10+44 20 7946 0958\x05\x0512.50\x06\x06\x8a\xa8\x9f\x8d\xbf\x68"
	if got := string(p.AppendBinary(nil)); got != want {
		t.Errorf("AppendBinary = %q, want %q", got, want)
	}
	for i := range texts(&p)[4:] { // the others have the numbers from 7 on
		var p customer.Personal
		*texts(&p)[4+i] = "x"
		if got, want := p.AppendBinary(nil), record(field(uint64(7+i), "x")); !bytes.Equal(got, want) {
			t.Errorf("text %d is encoded as %x, want %x", i, got, want)
		}
	}
	checks := customer.Personal{KYC: customer.KYC{Status: customer.KYCApproved, VerifiedAt: time.UnixMilli(1), Accounts: true}}
	if got, want := checks.AppendBinary(nil), record(field(19, "approved"), field(20, "\x02"), field(21, "1")); !bytes.Equal(got, want) {
		t.Errorf("checks are encoded as %x, want %x", got, want)
	}
	if got := string((&customer.Personal{}).AppendBinary(nil)); got != "\x01" {
		t.Errorf("AppendBinary of nothing = %q, want the version alone", got)
	}
	sub := customer.Personal{LastPurchase: time.UnixMilli(5).Add(999_999)}
	var got customer.Personal
	if err := got.UnmarshalBinary(sub.AppendBinary(nil)); err != nil || !got.LastPurchase.Equal(time.UnixMilli(5)) {
		t.Errorf("less than a millisecond came back as %v, %v", got.LastPurchase, err)
	}
	epoch := customer.Personal{LastPurchase: time.Unix(0, 0)}
	if err := got.UnmarshalBinary(epoch.AppendBinary(nil)); err != nil || got.LastPurchase.IsZero() || got.LastPurchase.Location() != time.UTC {
		t.Errorf("1970 came back as %v, %v", got.LastPurchase, err)
	}
}

// An older release that rewrites a record must not lose what a newer one put there.
func TestCodecKeepsUnknownFields(t *testing.T) {
	t.Parallel()
	newer := record(field(1, "Ada"), field(1007, "\x00x"), field(1008, strings.Repeat("y", 200)), field(1<<40, "z"))
	var p customer.Personal
	if err := p.UnmarshalBinary(newer); err != nil {
		t.Fatal(err)
	}
	if got := p.AppendBinary(nil); !bytes.Equal(got, newer) {
		t.Errorf("rewritten: %x, want %x", got, newer)
	}

	// The same after a change, and a copy made before is not touched by it.
	c := customer.Customer{Personal: p}
	change := customer.Change{Family: new(redact.Personal("Lovelace")), Given: new(redact.Personal("Augusta"))}
	change.Apply(&c)
	want := record(field(1, "Augusta"), field(2, "Lovelace"), field(1007, "\x00x"), field(1008, strings.Repeat("y", 200)), field(1<<40, "z"))
	if got := c.AppendBinary(nil); !bytes.Equal(got, want) {
		t.Errorf("changed and rewritten: %x, want %x", got, want)
	}
	if got := p.AppendBinary(nil); !bytes.Equal(got, newer) {
		t.Errorf("the copy is now %x, want %x", got, newer)
	}

	// They do not stay behind when the value is used for another record.
	if err := p.UnmarshalBinary(record(field(1, "Bob"))); err != nil {
		t.Fatal(err)
	}
	if got, want := p.AppendBinary(nil), record(field(1, "Bob")); !bytes.Equal(got, want) {
		t.Errorf("used again: %x, want %x", got, want)
	}
}

func TestCodecRefuses(t *testing.T) {
	t.Parallel()
	full := customer.Personal{Given: "Ada", Family: "Lovelace", Email: "ada@example.com", Phone: "+44", LastSpent: "1",
		LastPurchase: time.UnixMilli(1e12)}
	good := full.AppendBinary(nil)
	zeroTime := string(binary.AppendVarint(nil, time.Time{}.UnixMilli()))
	bad := map[string][]byte{
		"nothing":                     nil,
		"empty":                       {},
		"version 0":                   append([]byte{0}, good[1:]...),
		"version 2":                   append([]byte{2}, good[1:]...),
		"number 0":                    record(field(0, "x")),
		"a number twice":              record(field(1, "x"), field(1, "y")),
		"an unknown number twice":     record(field(1009, "x"), field(1009, "y")),
		"falling numbers":             record(field(2, "x"), field(1, "y")),
		"an unknown before a known":   record(field(1009, "x"), field(1, "y")),
		"an empty field":              record(field(1, "")),
		"an empty unknown field":      record(field(1009, "")),
		"an empty time":               record(field(6, "")),
		"a longer number than needed": record([]byte{0x81, 0x00, 1, 'x'}),
		"a longer length than needed": record([]byte{1, 0x81, 0x00, 'x'}),
		"a longer time than needed":   record(field(6, "\x82\x00")),
		"a time and more":             record(field(6, "\x02\x02")),
		"half a time":                 record(field(6, "\x82")),
		"a time beyond 64 bits":       record(field(6, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
		"the zero time":               record(field(6, zeroTime)),
		"the zero time of a check":    record(field(20, zeroTime)),
		"a switch that is not 1":      record(field(21, "0")),
		"a number beyond 64 bits":     record(bytes.Repeat([]byte{0xff}, 10), []byte{1, 'x'}),
		"a length beyond 64 bits":     record([]byte{1}, bytes.Repeat([]byte{0xff}, 10), []byte{1, 'x'}),
		"the longest length":          record([]byte{1}, binary.AppendUvarint(nil, 1<<64-1), []byte{'x'}),
		"a length that wraps":         record([]byte{1}, binary.AppendUvarint(nil, 1<<63), []byte{'x'}),
		"a length one too long":       record([]byte{1, 2, 'x'}),
		"one byte more":               append(bytes.Clone(good), 7),
	}
	for n := range good {
		// A cut between two fields leaves a shorter record; the seal over it is what tells.
		if n != 1 && !isBoundary(good, n) {
			bad["cut to "+string(good[:n])] = good[:n]
		}
	}
	for name, b := range bad {
		p := customer.Personal{Given: "as it was"}
		if err := p.UnmarshalBinary(b); !errors.Is(err, customer.ErrMalformed) {
			t.Errorf("%s: UnmarshalBinary(%x) = %v, want %v", name, b, err, customer.ErrMalformed)
		}
		if diff := cmp.Diff(fields(&customer.Personal{Given: "as it was"}), fields(&p)); diff != "" {
			t.Errorf("%s: UnmarshalBinary failed and changed its receiver (-want +got):\n%s", name, diff)
		}
	}
}

// isBoundary reports whether a record ends a field at n.
func isBoundary(b []byte, n int) bool {
	pos := 1
	for pos < n {
		pos += 2 + int(b[pos+1]) // small numbers and lengths have one byte each
	}
	return pos == n
}

func FuzzCodec(f *testing.F) {
	f.Add([]byte{1})
	f.Add((&customer.Personal{Given: "Ada", LastSpent: "1.5", LastPurchase: time.UnixMilli(-1)}).AppendBinary(nil))
	f.Add(record(field(3, "a@b.co"), field(6, "\x01"), field(7, "known"), field(1007, "new"), field(1<<60, "x")))
	f.Add(record([]byte{0x81, 0x00, 1, 'x'}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p customer.Personal
		if err := p.UnmarshalBinary(b); err != nil {
			if !errors.Is(err, customer.ErrMalformed) {
				t.Errorf("UnmarshalBinary(%x) = %v", b, err)
			}
			return
		}
		if again := p.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}
