package customer

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// Transaction is a purchase of a customer that the platform recorded. It is added
// and never changed.
type Transaction struct {
	redact.Masked

	ID        id.Item
	Amount    Amount
	Currency  string          // ISO 4217, three capital letters
	At        time.Time       // when it took place, UTC, milliseconds
	Reference redact.Personal // of the platform; "" is none
	CreatedAt time.Time
}

// TransactionInput is a request to record one.
type TransactionInput struct {
	Amount    Text // Value is the literal of a JSON number or a text
	Currency  Text
	At        Text
	Reference Text
}

// The paths of a transaction's fields, in the order of problems.
const (
	PathAmount    = "amount"
	PathCurrency  = "currency"
	PathTime      = "time"
	PathReference = "reference"
)

// Transaction validates the request. Without a time it took place now.
func (in TransactionInput) Transaction(now time.Time) (Transaction, []fault.Field) {
	v := validator{in: &Input{}}
	t := Transaction{ID: id.NewItem(), At: now, CreatedAt: now}
	var ok bool
	switch t.Amount, ok = parseAmount(in.Amount.Value); {
	case !in.Amount.Sent || in.Amount.Null:
		v.add(PathAmount, CodeRequired)
	case in.Amount.Other || !ok:
		v.add(PathAmount, CodeInvalid)
	}
	if s, ok := v.text(PathCurrency, Text{Sent: true, Null: in.Currency.Null, Other: in.Currency.Other, Value: in.Currency.Value}, MaxText); ok {
		t.Currency = strings.ToUpper(s)
		if len(s) != 3 || !slices.Contains(currencyCodes, t.Currency) {
			v.add(PathCurrency, CodeInvalid)
		}
	}
	if at := v.time(PathTime, Text{Sent: in.At.Sent && !in.At.Null, Other: in.At.Other, Value: in.At.Value}); !at.IsZero() {
		t.At = at
	}
	if s := v.optional(PathReference, in.Reference); s != nil {
		t.Reference = *s
	}
	return t, v.problems
}

// AppendBinary appends what is sealed; ID and CreatedAt are not.
func (t *Transaction) AppendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	b = appendField(b, 1, string(t.Amount))
	b = appendField(b, 2, t.Currency)
	b = appendTime(b, 3, t.At)
	return appendField(b, 4, string(t.Reference))
}

// UnmarshalBinary reads what AppendBinary wrote, or fails with ErrMalformed.
func (t *Transaction) UnmarshalBinary(b []byte) error {
	return readFields(b, func(number uint64, value string) error {
		switch number {
		case 1:
			t.Amount = Amount(value)
		case 2:
			t.Currency = value
		case 3:
			return setTime(&t.At, value)
		case 4:
			t.Reference = redact.Personal(value)
		}
		return nil
	})
}

// Fingerprint appends the request in a form that is equal for equal requests. The
// time of one that names none is not part of it.
func (in TransactionInput) Fingerprint(b []byte) []byte {
	t, _ := in.Transaction(time.Time{})
	return t.AppendBinary(b)
}

// maxDigits bounds an amount: digits of the number written out.
const maxDigits = 60

// parseAmount reads a JSON number literal as an exact decimal of zero or more. It
// is kept written out, without exponent and without zeros that say nothing; more
// than 60 digits are refused. Minus zero is zero.
func parseAmount(s string) (Amount, bool) {
	if positive, minus := strings.CutPrefix(s, "-"); minus {
		a, ok := parseAmount(positive)
		return "0", ok && a == "0" && positive[0] != '-'
	}
	mantissa, exponent, hasExponent := strings.Cut(strings.ReplaceAll(s, "E", "e"), "e")
	shift := 0
	if hasExponent {
		n, err := strconv.Atoi(exponent)
		if err != nil || n < -maxDigits || n > maxDigits {
			return "", false
		}
		shift = n
	}
	whole, part, hasPart := strings.Cut(mantissa, ".")
	digits := whole + part
	if whole == "" || hasPart && part == "" || strings.Trim(digits, "0123456789") != "" ||
		len(whole) > 1 && whole[0] == '0' || len(digits) > maxDigits {
		return "", false
	}
	point := len(whole) + shift // of the decimal point in digits
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole = strings.TrimLeft(digits[:point], "0")
	part = strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if len(whole)+len(part) > maxDigits {
		return "", false
	}
	if part != "" {
		whole += "." + part
	}
	return Amount(whole), true
}
