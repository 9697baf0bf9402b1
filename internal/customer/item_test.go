package customer_test

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/redact"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	sixty := strings.Repeat("7", 60)
	for s, want := range map[string]string{
		"0": "0", "0.0": "0", "0e60": "0", "0.000e-5": "0", "1": "1", "10": "10", "0.1": "0.1", "0.10": "0.1", "250.75": "250.75",
		"1500.00": "1500", "1e15": "1000000000000000", "1E15": "1000000000000000", "1e+15": "1000000000000000", "1e05": "100000",
		"1.5e1": "15", "1.5e2": "150", "15e-1": "1.5", "1.50e0": "1.5", "12.34e-3": "0.01234", "1e-0": "1", "100e-2": "1",
		"123456789012345678901234567890":     "123456789012345678901234567890",
		"0.123456789012345678901234567891":   "0.123456789012345678901234567891",
		"123456789012345.678901234567891":    "123456789012345.678901234567891",
		"123456789012345678901234567890.5e1": "1234567890123456789012345678905",
		sixty:                                sixty, "1e59": "1" + strings.Repeat("0", 59), "1e-59": "0." + strings.Repeat("0", 58) + "1",
		"7." + sixty[1:]: "7." + sixty[1:], "-0": "0", "-0.00": "0", "-0e5": "0",
	} {
		got, ok := customer.ParseAmount(s)
		if got.Number() != want || !ok {
			t.Errorf("ParseAmount(%q) = %s, %t, want %s", s, got.Number(), ok, want)
		}
		if again, ok := customer.ParseAmount(got.Number()); again != got || !ok {
			t.Errorf("ParseAmount(%q) = %s", got.Number(), again.Number())
		}
	}
	for _, s := range []string{
		"", "-1", "-0.1", "--0", "-", "-00", "+1", "01", "00", "00.5", "01e1", "1.", ".5", ".", "1..2", "1.2.3", "1e", "e1", "1e1.5", "1e1e1", "1e--1",
		"1e99999999999999999999", "1e61", "1e60", "1e-60", "1e-61", "1 ", " 1", "1,5", "1_000", "1e1_0", "0x10", "NaN", "Infinity", "１", "ten", "1-", "1e 5",
		sixty + "7", "0." + sixty, "1." + sixty, "1" + strings.Repeat("0", 60), sixty + "e1", strings.Repeat("9", 5000),
	} {
		if got, ok := customer.ParseAmount(s); ok {
			t.Errorf("ParseAmount(%.70q) = %s, want it refused", s, got.Number())
		}
	}
}

