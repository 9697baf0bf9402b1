package customer

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"custodex.dev/internal/chain"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// LiquidationAddress is a blockchain address at which funds for a customer arrive,
// and where they go from there. It is added and never changed.
type LiquidationAddress struct {
	redact.Masked

	ID       id.Item
	Customer id.Customer

	Chain    string // one of chain.Chains
	Currency string // one of Stablecoins
	Address  redact.Personal

	// Where funds go. At least one of the first four is set.
	ExternalAccount, PrefundedAccount, BridgeWallet redact.Personal
	DestinationAddress                              redact.Personal
	Rail                                            string // one of Rails
	DestinationCurrency                             string // one of DestinationCurrencies

	WireMessage, SEPAReference, ACHReference redact.Personal
	Memo, ReturnAddress                      redact.Personal
	FeePercent                               redact.Personal // decimal text as given: "10.2" is 10.2 %

	CreatedAt time.Time
}

// LiquidationInput is a request to add one. Members are sent as texts.
type LiquidationInput struct {
	Chain, Currency, ChainAddress                       Text
	ExternalAccount, PrefundedAccount, BridgeWallet     Text
	Rail, DestinationCurrency                           Text
	WireMessage, SEPAReference, ACHReference            Text
	DestinationAddress, Memo, ReturnAddress, FeePercent Text
}

// The paths of a liquidation address's fields, in the order of problems.
const (
	PathChain               = "chain"
	PathStablecoin          = "stablecoin"
	PathChainAddress        = "chain_address"
	PathExternalAccount     = "external_account"
	PathPrefundedAccount    = "prefunded_account"
	PathBridgeWallet        = "bridge_wallet"
	PathRail                = "rail"
	PathDestinationCurrency = "destination_currency"
	PathWireMessage         = "wire_message"
	PathSEPAReference       = "sepa_reference"
	PathACHReference        = "ach_reference"
	PathDestinationAddress  = "destination_address"
	PathMemo                = "memo"
	PathReturnAddress       = "return_address"
	PathFeePercent          = "fee_percent"
	PathDestination         = "destination" // no destination at all
)

// Further codes of a liquidation address's problems. An address that has not the
// form of its chain is CodeInvalid, "_" and the chain.
const (
	CodeTooShort     = "too_short"
	CodeNotSupported = "not_supported" // not on this chain
)

// The limits, in code points after trimming, of what may be empty too.
const (
	MaxAccount      = 42
	MaxWireMessage  = 256
	minSEPA         = 6
	MaxSEPA         = 140
	MaxACHReference = 10
)

// What is listed (Devdraft, "Create a new liquidation address").
var (
	stablecoins  = []string{"usdc", "eurc", "dai", "pyusd", "usdt"}
	currencies   = append([]string{"usd", "eur", "mxn"}, stablecoins...)
	accountRails = []string{"wire", "ach", "ach_push", "ach_same_day", "sepa"} // they pay to an external account
	rails        = slices.Concat(chain.Chains(), []string{"bridge_wallet"}, accountRails, []string{"swift", "spei"})
)

const (
	defaultRail     = "ach"
	defaultCurrency = "usd"
)

// Stablecoins lists the currencies that can arrive.
func Stablecoins() []string { return stablecoins }

// DestinationCurrencies lists the currencies that can be paid out.
func DestinationCurrencies() []string { return currencies }

// Rails lists the ways by which funds can go on.
func Rails() []string { return rails }

