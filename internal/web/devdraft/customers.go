package devdraft

import (
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

var errID = fault.New(fault.Invalid, "bad_id", "Invalid UUID format")

// createCustomer: Devdraft, "Create Customer".
func (a *api) createCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, withGroup, err := readWrite(w, r)
	if err != nil {
		return err
	}
	write.Encode = encodeCustomer(caller.App, withGroup)
	reply, err := a.Records.CreateCustomer(r.Context(), caller, write)
	if err != nil {
		return bodyMessages.translate(err)
	}
	w.Header().Set("Location", pathCustomers+"/"+reply.Customer.String())
	wire.WriteReply(w, http.StatusCreated, reply)
	return nil
}

// fetchCustomer: Devdraft, "Fetch Customer".
func (a *api) fetchCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r)
	if err != nil {
		return err
	}
	withGroup, err := readInclude(r)
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
	return asked.Write(w, r, c.Revision, encodeFetched(&c, caller, withGroup))
}

// updateCustomer: Devdraft, "Update Customer".
func (a *api) updateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r)
	if err != nil {
		return err
	}
	write, withGroup, err := readWrite(w, r)
	if err != nil {
		return err
	}
	write.Encode = encodeCustomer(caller.App, withGroup)
	reply, err := a.Records.UpdateCustomer(r.Context(), caller, target, write)
	if err != nil {
		return bodyMessages.translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

// deleteCustomer removes a customer for good. The pages contradict each other and the
// contract knows no deletion, so it is ours; its answer is that of "Delete Customer" in
// the developer pages.
func (a *api) deleteCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r)
	if err != nil {
		return err
	}
	if err := a.Records.DeleteCustomer(r.Context(), caller, target); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, wire.Marshal(deletedBody{true, "Customer successfully deleted", timeText(a.Now()), target.String()}))
	return nil
}

// validateCustomer is ours: what create would say of the body, without creating. What
// create answers with an array of messages, or with the message of a taken e-mail
// address, is an array of errors here.
func (a *api) validateCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	object, err := wire.ReadJSON(r)
	if err == nil {
		err = wire.KnownMembers(w, r, object, "", customerMembers...)
	}
	if err != nil {
		return err
	}
	problems, err := a.Records.ValidateCustomer(r.Context(), caller, readCustomer(object))
	if err != nil {
		return err
	}
	b := validityBody{Valid: len(problems) == 0, Errors: []string{}}
	if !b.Valid {
		b.Errors = messagesOf(fault.Of(bodyMessages.translate(fault.Validation(problems...))).Fields)
	}
	web.JSON(w, http.StatusOK, wire.Marshal(b))
	return nil
}

func readID(r *http.Request) (id.Customer, error) {
	target, err := id.ParseCustomer(r.PathValue("id"))
	if err != nil {
		return target, errID
	}
	return target, nil
}

// readTarget takes the customer who is to be changed off the wire, and the state to be in.
func readTarget(r *http.Request) (records.Target, error) {
	target, err := readID(r)
	if err != nil {
		return records.Target{}, err
	}
	check, err := wire.Precondition(r)
	if err != nil {
		return records.Target{}, err
	}
	return records.ByID(target).In(check), nil
}

// readWrite takes a create or update request off the wire, and whether the answer is to
// show the group; Encode is the caller's to set.
func readWrite(w http.ResponseWriter, r *http.Request) (write records.Write, withGroup bool, err error) {
	key, object, err := readKeyed(r)
	if err == nil {
		err = wire.KnownMembers(w, r, object, "", customerMembers...)
	}
	if err != nil {
		return records.Write{}, false, err
	}
	withGroup, err = readInclude(r)
	return records.Write{Input: readCustomer(object), IdempotencyKey: key, Shown: shown}, withGroup, err
}

// readKeyed takes the idempotency key and the body of a POST or PATCH off the wire.
func readKeyed(r *http.Request) (key string, object body.Object, err error) {
	if key, err = wire.IdempotencyKey(r, "idempotency-key"); err != nil {
		return "", object, err
	}
	object, err = wire.ReadJSON(r)
	return key, object, err
}