// An amount is worth exactly what was written, in whatever way.
func TestParseAmountExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`).Draw(rt, "literal")
		got, ok := customer.ParseAmount(s)
		want, _ := new(big.Rat).SetString(s)
		if !ok {
			digits := len(strings.Replace(want.FloatString(200), ".", "", 1))
			if strings.ContainsAny(s, "eE") || digits <= 60 {
				return // more than 60 digits, written out
			}
			rt.Fatalf("ParseAmount(%q) refuses it", s)
		}
		is, _ := new(big.Rat).SetString(got.Number())
		if is.Cmp(want) != 0 {
			rt.Errorf("ParseAmount(%q) = %s", s, got.Number())
		}
		if n := got.Number(); strings.ContainsAny(n, "eE+-") || strings.Contains(n, ".") && strings.HasSuffix(n, "0") {
			rt.Errorf("ParseAmount(%q) = %s, which is not written out", s, n)
		}
	})
	a, _ := customer.ParseAmount("0.1")
	b, _ := customer.ParseAmount("0.2")
	x, _ := new(big.Rat).SetString(a.Number())
	y, _ := new(big.Rat).SetString(b.Number())
	if got := x.Add(x, y).FloatString(20); got != "0.30000000000000000000" {
		t.Errorf("0.1 + 0.2 = %s", got)
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"0", "0.1", "250.75", "1e15", "1E-5", "-1", "01", "1.e1", "1e+05"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := customer.ParseAmount(s)
		if !ok {
			return
		}
		want, valid := new(big.Rat).SetString(s)
		is, _ := new(big.Rat).SetString(got.Number())
		if !valid || want.Sign() < 0 || is.Cmp(want) != 0 || len(got.Number()) > 62 {
			t.Errorf("ParseAmount(%q) = %s", s, got.Number())
		}
	})
}

// wholeTransaction is a request with everything.
func wholeTransaction() customer.TransactionInput {
	return customer.TransactionInput{
		Amount: sent("250.750"), Currency: sent("usd"), At: sent("2026-02-01T15:20:00.5+01:00"), Reference: sent(" order 7 "),
	}
}

func TestTransaction(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tx, problems := wholeTransaction().Transaction(now)
	at := time.Date(2026, 2, 1, 14, 20, 0, 5e8, time.UTC)
	if problems != nil || tx.Amount.Number() != "250.75" || tx.Currency != "USD" || !tx.At.Equal(at) || tx.At.Location() != time.UTC ||
		tx.Reference.Reveal() != "order 7" || !tx.CreatedAt.Equal(now) || tx.ID.String() == (customer.Transaction{}).ID.String() {
		t.Errorf("Transaction = %s %s at %s, %q, %v", tx.Amount.Number(), tx.Currency, tx.At, tx.Reference.Reveal(), codes(problems))
	}
	for name, in := range map[string]customer.TransactionInput{
		"left out": {Amount: sent("1"), Currency: sent("GHS")}, "null": {Amount: sent("1"), Currency: sent("GHS"), At: null, Reference: null},
	} {
		tx, problems := in.Transaction(now)
		if problems != nil || !tx.At.Equal(now) || tx.Reference != "" {
			t.Errorf("%s: at %s, %v", name, tx.At, codes(problems))
		}
	}
	tests := []struct {
		name   string
		change func(in *customer.TransactionInput)
		want   []string
	}{
		{"nothing", func(in *customer.TransactionInput) { *in = customer.TransactionInput{} }, []string{"amount required", "currency required"}},
		{"null", func(in *customer.TransactionInput) { in.Amount, in.Currency = null, null }, []string{"amount required", "currency required"}},
		{"objects", func(in *customer.TransactionInput) {
			*in = customer.TransactionInput{notText, notText, notText, notText}
		},
			[]string{"amount invalid", "currency not_text", "time not_time", "reference not_text"}},
		{"a negative amount", func(in *customer.TransactionInput) { in.Amount = sent("-1") }, []string{"amount invalid"}},
		{"a long reference", func(in *customer.TransactionInput) { in.Reference = sent(strings.Repeat("x", 256)) }, []string{"reference too_long"}},
	}
	for _, bad := range []string{"", "US", "USDT", "U$D", "ÜSD", "ıdr", "12A", "U S", "ZZZ", "ABC", "EURO"} {
		want := []string{"currency invalid"}
		if bad == "" {
			want = []string{"currency required"}
		}
		tests = append(tests, struct {
			name   string
			change func(in *customer.TransactionInput)
			want   []string
		}{"the currency " + bad, func(in *customer.TransactionInput) { in.Currency = sent(bad) }, want})
	}
	for _, bad := range []string{"", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"} {
		tests = append(tests, struct {
			name   string
			change func(in *customer.TransactionInput)
			want   []string
		}{"the time " + bad, func(in *customer.TransactionInput) { in.At = sent(bad) }, []string{"time not_time"}})
	}
	for _, tt := range tests {
		in := wholeTransaction()
		tt.change(&in)
		_, problems := in.Transaction(now)
		if diff := cmp.Diff(tt.want, codes(problems)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTransactionCodec(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tx := customer.Transaction{
			Amount:   customer.Amount(rapid.SampledFrom([]string{"", "0.1", "250.75"}).Draw(rt, "amount")),
			Currency: rapid.SampledFrom([]string{"", "USD"}).Draw(rt, "currency"), Reference: redact.Personal(rapid.String().Draw(rt, "reference")),
		}
		if rapid.Bool().Draw(rt, "time") {
			tx.At = time.UnixMilli(rapid.Int64Range(-1e14, 1e14).Draw(rt, "ms")).UTC()
		}
		b := tx.AppendBinary([]byte("before"))
		var got customer.Transaction
		if err := got.UnmarshalBinary(b[6:]); err != nil || string(b[:6]) != "before" {
			rt.Fatal(err)
		}
		if got != tx {
			rt.Errorf("comes back as %s %s %s %q", got.Amount.Number(), got.Currency, got.At, got.Reference.Reveal())
		}
		for n := range b[6:] {
			_ = got.UnmarshalBinary(b[6 : 6+n]) // whatever it says, it must not panic
		}
	})
}

// What the encoding is, and what is none. Stored bytes must keep their meaning.
func TestItemCodecForm(t *testing.T) {
	t.Parallel()
	tx := customer.Transaction{Amount: "1", Currency: "USD", At: time.UnixMilli(1), Reference: "r"}
	if got, want := tx.AppendBinary(nil), record(field(1, "1"), field(2, "USD"), field(3, "\x02"), field(4, "r")); !bytes.Equal(got, want) {
		t.Errorf("a transaction is encoded as %x, want %x", got, want)
	}
	g := customer.Group{Name: "n", Description: "d"}
	if got, want := g.AppendBinary(nil), record(field(1, "n"), field(2, "d")); !bytes.Equal(got, want) {
		t.Errorf("a group is encoded as %x, want %x", got, want)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "another version": {2}, "a number alone": {1, 1}, "a length beyond the end": {1, 1, 9, 'x'}, "an empty field": {1, 1, 0},
		"fields out of order": record(field(2, "x"), field(1, "x")), "a field twice": record(field(1, "x"), field(1, "x")),
		"a long number": {1, 0x81, 0x00, 1, 'x'}, "a huge length": {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 'x'},
	} {
		if err := new(customer.Transaction).UnmarshalBinary(b); !errors.Is(err, customer.ErrMalformed) {
			t.Errorf("%s is a transaction: %v", name, err)
		}
		if err := new(customer.Group).UnmarshalBinary(b); !errors.Is(err, customer.ErrMalformed) {
			t.Errorf("%s is a group: %v", name, err)
		}
	}
	if err := new(customer.Transaction).UnmarshalBinary(record(field(3, ""), field(4, "x"))); !errors.Is(err, customer.ErrMalformed) {
		t.Errorf("an empty time: %v", err)
	}
	if err := new(customer.Transaction).UnmarshalBinary(record(field(3, "\x02x"))); !errors.Is(err, customer.ErrMalformed) {
		t.Errorf("a time with more behind it: %v", err)
	}
}

// Equal requests have equal fingerprints, however the amount is written, and others do not.
func TestTransactionRequestsDiffer(t *testing.T) {
	t.Parallel()
	base := customer.TransactionInput{Amount: sent("1.5"), Currency: sent("USD"), At: sent("2026-02-01T00:00:00Z"), Reference: sent("r")}
	same := base
	same.Amount = sent("15e-1")
	if !bytes.Equal(base.Fingerprint(nil), same.Fingerprint(nil)) {
		t.Error("1.5 and 15e-1 are two requests")
	}
	for name, change := range map[string]func(in *customer.TransactionInput){
		"amount": func(in *customer.TransactionInput) { in.Amount = sent("1.51") }, "currency": func(in *customer.TransactionInput) { in.Currency = sent("EUR") },
		"time": func(in *customer.TransactionInput) { in.At = sent("2026-02-02T00:00:00Z") }, "no time": func(in *customer.TransactionInput) { in.At = absent },
		"reference": func(in *customer.TransactionInput) { in.Reference = sent("s") }, "no reference": func(in *customer.TransactionInput) { in.Reference = null },
		"moved": func(in *customer.TransactionInput) { in.At, in.Reference = in.Reference, in.At },
	} {
		other := base
		change(&other)
		if bytes.Equal(base.Fingerprint(nil), other.Fingerprint(nil)) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}
