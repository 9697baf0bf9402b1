package devdraft_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// wireAddress is the response of the API reference, for encoding/json to write.
type wireAddress struct {
	ID                  string `json:"id"`
	State               string `json:"state"`
	CustomerID          string `json:"customer_id"`
	Chain               string `json:"chain"`
	Currency            string `json:"currency"`
	Address             string `json:"address"`
	ExternalAccountID   string `json:"external_account_id,omitempty"`
	PrefundedAccountID  string `json:"prefunded_account_id,omitempty"`
	BridgeWalletID      string `json:"bridge_wallet_id,omitempty"`
	Rail                string `json:"destination_payment_rail,omitempty"`
	DestinationCurrency string `json:"destination_currency,omitempty"`
	FeePercent          string `json:"custom_developer_fee_percent,omitempty"`
	CreatedAt           string `json:"created_at"`
	UpdatedAt           string `json:"updated_at"`
}

// Whatever is stored, an answer has the documented keys, no null and nothing else.
func TestEncodeAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.String(), func(s string) redact.Personal { return redact.Personal(s) })
		l := customer.LiquidationAddress{
			ID: id.NewItem(), Customer: id.NewCustomer(), Chain: "base", Currency: "usdc", Address: "0x1",
			ExternalAccount: text.Draw(t, "external"), PrefundedAccount: text.Draw(t, "prefunded"),
			BridgeWallet: text.Draw(t, "wallet"), Rail: "ach", DestinationCurrency: "usd", FeePercent: text.Draw(t, "fee"),
			DestinationAddress: "hidden", WireMessage: "hidden", SEPAReference: "hidden", ACHReference: "hidden",
			Memo: "hidden", ReturnAddress: "hidden",
			CreatedAt: time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "created")),
		}
		want := wireAddress{
			l.ID.String(), "active", l.Customer.String(), l.Chain, l.Currency, l.Address.Reveal(), l.ExternalAccount.Reveal(),
			l.PrefundedAccount.Reveal(), l.BridgeWallet.Reveal(), l.Rail, l.DestinationCurrency, l.FeePercent.Reveal(),
			stamp(l.CreatedAt), stamp(l.CreatedAt),
		}
		f := &fake{Addresses: []customer.LiquidationAddress{l, l}}
		target := "/api/v0/customers/" + l.Customer.String() + "/liquidation_addresses"
		compare := func(what, got string, want any) {
			if diff := cmp.Diff(library(t, want), got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", what, diff)
			}
		}
		compare("list", ask(f, request(http.MethodGet, target, "")).Body.String(), []wireAddress{want, want})
		compare("fetch", ask(f, request(http.MethodGet, target+"/"+l.ID.String(), "")).Body.String(), want)
		if f.Customer != l.Customer || f.AddressID != l.ID {
			t.Fatalf("asked for %v of %v, want %v of %v", f.AddressID, f.Customer, l.ID, l.Customer)
		}
		ask(f, request(http.MethodPost, target, "{}"))
		compare("create", string(f.EncodeAddress(&l)), want)
	})
}

// What was asked for comes back in an error only if it is harmless.
func TestNotFoundRepeatsNoText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.StringN(1, 80, -1).Draw(t, "asked")
		r := request(http.MethodGet, "/api/v0/customers/x/liquidation_addresses", "")
		r.URL.Path = "/api/v0/customers/" + asked + "/liquidation_addresses"
		r.URL.RawPath = "/api/v0/customers/" + url.PathEscape(asked) + "/liquidation_addresses"
		w := ask(&fake{Err: errGone}, r)
		if w.Code != http.StatusNotFound {
			t.Fatalf("%q: %d", asked, w.Code)
		}
		var body struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		rest := strings.TrimPrefix(strings.TrimSuffix(body.Message, "' not found"), "Customer with id '")
		switch {
		case body.Message == "Customer not found", body.Message == "Route not found":
		case rest != asked || len(asked) > 64 || strings.ContainsAny(asked, `'"<>&%@ /\`) || strings.ContainsFunc(asked, func(c rune) bool { return c > '~' || c < '!' }):
			t.Fatalf("%q is answered %q", asked, body.Message)
		}
	})
}

// Every documented member reaches the domain under its own name.
func TestDecodeAddress(t *testing.T) {
	t.Parallel()
	f := &fake{}
	ask(f, request(http.MethodPost, someCustomer+"/liquidation_addresses", `{
		"chain":"1","currency":"2","address":"3","external_account_id":"4","prefunded_account_id":"5","bridge_wallet_id":"6",
		"destination_payment_rail":"7","destination_currency":"8","destination_wire_message":"9","destination_sepa_reference":"10",
		"destination_ach_reference":"11","destination_address":"12","destination_blockchain_memo":"13","return_address":"14",
		"custom_developer_fee_percent":null}`))
	sent := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	want := customer.LiquidationInput{
		Chain: sent("1"), Currency: sent("2"), ChainAddress: sent("3"), ExternalAccount: sent("4"), PrefundedAccount: sent("5"),
		BridgeWallet: sent("6"), Rail: sent("7"), DestinationCurrency: sent("8"), WireMessage: sent("9"), SEPAReference: sent("10"),
		ACHReference: sent("11"), DestinationAddress: sent("12"), Memo: sent("13"), ReturnAddress: sent("14"),
		FeePercent: customer.Text{Sent: true, Null: true},
	}
	if diff := cmp.Diff(want, f.Address); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
