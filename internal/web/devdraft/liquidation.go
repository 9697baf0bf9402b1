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
)

// The three operations on liquidation addresses, as the API reference has them.
// Their ids are plain texts there: one that is no UUID names nothing, and is 404.

// createAddress: Devdraft, "Create a new liquidation address for a customer".
func (a *api) createAddress(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	key, o, err := readKeyed(r)
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateLiquidationAddress(r.Context(), caller, readAnyID(r), readAddress(o), key,
		func(l *customer.LiquidationAddress) []byte { return appendAddress(nil, l) })
	if err != nil {
		return addressTexts.word(err)
	}
	writeReply(w, r, http.StatusCreated, reply)
	return nil
}

// maxAddresses is how many a list holds at once. The contract has no paging, so it is
// more than anybody has, and what is beyond it is behind a Link.
const maxAddresses = 1000

// listAddresses: Devdraft, "Get all liquidation addresses for a customer".
func (a *api) listAddresses(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := readListQuery(r)
	if err != nil {
		return err
	}
	cursor, err := readCursor(query)
	if err != nil {
		return a.find.word(err)
	}
	target := readAnyID(r)
	in := records.PageRequest{Take: maxAddresses, Cursor: cursor, Count: prefersCount(r)}
	found, err := a.Records.ListLiquidationAddresses(r.Context(), caller, target, in)
	if err != nil {
		return a.find.word(err)
	}
	next := nextPage(pathCustomers+"/"+target.String()+"/liquidation_addresses", found.Next, 0)
	listed{appendArray(nil, found.List, appendAddress), next, in.Count, found.Total}.write(w, r)
	return nil
}

// fetchAddress: Devdraft, "Get a specific liquidation address".
func (a *api) fetchAddress(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := body.None(r); err != nil {
		return err
	}
	address, err := id.ParseItem(r.PathValue("addressId"))
	if err != nil {
		address = id.Item{} // which nothing has
	}
	l, err := a.Records.FetchLiquidationAddress(r.Context(), caller, readAnyID(r), address)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, appendAddress(nil, &l))
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

func readAddress(o body.Object) customer.LiquidationInput {
	return customer.LiquidationInput{
		Chain:               readMember(o, "chain"),
		Currency:            readMember(o, "currency"),
		ChainAddress:        readMember(o, "address"),
		ExternalAccount:     readMember(o, "external_account_id"),
		PrefundedAccount:    readMember(o, "prefunded_account_id"),
		BridgeWallet:        readMember(o, "bridge_wallet_id"),
		Rail:                readMember(o, "destination_payment_rail"),
		DestinationCurrency: readMember(o, "destination_currency"),
		WireMessage:         readMember(o, "destination_wire_message"),
		SEPAReference:       readMember(o, "destination_sepa_reference"),
		ACHReference:        readMember(o, "destination_ach_reference"),
		DestinationAddress:  readMember(o, "destination_address"),
		Memo:                readMember(o, "destination_blockchain_memo"),
		ReturnAddress:       readMember(o, "return_address"),
		FeePercent:          readMember(o, "custom_developer_fee_percent"),
	}
}

// appendAddress appends the documented keys and no other: some SDKs refuse a key
// that they do not know, and one refuses null. The rest of what was sent is kept
// and not shown.
func appendAddress(b []byte, l *customer.LiquidationAddress) []byte {
	b = appendString(append(b, `{"id":`...), l.ID.String())
	b = append(b, `,"state":"active"`...)
	b = appendString(append(b, `,"customer_id":`...), l.Customer.String())
	for _, m := range [...]struct{ name, value string }{
		{`,"chain":`, l.Chain},
		{`,"currency":`, l.Currency},
		{`,"address":`, l.Address.Reveal()},
		{`,"external_account_id":`, l.ExternalAccount.Reveal()},
		{`,"prefunded_account_id":`, l.PrefundedAccount.Reveal()},
		{`,"bridge_wallet_id":`, l.BridgeWallet.Reveal()},
		{`,"destination_payment_rail":`, l.Rail},
		{`,"destination_currency":`, l.DestinationCurrency},
		{`,"custom_developer_fee_percent":`, l.FeePercent.Reveal()},
	} {
		if m.value != "" {
			b = appendString(append(b, m.name...), m.value)
		}
	}
	b = appendTime(append(b, `,"created_at":`...), l.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), l.CreatedAt)
	return append(b, '}')
}

// onAddresses rewords a failure as the API reference words those of liquidation
// addresses: they name the id, a customer of another application is as good as
// none, and error is another word or none.
func (e *errorBody) onAddresses(r *http.Request, f *fault.Error) {
	switch {
	case len(f.Fields) > 0:
		messages := make([]string, len(f.Fields))
		for i, field := range f.Fields {
			messages[i] = field.Message
		}
		e.messages, e.message, e.phrase = nil, strings.Join(messages, "; "), "Validation failed"
	case f.Kind == fault.Internal:
		e.message, e.phrase = addressFailure(r), ""
	case f.Code == records.ErrNoAddress.Code:
		e.message = notFound("Liquidation address", r.PathValue("addressId"))
	case f.Kind == fault.NotFound, f.Code == records.ErrOtherApplication.Code:
		e.status, e.phrase = http.StatusNotFound, http.StatusText(http.StatusNotFound)
		e.message = notFound("Customer", r.PathValue("id"))
	}
}

func addressFailure(r *http.Request) string {
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
	const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if asked == "" || len(asked) > 64 || strings.Trim(asked, signs) != "" {
		return noun + " not found"
	}
	return noun + " with id '" + asked + "' not found"
}

// addressTexts words problems of a new liquidation address. The form of an address
// is documented; the others follow class-validator.
var addressTexts = func() texts {
	t := texts{
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
		t[customer.PathChainAddress+" "+customer.CodeInvalid+"_"+c] = text{"address", "Invalid " + chain.Name(c) + " address format"}
	}
	for path, m := range map[string]struct{ name, most string }{
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
		t[path+" "+customer.CodeNotText] = text{m.name, m.name + " must be a string"}
		t[path+" "+customer.CodeTooLong] = text{m.name, m.name + " must be shorter than or equal to " + m.most + " characters"}
	}
	return t
}()
