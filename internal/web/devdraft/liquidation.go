package devdraft

import (
	"net/http"
	"strings"

	"custodex.dev/internal/chain"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// The three operations on liquidation addresses, as the API reference has them.
// Their ids are plain texts there: one that is no UUID names nothing, and is 404.

// createAddress: Devdraft, "Create a new liquidation address for a customer".
func (a *api) createAddress(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	key, o, err := readKeyed(r)
	if err == nil {
		err = wire.KnownMembers(w, r, o, "", addressNames...)
	}
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateLiquidationAddress(r.Context(), caller, readAnyID(r), readAddress(o), key, encodeAddress)
	if err != nil {
		return addressMessages.translate(err)
	}
	wire.WriteReply(w, http.StatusCreated, reply)
	return nil
}

// maxAddresses is how many a list holds at once. The contract has no paging, so it is
// more than anybody has, and what is beyond it is behind a Link.
const maxAddresses = 1000

// listAddresses: Devdraft, "Get all liquidation addresses for a customer".
func (a *api) listAddresses(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	cursor, err := readCursor(query)
	if err != nil {
		return a.list.translate(err)
	}
	target := readAnyID(r)
	in := records.PageRequest{Take: maxAddresses, Cursor: cursor, Count: wire.Prefers(r, "count", "exact")}
	found, err := a.Records.ListLiquidationAddresses(r.Context(), caller, target, in)
	if err != nil {
		return a.list.translate(err)
	}
	next := nextPage(pathCustomers+"/"+target.String()+"/liquidation_addresses", found.Next, 0)
	listed{encodeItems(found.List, addressOf), next, in.Count, found.Total}.write(w)
	return nil
}

// fetchAddress: Devdraft, "Get a specific liquidation address".
func (a *api) fetchAddress(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	address, err := id.ParseItem(r.PathValue("addressId"))
	if err != nil {
		address = id.Item{} // which nothing has
	}
	l, err := a.Records.FetchLiquidationAddress(r.Context(), caller, readAnyID(r), address)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encodeAddress(&l))
	return nil
}

// readAnyID gives the customer's id, or for what is no id the one that nobody has.
func readAnyID(r *http.Request) id.Customer {
	target, err := id.ParseCustomer(r.PathValue("id"))
	if err != nil {
		return id.Customer{}
	}
	return target
}

// addressNames are the members that a new address may have: those that count, and those
// that answers show.
var addressNames = []string{
	"chain", "currency", "address", "external_account_id", "prefunded_account_id", "bridge_wallet_id",
	"destination_payment_rail", "destination_currency", "destination_wire_message", "destination_sepa_reference",
	"destination_ach_reference", "destination_address", "destination_blockchain_memo", "return_address",
	"custom_developer_fee_percent", "id", "state", "customer_id", "created_at", "updated_at",
}

func readAddress(o body.Object) customer.LiquidationInput {
	return customer.LiquidationInput{
		Chain:               wire.Member(o, "chain"),
		Currency:            wire.Member(o, "currency"),
		ChainAddress:        wire.Member(o, "address"),
		ExternalAccount:     wire.Member(o, "external_account_id"),
		PrefundedAccount:    wire.Member(o, "prefunded_account_id"),
		BridgeWallet:        wire.Member(o, "bridge_wallet_id"),
		Rail:                wire.Member(o, "destination_payment_rail"),
		DestinationCurrency: wire.Member(o, "destination_currency"),
		WireMessage:         wire.Member(o, "destination_wire_message"),
		SEPAReference:       wire.Member(o, "destination_sepa_reference"),
		ACHReference:        wire.Member(o, "destination_ach_reference"),
		DestinationAddress:  wire.Member(o, "destination_address"),
		Memo:                wire.Member(o, "destination_blockchain_memo"),
		ReturnAddress:       wire.Member(o, "return_address"),
		FeePercent:          wire.Member(o, "custom_developer_fee_percent"),
	}
}

func addressOf(l *customer.LiquidationAddress) addressBody {
	return addressBody{
		ID: l.ID.String(), State: "active", CustomerID: l.Customer.String(),
		Chain: l.Chain, Currency: l.Currency, Address: l.Address.Reveal(),
		ExternalAccountID:   l.ExternalAccount.Reveal(),
		PrefundedAccountID:  l.PrefundedAccount.Reveal(),
		BridgeWalletID:      l.BridgeWallet.Reveal(),
		PaymentRail:         l.Rail,
		DestinationCurrency: l.DestinationCurrency,
		DeveloperFeePercent: l.FeePercent.Reveal(),
		CreatedAt:           timeText(l.CreatedAt), UpdatedAt: timeText(l.CreatedAt),
	}
}

