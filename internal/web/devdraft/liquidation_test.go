package devdraft_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// documented are the keys of the API reference that a liquidation address may have.
var documented = []string{"id", "state", "customer_id", "chain", "currency", "address", "external_account_id",
	"prefunded_account_id", "bridge_wallet_id", "destination_payment_rail", "destination_currency",
	"custom_developer_fee_percent", "created_at", "updated_at"}

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
		f := &fake{Addresses: []customer.LiquidationAddress{l, l}}
		target := "/api/v0/customers/" + l.Customer.String() + "/liquidation_addresses"
		one := ask(f, request(http.MethodGet, target+"/"+l.ID.String(), "")).Body.String()
		if f.Customer != l.Customer || f.AddressID != l.ID {
			t.Fatalf("asked for %v of %v, want %v of %v", f.AddressID, f.Customer, l.ID, l.Customer)
		}
		if got := ask(f, request(http.MethodGet, target, "")).Body.String(); got != "["+one+","+one+"]" {
			t.Fatalf("the list has %s, and fetch %s", got, one)
		}
		ask(f, request(http.MethodPost, target, "{}"))
		if got := string(f.EncodeAddress(&l)); got != one {
			t.Fatalf("create has %s, and fetch %s", got, one)
		}
		members := map[string]any{}
		if err := json.Unmarshal([]byte(one), &members); err != nil {
			t.Fatal(err)
		}
		for name, value := range members {
			if value, isText := value.(string); !isText || value == "" || value == "hidden" || !slices.Contains(documented, name) {
				t.Fatalf("%s has the member %s with the value %v", one, name, value)
			}
		}
		for name, value := range map[string]redact.Personal{
			"external_account_id": l.ExternalAccount, "prefunded_account_id": l.PrefundedAccount, "bridge_wallet_id": l.BridgeWallet,
			"custom_developer_fee_percent": l.FeePercent,
		} {
			if _, there := members[name]; there != (value != "") {
				t.Fatalf("%s: %s is there: %v", one, name, there)
			}
		}
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
