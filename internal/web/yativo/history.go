package yativo

import (
	"errors"
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// What a customer was is ours. The pages know nothing of it.

var errAsOf = problem(wire.ParamAsOf, customer.CodeNotTime, "The "+spoken(wire.ParamAsOf)+" field must be a valid date.")

// stateBody is what a customer was until a change, and the change.
type stateBody struct {
	wire.Past
	Customer customerBody `json:"customer"`
}

// historyBody is the answer of history: its data, and what the next page is asked with.
type historyBody struct {
	envelope
	Next wire.Text `json:"next_cursor"`
}

// listHistory gives a page of what a customer was, newest first.
func (a *api) listHistory(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return err
	}
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	in, err := a.readList(query, false)
	if err != nil {
		return err
	}
	found, err := a.Records.ListHistory(r.Context(), caller, records.ByID(target), records.PageRequest{Take: int(in.perPage), Cursor: in.cursor})
	if errors.Is(err, page.ErrCursor) {
		return errCursor
	}
	if err != nil {
		return err
	}
	states := make([]stateBody, len(found.List))
	for i := range found.List {
		s := &found.List[i]
		states[i] = stateBody{wire.PastOf(s, timeLayout, shownNames), a.customerOf(&s.Customer)}
	}
	web.JSON(w, http.StatusOK, wire.Marshal(historyBody{envelope{"success", http.StatusOK, "Request successful", states}, wire.Text(found.Next)}))
	return nil
}

// shownNames are the members that show fields whose names are others.
var shownNames = map[string]string{
	customer.PathGiven: "customer_name", customer.PathFamily: "customer_name", customer.PathEmail: "customer_email",
	customer.PathPhone: "customer_phone", customer.PathCountry: "customer_country", customer.PathType: "customer_type",
	customer.PathStatus: "customer_status", customer.PathNumber: "customer_address", customer.PathStreet: "customer_address",
	customer.PathLine2: "customer_address", customer.PathCity: "customer_address", customer.PathRegion: "customer_address",
	customer.PathPostal: "customer_address", customer.PathAddressCountry: "customer_address", "kyc": "customer_kyc_status",
}
