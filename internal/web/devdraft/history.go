package devdraft

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/wire"
)

// What a customer was is ours. No page describes it, so both the list and the parameter of
// fetch need a scope that no published client has.

var errAsOf = fault.Validation(fault.Field{Path: wire.ParamAsOf, Code: customer.CodeNotTime,
	Message: wire.ParamAsOf + " must be a valid ISO 8601 date string"})

// listHistory gives a page of what a customer was, newest first.
func (a *api) listHistory(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	in, err := a.readPart(r, false)
	if err != nil {
		return err
	}
	found, err := a.Records.ListHistory(r.Context(), caller, records.ByID(target), in)
	if err != nil {
		return a.list.translate(err)
	}
	next := nextPage(pathCustomers+"/"+target.String()+"/history", found.Next, in.Take)
	listed{body: encodeItems(found.List, stateOf(caller.App)), next: next}.write(w)
	return nil
}

// stateBody is what a customer was until a change, and the change.
type stateBody struct {
	wire.Past
	Customer customerBody `json:"customer"`
}

// stateOf converts states of an application's customers.
func stateOf(app id.App) func(*history.State) stateBody {
	return func(s *history.State) stateBody {
		return stateBody{wire.PastOf(s, timeLayout, shownNames), customerOf(&s.Customer, app, true)}
	}
}

// shownNames are the members that show fields whose names are others.
var shownNames = map[string]string{
	customer.PathGiven: "first_name", customer.PathFamily: "last_name", customer.PathPhone: "phone_number",
	customer.PathType: "customer_type", customer.PathGroup: "group_id", customer.PathLastPurchase: "last_purchase_date",
}