// Address validates the request. Problems come in the order of the Path constants,
// at most one a field.
func (in LiquidationInput) Address(now time.Time) (LiquidationAddress, []fault.Field) {
	v := validator{in: &Input{}}
	l := LiquidationAddress{ID: id.NewItem(), CreatedAt: now, Rail: defaultRail, DestinationCurrency: defaultCurrency}
	v.oneOf(&l.Chain, PathChain, in.Chain, chain.Chains(), true)
	v.oneOf(&l.Currency, PathStablecoin, in.Currency, stablecoins, true)
	in.ChainAddress.Sent = true // it is required
	if s, ok := v.text(PathChainAddress, in.ChainAddress, MaxText); ok {
		l.Address = redact.Personal(s)
		if l.Chain != "" && !chain.Valid(l.Chain, s) {
			v.add(PathChainAddress, CodeInvalid+"_"+l.Chain)
		}
	}
	v.some(&l.ExternalAccount, PathExternalAccount, in.ExternalAccount, 0, MaxAccount)
	v.some(&l.PrefundedAccount, PathPrefundedAccount, in.PrefundedAccount, 0, MaxAccount)
	v.some(&l.BridgeWallet, PathBridgeWallet, in.BridgeWallet, 0, MaxAccount)
	v.oneOf(&l.Rail, PathRail, in.Rail, rails, false)
	v.oneOf(&l.DestinationCurrency, PathDestinationCurrency, in.DestinationCurrency, currencies, false)
	v.some(&l.WireMessage, PathWireMessage, in.WireMessage, 0, MaxWireMessage)
	v.some(&l.SEPAReference, PathSEPAReference, in.SEPAReference, minSEPA, MaxSEPA)
	v.some(&l.ACHReference, PathACHReference, in.ACHReference, 0, MaxACHReference)
	v.some(&l.DestinationAddress, PathDestinationAddress, in.DestinationAddress, 0, MaxText)
	v.some(&l.Memo, PathMemo, in.Memo, 0, MaxText)
	v.some(&l.ReturnAddress, PathReturnAddress, in.ReturnAddress, 0, MaxText)
	if l.ReturnAddress != "" && l.Chain == chain.Stellar {
		v.add(PathReturnAddress, CodeNotSupported)
	}
	v.some(&l.FeePercent, PathFeePercent, in.FeePercent, 0, MaxText)
	if l.FeePercent != "" && !validPercent(l.FeePercent.Reveal()) {
		v.add(PathFeePercent, CodeInvalid)
	}
	if len(v.problems) == 0 {
		v.destination(&l)
	}
	return l, v.problems
}

// destination checks that funds can go on. It is asked when nothing else is wrong:
// a destination that was misspelt is not one that is missing.
func (v *validator) destination(l *LiquidationAddress) {
	switch {
	case l.ExternalAccount == "" && l.PrefundedAccount == "" && l.BridgeWallet == "" && l.DestinationAddress == "":
		v.add(PathDestination, CodeRequired)
	case slices.Contains(accountRails, l.Rail) && l.ExternalAccount == "":
		v.add(PathExternalAccount, CodeRequired)
	case chain.Known(l.Rail) && l.DestinationAddress == "":
		v.add(PathDestinationAddress, CodeRequired)
	}
}

// oneOf is a listed value, in exact case. One that is not required keeps its
// default when it is absent or null.
func (v *validator) oneOf(to *string, path string, t Text, list []string, required bool) {
	switch {
	case !required && (!t.Sent || t.Null):
	case t.Null || t.Other || !slices.Contains(list, t.Value):
		v.add(path, CodeNotListed)
	default:
		*to = t.Value
	}
}

// some is a text that may be absent, null or empty, which all mean none.
func (v *validator) some(to *redact.Personal, path string, t Text, least, most int) {
	if t.Null || !t.Other && blank(t.Value) {
		return
	}
	s, ok := v.text(path, t, most)
	switch {
	case !ok:
	case utf8.RuneCountInString(s) < least:
		v.add(path, CodeTooShort)
	default:
		*to = redact.Personal(s)
	}
}

// validPercent: a decimal from 0 to 100, without sign and exponent.
func validPercent(s string) bool {
	a, ok := parseAmount(s)
	whole, _, _ := strings.Cut(string(a), ".")
	return ok && !strings.ContainsAny(s, "-eE") && (len(whole) < 3 || a == "100")
}

// texts are the sealed fields in the order of their numbers, from 1 on. A new one
// goes to the end.
func (l *LiquidationAddress) texts() [15]*string {
	p := func(s *redact.Personal) *string { return (*string)(s) }
	return [...]*string{
		&l.Chain, &l.Currency, p(&l.Address), p(&l.ExternalAccount), p(&l.PrefundedAccount), p(&l.BridgeWallet),
		&l.Rail, &l.DestinationCurrency, p(&l.WireMessage), p(&l.SEPAReference), p(&l.ACHReference),
		p(&l.DestinationAddress), p(&l.Memo), p(&l.ReturnAddress), p(&l.FeePercent),
	}
}

// AppendBinary appends what is sealed: all that was given. ID, Customer and
// CreatedAt are not.
func (l *LiquidationAddress) AppendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	for i, text := range l.texts() {
		b = appendField(b, uint64(i+1), *text)
	}
	return b
}

// UnmarshalBinary reads what AppendBinary wrote, or fails with ErrMalformed.
func (l *LiquidationAddress) UnmarshalBinary(b []byte) error {
	texts := l.texts()
	return readFields(b, func(number uint64, value string) error {
		if number >= 1 && number <= uint64(len(texts)) {
			*texts[number-1] = value
		}
		return nil
	})
}
