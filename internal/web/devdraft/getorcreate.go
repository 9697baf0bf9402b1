package devdraft

import (
	"net/http"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/wire"
)

// getOrCreateCustomer is ours: the customer with the e-mail address, who is made of
// the request if there is none. Of requests at the same time, one creates.
func (a *api) getOrCreateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, withGroup, err := readWrite(w, r)
	if err != nil {
		return err
	}
	reply, err := a.Records.GetOrCreateCustomer(r.Context(), caller, write, encodeExisting(caller.App, withGroup))
	if err != nil {
		return bodyMessages.translate(err)
	}
	status := http.StatusOK
	if !reply.Existed {
		status = http.StatusCreated
		w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	}
	wire.WriteReply(w, status, reply)
	return nil
}
