package devdraft

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/wire"
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
		Amount: wire.NumberMember(o, "amount"), Currency: wire.Member(o, "currency"),
		At: wire.Member(o, "time"), Reference: wire.Member(o, "reference"),
	}
	reply, err := a.Records.RecordTransaction(r.Context(), caller, target, in, key, func(t *customer.Transaction) []byte {
		return wire.Marshal(transactionOf(target)(t))
	})
	if err != nil {
		return transactionMessages.translate(err)
	}
	wire.WriteReply(w, http.StatusCreated, reply)
	return nil
}

// listCustomerTransactions gives a page of purchases, newest first.
func (a *api) listCustomerTransactions(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
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
		return a.list.translate(err)
	}
	next := nextPage(pathCustomers+"/"+target.String()+"/transactions", found.Next, in.Take)
	listed{encodeItems(found.List, transactionOf(target)), next, in.Count, found.Total}.write(w)
	return nil
}

var transactionMessages = messages{
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

// transactionOf converts transactions of a customer.
func transactionOf(c id.Customer) func(*customer.Transaction) transactionBody {
	return func(t *customer.Transaction) transactionBody {
		return transactionBody{
			ID: t.ID.String(), CustomerID: c.String(), Amount: jsontext.Value(t.Amount.Number()), Currency: t.Currency,
			Time: timeText(t.At), Reference: wire.Text(t.Reference.Reveal()), CreatedAt: timeText(t.CreatedAt),
		}
	}
}
