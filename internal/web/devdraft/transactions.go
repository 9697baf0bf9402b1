package devdraft

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// Transactions are ours, in the style of the published pages. They are what moves
// last_spent and last_purchase_date, which the pages show and let nothing write.

// recordTransaction adds a purchase.
func (a *api) recordTransaction(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	key, o, err := readKeyed(r)
	if err == nil {
		err = onlyMembers(o, "amount", "currency", "time", "reference")
	}
	if err != nil {
		return err
	}
	in := customer.TransactionInput{
		Amount: readNumber(o, "amount"), Currency: readMember(o, "currency"),
		At: readMember(o, "time"), Reference: readMember(o, "reference"),
	}
	reply, err := a.Records.RecordTransaction(r.Context(), caller, target, in, key, func(t *customer.Transaction) []byte {
		return transactionOf(target)(nil, t)
	})
	if err != nil {
		return transactionTexts.word(err)
	}
	writeReply(w, r, http.StatusCreated, reply)
	return nil
}

// listTransactions gives a page of purchases, newest first.
func (a *api) listTransactions(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	in, err := a.readPage(r)
	if err != nil {
		return err
	}
	found, err := a.Records.ListTransactions(r.Context(), caller, target, in)
	if err != nil {
		return a.find.word(err)
	}
	next := nextPage(pathCustomers+"/"+target.String()+"/transactions", found.Next, in.Take)
	listed{appendArray(nil, found.List, transactionOf(target)), next, in.Count, found.Total}.write(w, r)
	return nil
}

var transactionTexts = texts{
	customer.PathAmount + " " + customer.CodeRequired: {"amount", "Amount is required"},
	customer.PathAmount + " " + customer.CodeInvalid:  {"amount", "amount must be a decimal number of 0 or more with at most 60 digits"},

	customer.PathCurrency + " " + customer.CodeRequired: {"currency", "Currency is required"},
	customer.PathCurrency + " " + customer.CodeNotText:  {"currency", "currency must be a string"},
	customer.PathCurrency + " " + customer.CodeTooLong:  {"currency", badCurrency},
	customer.PathCurrency + " " + customer.CodeInvalid:  {"currency", badCurrency},

	customer.PathTime + " " + customer.CodeNotTime: {"time", "time must be a valid ISO 8601 date string"},

	customer.PathReference + " " + customer.CodeTooLong: {"reference", "reference must be shorter than or equal to 255 characters"},
	customer.PathReference + " " + customer.CodeNotText: {"reference", "reference must be a string"},
}

const badCurrency = "currency must be a valid ISO4217 currency code"

// transactionOf renders transactions of a customer. The amount is a JSON number
// with every digit that was sent.
func transactionOf(c id.Customer) func([]byte, *customer.Transaction) []byte {
	return func(b []byte, t *customer.Transaction) []byte {
		b = appendString(append(b, `{"id":`...), t.ID.String())
		b = appendString(append(b, `,"customer_id":`...), c.String())
		b = append(append(b, `,"amount":`...), t.Amount.Number()...)
		b = appendString(append(b, `,"currency":`...), t.Currency)
		b = appendTime(append(b, `,"time":`...), t.At)
		b = appendOptional(append(b, `,"reference":`...), t.Reference.Reveal())
		b = appendTime(append(b, `,"created_at":`...), t.CreatedAt)
		return append(b, '}')
	}
}

// appendArray appends a JSON array.
func appendArray[T any](b []byte, list []T, one func([]byte, *T) []byte) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, &list[i])
	}
	return append(b, ']')
}
