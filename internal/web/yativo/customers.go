package yativo

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

var errKeyMissing = fault.New(fault.Invalid, "idempotency_key_missing", "Idempotency-Key is required for this request.")

// createCustomer: Yativo, "Add customer".
func (a *api) createCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := a.readWrite(w, r, a.encodeCustomer(http.StatusCreated, "Customer created successfully"))
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateCustomer(r.Context(), caller, write)
	if err != nil {
		return translate(err)
	}
	w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	wire.WriteReply(w, http.StatusCreated, reply)
	return nil
}

// fetchCustomer: Yativo, "Retrieve customer".
func (a *api) fetchCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return err
	}
	asked, err := wire.ReadFetch(r, records.ByID(target), errAsOf)
	if err != nil {
		return err
	}
	c, err := a.Records.FetchCustomer(r.Context(), caller, asked.Target)
	if err != nil {
		return err
	}
	return asked.Write(w, r, c.Revision, a.encodeFetched(&c))
}

// fetch reads the customer that the path names.
func (a *api) fetch(r *http.Request, caller tenant.Caller) (customer.Customer, error) {
	target, err := readID(r.PathValue("id"))
	if err != nil {
		return customer.Customer{}, err
	}
	check, err := wire.Readable(r)
	if err != nil {
		return customer.Customer{}, err
	}
	return a.Records.FetchCustomer(r.Context(), caller, records.ByID(target).In(check))
}

// updateCustomer: Yativo, "Update customer".
func (a *api) updateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	write, err := a.readWrite(w, r, a.encodeCustomer(http.StatusOK, "Customer updated successfully"))
	if err != nil {
		return err
	}
	reply, err := a.Records.UpdateCustomer(r.Context(), caller, target, write)
	if err != nil {
		return translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

// deleteCustomer: Yativo, "Delete customer". Its bodies are the documented ones,
// without the envelope.
func (a *api) deleteCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Records.DeleteCustomer(r.Context(), caller, target); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, []byte(`{"message":"Customer successfully deleted"}`))
	return nil
}

// readTarget takes the customer who is to be changed, whom a text names, and the state to be
// in.
func readTarget(r *http.Request, text string) (records.Target, error) {
	target, err := readID(text)
	if err != nil {
		return records.Target{}, err
	}
	check, err := wire.Precondition(r)
	if err != nil {
		return records.Target{}, err
	}
	return records.ByID(target).In(check), nil
}

// readWrite takes a create or update request off the wire.
func (a *api) readWrite(w http.ResponseWriter, r *http.Request, encode func(*customer.Customer) []byte) (records.Write, error) {
	key, object, err := a.readRequest(r)
	if err != nil {
		return records.Write{}, err
	}
	if err := knownMembers(w, r, object); err != nil {
		return records.Write{}, err
	}
	in, err := readCustomer(object)
	return records.Write{Input: in, IdempotencyKey: key, Encode: encode, Shown: shown}, err
}

// readRequest takes what every POST, PUT and PATCH has: an idempotency key and an object.
func (a *api) readRequest(r *http.Request) (string, body.Object, error) {
	key, err := a.readIdempotencyKey(r)
	if err != nil {
		return "", body.Object{}, err
	}
	object, err := wire.ReadJSON(r)
	return key, object, err
}

// readIdempotencyKey gives the key of a POST, PUT or PATCH, which must have one unless the
// setting says otherwise.
func (a *api) readIdempotencyKey(r *http.Request) (string, error) {
	key, err := wire.IdempotencyKey(r, "Idempotency-Key")
	if err == nil && key == "" && !a.OptionalIdempotency {
		return "", errKeyMissing
	}
	return key, err
}
