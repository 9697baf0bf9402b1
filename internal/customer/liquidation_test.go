package customer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"

func someAddress(change func(*customer.LiquidationInput)) customer.LiquidationInput {
	in := customer.LiquidationInput{Chain: sent("ethereum"), Currency: sent("usdc"), ChainAddress: sent(usdc), ExternalAccount: sent("ea_1")}
	change(&in)
	return in
}

func told(problems []fault.Field) (list []string) {
	for _, p := range problems {
		list = append(list, p.Path+":"+p.Code)
	}
	return list
}

func TestLiquidationAddress(t *testing.T) {
	t.Parallel()
	null, other := customer.Text{Sent: true, Null: true}, customer.Text{Sent: true, Other: true}
	type input = customer.LiquidationInput
	for _, tt := range []struct {
		name   string
		change func(*input)
		want   []string
	}{
		{"the least", func(*input) {}, nil},
		{"nothing", func(in *input) { *in = input{} },
			[]string{"chain:not_listed", "stablecoin:not_listed", "chain_address:required"}},
		{"invisible is absent", func(in *input) {
			in.Memo, in.FeePercent, in.SEPAReference = sent("\u200b"), sent("\u3164"), sent("\u00ad")
		}, nil},
		{"null is absent", func(in *input) { in.Rail, in.DestinationCurrency, in.Memo, in.FeePercent = null, null, null, null }, nil},
		{"null is not a chain", func(in *input) { in.Chain, in.Currency, in.ChainAddress = null, null, null },
			[]string{"chain:not_listed", "stablecoin:not_listed", "chain_address:required"}},
		{"the form is that of the chain", func(in *input) { in.Chain = sent("tron") }, []string{"chain_address:invalid_tron"}},
		{"no form without a chain", func(in *input) { in.Chain, in.ChainAddress = sent("bitcoin"), sent("x") }, []string{"chain:not_listed"}},
		{"lists are exact", func(in *input) { in.Chain, in.Rail = sent("Ethereum"), sent(" ach") },
			[]string{"chain:not_listed", "rail:not_listed"}},
		{"a payout currency cannot arrive", func(in *input) { in.Currency = sent("usd") }, []string{"stablecoin:not_listed"}},
		{"at their limits", func(in *input) {
			in.ExternalAccount, in.PrefundedAccount, in.BridgeWallet = sent(strings.Repeat("é", 42)), sent(strings.Repeat("é", 42)), sent(strings.Repeat("é", 42))
			in.WireMessage, in.SEPAReference, in.ACHReference = sent(strings.Repeat("é", 256)), sent(strings.Repeat("é", 140)), sent(strings.Repeat("é", 10))
			in.Memo, in.FeePercent = sent(strings.Repeat("é", 255)), sent("100.000")
		}, nil},
		{"beyond their limits", func(in *input) {
			in.ExternalAccount, in.PrefundedAccount, in.BridgeWallet = sent(strings.Repeat("é", 43)), sent(strings.Repeat("é", 43)), sent(strings.Repeat("é", 43))
			in.WireMessage, in.SEPAReference, in.ACHReference = sent(strings.Repeat("é", 257)), sent(strings.Repeat("é", 141)), sent(strings.Repeat("é", 11))
			in.DestinationAddress, in.Memo, in.ReturnAddress = sent(strings.Repeat("é", 256)), sent(strings.Repeat("é", 256)), sent(strings.Repeat("é", 256))
			in.FeePercent = sent("100.1")
		}, []string{"external_account:too_long", "prefunded_account:too_long", "bridge_wallet:too_long", "wire_message:too_long",
			"sepa_reference:too_long", "ach_reference:too_long", "destination_address:too_long", "memo:too_long",
			"return_address:too_long", "fee_percent:invalid"}},
		{"a short reference", func(in *input) { in.SEPAReference = sent(" 12345 ") }, []string{"sepa_reference:too_short"}},
		{"not texts", func(in *input) { in.Rail, in.Memo, in.ChainAddress = other, other, other },
			[]string{"chain_address:not_text", "rail:not_listed", "memo:not_text"}},
		{"no return to Stellar", func(in *input) {
			in.Chain, in.ChainAddress = sent("stellar"), sent("GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ")
			in.ReturnAddress = sent("x")
		}, []string{"return_address:not_supported"}},
		{"no destination", func(in *input) { in.ExternalAccount = sent("  ") }, []string{"destination:required"}},
		{"a misspelt destination is not a missing one", func(in *input) { in.ExternalAccount = other }, []string{"external_account:not_text"}},
	} {
		if _, problems := someAddress(tt.change).Address(noon); !slices.Equal(told(problems), tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, told(problems), tt.want)
		}
	}
}

// Each rail with each destination alone.
func TestLiquidationDestinations(t *testing.T) {
	t.Parallel()
	for _, rail := range append(customer.Rails(), "") {
		for _, destination := range []string{"external", "prefunded", "wallet", "address"} {
			in := someAddress(func(in *customer.LiquidationInput) {
				in.ExternalAccount = customer.Text{}
				if rail != "" {
					in.Rail = sent(rail)
				}
				*map[string]*customer.Text{"external": &in.ExternalAccount, "prefunded": &in.PrefundedAccount,
					"wallet": &in.BridgeWallet, "address": &in.DestinationAddress}[destination] = sent("x")
			})
			var want []string
			switch rail {
			case "bridge_wallet", "swift", "spei":
			case "", "ach", "ach_push", "ach_same_day", "sepa", "wire":
				if destination != "external" {
					want = []string{"external_account:required"}
				}
			default:
				if destination != "address" {
					want = []string{"destination_address:required"}
				}
			}
			l, problems := in.Address(noon)
			if !slices.Equal(told(problems), want) {
				t.Errorf("rail %q to %s alone: %v, want %v", rail, destination, told(problems), want)
			}
			if rail == "" && (l.Rail != "ach" || l.DestinationCurrency != "usd") {
				t.Errorf("the defaults are %s and %s, want ach and usd", l.Rail, l.DestinationCurrency)
			}
		}
	}
}

