package devdraft

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/tenant"
)

// getOrCreateCustomer is ours: the customer with the e-mail address, who is made of
// the request if there is none. Of requests at the same time, one creates.
func (a *api) getOrCreateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := readWrite(r, caller)
	if err != nil {
		return err
	}
	encode := write.Encode
	reply, err := a.Records.GetOrCreateCustomer(r.Context(), caller, write, func(c *customer.Customer, created bool) []byte {
		b := append(make([]byte, 0, customerSize), `{"created":false,"customer":`...)
		if created {
			b = append(b[:0], `{"created":true,"customer":`...)
		}
		return append(append(b, encode(c)...), '}')
	})
	if err != nil {
		return bodyTexts.word(err)
	}
	status := http.StatusOK
	if !reply.Existed {
		status = http.StatusCreated
		w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	}
	writeReply(w, r, status, reply)
	return nil
}
