package yativo

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

var (
	errKeyMissing = fault.New(fault.Invalid, "idempotency_key_missing", "Idempotency-Key is required for this request.")
	errKey        = fault.New(fault.Invalid, "bad_idempotency_key", "Idempotency-Key must be 1 to 255 printable characters.")
)

// createCustomer: Yativo, "Add customer".
func (a *api) createCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := a.readWrite(r, a.encodeCustomer(http.StatusCreated, "Customer created successfully"))
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateCustomer(r.Context(), caller, write)
	if err != nil {
		return word(err)
	}
	w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	writeReply(w, r, http.StatusCreated, reply)
	return nil
}

// fetchCustomer: Yativo, "Retrieve customer".
func (a *api) fetchCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	c, err := a.fetch(r, caller)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, a.encodeCustomer(http.StatusOK, "Request successful")(&c))
	return nil
}

// fetch reads the customer that the path names.
func (a *api) fetch(r *http.Request, caller tenant.Caller) (customer.Customer, error) {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return customer.Customer{}, err
	}
	if err := body.None(r); err != nil {
		return customer.Customer{}, err
	}
	return a.Records.FetchCustomer(r.Context(), caller, records.ByID(target))
}

// updateCustomer: Yativo, "Update customer".
func (a *api) updateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return err
	}
	write, err := a.readWrite(r, a.encodeCustomer(http.StatusOK, "Customer updated successfully"))
	if err != nil {
		return err
	}
	reply, err := a.Records.UpdateCustomer(r.Context(), caller, records.ByID(target), write)
	if err != nil {
		return word(err)
	}
	writeReply(w, r, http.StatusOK, reply)
	return nil
}

// deleteCustomer: Yativo, "Delete customer". Its bodies are the documented ones,
// without the envelope.
func (a *api) deleteCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := body.None(r); err != nil {
		return err
	}
	if err := a.Records.DeleteCustomer(r.Context(), caller, records.ByID(target)); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, []byte(`{"message":"Customer successfully deleted"}`))
	return nil
}

// writeReply writes the answer of a write, and says if it was given before.
func writeReply(w http.ResponseWriter, r *http.Request, status int, reply records.Reply) {
	if reply.Replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	web.JSON(w, status, reply.Body)
}

// readWrite takes a create or update request off the wire.
func (a *api) readWrite(r *http.Request, encode func(*customer.Customer) []byte) (records.Write, error) {
	key, object, err := a.readRequest(r)
	if err != nil {
		return records.Write{}, err
	}
	in, err := readCustomer(object)
	return records.Write{Input: in, IdempotencyKey: key, Encode: encode, Shown: shown}, err
}

// readRequest takes what every POST and PUT has: an idempotency key and an object.
func (a *api) readRequest(r *http.Request) (string, body.Object, error) {
	key, err := a.readIdempotencyKey(r)
	if err != nil {
		return "", body.Object{}, err
	}
	data, err := web.ReadBody(r)
	if err != nil {
		return "", body.Object{}, err
	}
	object, err := body.Parse(data)
	return key, object, err
}

// readIdempotencyKey gives the key of a POST or PUT, which must have one unless the
// setting says otherwise. The pages allow any unique string.
func (a *api) readIdempotencyKey(r *http.Request) (string, error) {
	key, _, err := web.OneHeader(r, "Idempotency-Key")
	switch {
	case err != nil:
		return "", err
	case key == "" && a.OptionalIdempotency:
		return "", nil
	case key == "":
		return "", errKeyMissing
	case len(key) > 255:
		return "", errKey
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", errKey
		}
	}
	return key, nil
}