func TestFeePercent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "0.0": true, "10.2": true, "99.999": true, "100": true, "100.0": true,
		"100.01": false, "101": false, "1000": false, "-1": false, "-0": false, "-0.0": false, "+1": false, "1e1": false, "1E1": false, "10,2": false,
		"10.2%": false, ".5": false, "5.": false, "010": false, "NaN": false,
	} {
		_, problems := someAddress(func(in *customer.LiquidationInput) { in.FeePercent = sent(text) }).Address(noon)
		if got := len(problems) == 0; got != want {
			t.Errorf("fee %q: accepted %v, want %v", text, got, want)
		}
	}
}

// All that was accepted is in what is sealed, and comes back out of it.
func TestLiquidationCodec(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.StringN(0, 40, -1), func(s string) redact.Personal { return redact.Personal(s) })
		l := customer.LiquidationAddress{
			ID: id.NewItem(), Customer: id.NewCustomer(), CreatedAt: noon, Chain: "base", Currency: "usdc", Rail: "ach", DestinationCurrency: "usd",
		}
		parts := []*redact.Personal{&l.Address, &l.ExternalAccount, &l.PrefundedAccount, &l.BridgeWallet, &l.DestinationAddress,
			&l.WireMessage, &l.SEPAReference, &l.ACHReference, &l.Memo, &l.ReturnAddress, &l.FeePercent}
		for i, p := range parts {
			*p = text.Draw(t, fmt.Sprint("text ", i))
		}
		got := customer.LiquidationAddress{ID: l.ID, Customer: l.Customer, CreatedAt: l.CreatedAt}
		if err := got.UnmarshalBinary(l.AppendBinary(nil)); err != nil || got != l {
			t.Fatalf("UnmarshalBinary(AppendBinary) = another address (%v)", err)
		}
		changed := l
		*[]*redact.Personal{&changed.Address, &changed.Memo, &changed.ReturnAddress}[rapid.IntRange(0, 2).Draw(t, "which")] += "x"
		if string(changed.AppendBinary(nil)) == string(l.AppendBinary(nil)) {
			t.Fatal("two addresses have one encoding")
		}
	})
	var l customer.LiquidationAddress
	for _, b := range [][]byte{nil, {}, {0}, {2}, {1, 1}, {1, 1, 2, 'x'}, record(field(2, "x"), field(1, "y"))} {
		if err := l.UnmarshalBinary(b); !errors.Is(err, customer.ErrMalformed) {
			t.Errorf("UnmarshalBinary(%x) = %v, want %v", b, err, customer.ErrMalformed)
		}
	}
	if err := l.UnmarshalBinary(record(field(1, "base"), field(99, "of a newer release"))); err != nil || l.Chain != "base" {
		t.Errorf("a record of a newer release = %v", err)
	}
}

func TestItemsDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		customer.LiquidationAddress{Address: "canary", Memo: "canary", Chain: "canary"},
		&customer.LiquidationAddress{Address: "canary", Rail: "canary"},
		customer.Transaction{Reference: "canary", Amount: "canary", Currency: "canary"},
		customer.Group{Name: "canary", Description: "canary"},
		[]customer.Group{{Name: "canary"}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "canary") || strings.Contains(out, "63616e617279") {
				t.Errorf("%T prints %s with %s", v, out, verb)
			}
		}
	}
}

// Equal requests have one fingerprint, other ones another.
func TestTransactionFingerprint(t *testing.T) {
	t.Parallel()
	in := func(amount, currency, at, reference string) customer.TransactionInput {
		i := customer.TransactionInput{Amount: sent(amount), Currency: sent(currency), Reference: sent(reference)}
		if at != "" {
			i.At = sent(at)
		}
		return i
	}
	first := in("10.50", "usd", "2026-01-02T03:04:05Z", "1.0")
	same := []customer.TransactionInput{
		in("10.5", " USD", "2026-01-02T04:04:05.000+01:00", " 1.0 "), in("1050e-2", "Usd", "2026-01-02T03:04:05.0009Z", "1.0"),
	}
	others := []customer.TransactionInput{
		in("10.51", "usd", "2026-01-02T03:04:05Z", "1.0"), in("10.5", "eur", "2026-01-02T03:04:05Z", "1.0"),
		in("10.5", "usd", "2026-01-02T03:04:06Z", "1.0"), in("10.5", "usd", "", "1.0"),
		in("10.5", "usd", "2026-01-02T03:04:05Z", "1"), in("10.5", "usd", "2026-01-02T03:04:05Z", ""),
	}
	for _, s := range same {
		if diff := cmp.Diff(first.Fingerprint(nil), s.Fingerprint(nil)); diff != "" {
			t.Errorf("equal requests have two fingerprints (-first +other):\n%s", diff)
		}
	}
	for i, o := range others {
		if string(o.Fingerprint(nil)) == string(first.Fingerprint(nil)) {
			t.Errorf("request %d has the fingerprint of another", i)
		}
	}
	if string(in("1", "usd", "", "").Fingerprint(nil)) != string(in("1", "usd", "", " ").Fingerprint(nil)) {
		t.Error("no reference and an empty one have two fingerprints")
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 15, 0, time.UTC)
