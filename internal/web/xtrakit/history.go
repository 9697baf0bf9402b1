package xtrakit

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// What a customer was is ours. The pages know nothing of it.

var errAsOf = fault.New(fault.Invalid, "bad_parameter", wire.ParamAsOf+" must be a date, or a date and time, in ISO 8601")

// pastLayout is finer than the times of the pages: changes of one second are told apart.
const pastLayout = "2006-01-02T15:04:05.000Z"

// stateBody is what a customer was until a change, and the change.
type stateBody struct {
	wire.Past
	Customer customerBody `json:"customer"`
}

type historyData struct {
	History []stateBody `json:"history"`
}

// listHistory gives a page of what a customer was, newest first.
func (a *api) listHistory(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r, errNoCustomer)
	if err != nil {
		return err
	}
	query, err := readQuery(r, "cursor")
	if err != nil {
		return err
	}
	found, err := a.Records.ListHistory(r.Context(), caller, records.BySeq(target), records.PageRequest{Take: page.MaxTake, Cursor: query["cursor"]})
	if err != nil {
		return err
	}
	if found.Next != "" {
		w.Header().Add("Link", nextLink(pathCustomers+"/"+strconv.FormatInt(target, 10)+"/history", found.Next))
	}
	data := historyData{make([]stateBody, len(found.List))}
	for i := range found.List {
		s := &found.List[i]
		data.History[i] = stateBody{wire.PastOf(s, pastLayout, shownNames), customerOf(&s.Customer, accountOf(caller.App))}
	}
	web.JSON(w, http.StatusOK, encode(http.StatusOK, "History found", data))
	return nil
}

// shownNames are the members that show fields whose names are others.
var shownNames = map[string]string{
	customer.PathGiven: "customer_name", customer.PathFamily: "customer_name", customer.PathEmail: "customer_email",
	customer.PathPhone: "customer_phone", customer.PathWhatsapp: "customer_whatsapp", customer.PathCountry: "customer_country",
	customer.PathNumber: "address1", customer.PathStreet: "address1", customer.PathLine2: "address2", customer.PathCity: "customer_city",
	customer.PathRegion: "customer_state", customer.PathPostal: "customer_zip", customer.PathProfile: "customer_profile",
	customer.PathGroup: "customer_group_id",
}