func encodeAddress(l *customer.LiquidationAddress) []byte { return wire.Marshal(addressOf(l)) }

// onAddresses rewords a failure as the API reference has it for liquidation addresses:
// the message names the id, and error is another word or absent.
func (e *errorBody) onAddresses(r *http.Request, f *fault.Error) {
	switch {
	case len(f.Fields) > 0:
		e.Message, e.Error = strings.Join(messagesOf(f.Fields), "; "), "Validation failed"
	case f.Kind == fault.Internal:
		e.Message, e.Error = liquidationFailureMessage(r), ""
	case f.Code == records.ErrNoAddress.Code:
		e.Message = notFound("Liquidation address", r.PathValue("addressId"))
	case f.Kind == fault.NotFound:
		e.Message = notFound("Customer", r.PathValue("id"))
	}
}

func liquidationFailureMessage(r *http.Request) string {
	switch {
	case r.Method == http.MethodPost:
		return "Failed to create liquidation address"
	case r.PathValue("addressId") == "":
		return "Failed to fetch liquidation addresses"
	}
	return "Failed to fetch liquidation address"
}

// notFound names what was asked for, if that looks like an id. Other text is not
// repeated: it may be anything, and may be shown to anybody.
func notFound(noun, asked string) string {
	const ofIDs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if asked == "" || len(asked) > 64 || strings.Trim(asked, ofIDs) != "" {
		return noun + " not found"
	}
	return noun + " with id '" + asked + "' not found"
}

// addressMessages are for a new liquidation address. The form of an address
// is documented; the others follow class-validator.
var addressMessages = func() messages {
	m := messages{
		customer.PathChain + " " + customer.CodeNotListed:               {"chain", mustBeOneOf("chain", chain.Chains())},
		customer.PathStablecoin + " " + customer.CodeNotListed:          {"currency", mustBeOneOf("currency", customer.Stablecoins())},
		customer.PathChainAddress + " " + customer.CodeRequired:         {"address", "address should not be empty"},
		customer.PathRail + " " + customer.CodeNotListed:                {"destination_payment_rail", mustBeOneOf("destination_payment_rail", customer.Rails())},
		customer.PathDestinationCurrency + " " + customer.CodeNotListed: {"destination_currency", mustBeOneOf("destination_currency", customer.DestinationCurrencies())},

		customer.PathSEPAReference + " " + customer.CodeTooShort: {"destination_sepa_reference",
			"destination_sepa_reference must be longer than or equal to 6 characters"},
		customer.PathReturnAddress + " " + customer.CodeNotSupported: {"return_address", "Return address is not supported on Stellar"},
		customer.PathFeePercent + " " + customer.CodeInvalid: {"custom_developer_fee_percent",
			"custom_developer_fee_percent must be a decimal number from 0 to 100"},
		customer.PathDestination + " " + customer.CodeRequired: {"destination", "At least one of external_account_id, " +
			"prefunded_account_id, bridge_wallet_id or destination_address is required"},
		customer.PathExternalAccount + " " + customer.CodeRequired: {"external_account_id",
			"external_account_id is required for ACH, SEPA and wire"},
		customer.PathDestinationAddress + " " + customer.CodeRequired: {"destination_address",
			"destination_address is required for a blockchain as payment rail"},
	}
	for _, c := range chain.Chains() {
		m[customer.PathChainAddress+" "+customer.CodeInvalid+"_"+c] = message{"address", "Invalid " + chain.Name(c) + " address format"}
	}
	for path, of := range map[string]struct{ name, max string }{
		customer.PathChainAddress:       {"address", "255"},
		customer.PathExternalAccount:    {"external_account_id", "42"},
		customer.PathPrefundedAccount:   {"prefunded_account_id", "42"},
		customer.PathBridgeWallet:       {"bridge_wallet_id", "42"},
		customer.PathWireMessage:        {"destination_wire_message", "256"},
		customer.PathSEPAReference:      {"destination_sepa_reference", "140"},
		customer.PathACHReference:       {"destination_ach_reference", "10"},
		customer.PathDestinationAddress: {"destination_address", "255"},
		customer.PathMemo:               {"destination_blockchain_memo", "255"},
		customer.PathReturnAddress:      {"return_address", "255"},
		customer.PathFeePercent:         {"custom_developer_fee_percent", "255"},
	} {
		m[path+" "+customer.CodeNotText] = message{of.name, of.name + " must be a string"}
		m[path+" "+customer.CodeTooLong] = message{of.name, of.name + " must be shorter than or equal to " + of.max + " characters"}
	}
	return m
}()
