package xtrakit

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

var errNoCustomer = fault.New(fault.NotFound, "customer_not_found", "Customer not found")

// addCustomer: Xtrakit, "Add Customer". Whoever answers for the API key made the
// customer, unless the request names somebody.
func (a *api) addCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := readWrite(w, r)
	if err != nil {
		return err
	}
	if by := &write.Input.CreatedBy; !by.Other && customer.Trim(by.Value) == "" {
		*by = customer.Text{Sent: true, Value: caller.Owner}
	}
	write.Encode = encodeCustomer(caller.App, statusAdded, "Customer added successfully")
	reply, err := a.Records.CreateCustomer(r.Context(), caller, write)
	if err != nil {
		return translate(err)
	}
	wire.WriteReply(w, statusAdded, reply)
	return nil
}

// fetchCustomer: Xtrakit, "Fetch Customer".
func (a *api) fetchCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readID(r, errNoCustomer)
	if err != nil {
		return err
	}
	asked, err := wire.ReadFetch(r, records.BySeq(target), errAsOf)
	if err != nil {
		return err
	}
	c, g, err := a.Records.FetchWithGroup(r.Context(), caller, asked.Target)
	if err != nil {
		return err
	}
	return asked.Write(w, r, c.Revision, encodeFetched(&c, g, caller.App))
}

// editCustomer: Xtrakit, "Edit Customer". The request must have what add must have;
// other members that it leaves out stay as they are.
func (a *api) editCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r)
	if err != nil {
		return err
	}
	write, err := readWrite(w, r)
	if err != nil {
		return err
	}
	write.Encode = encodeCustomer(caller.App, http.StatusOK, "Customer updated successfully")
	reply, err := a.Records.UpdateCustomer(r.Context(), caller, target, write)
	if err != nil {
		return translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

// deleteCustomer is not in the pages but for one line of the introduction.
func (a *api) deleteCustomer(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	target, err := readTarget(r)
	if err != nil {
		return err
	}
	if err := a.Records.DeleteCustomer(r.Context(), caller, target); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encode(http.StatusOK, "Customer deleted successfully", noData{}))
	return nil
}

// readID gives the number in the path. What is none names nothing.
func readID(r *http.Request, missing *fault.Error) (int64, error) {
	n, ok := customer.ParseNumber(r.PathValue("id"))
	if !ok {
		return 0, missing
	}
	return n, nil
}

// readTarget takes the customer who is to be changed off the wire, and the state to be in.
func readTarget(r *http.Request) (records.Target, error) {
	target, err := readID(r, errNoCustomer)
	if err != nil {
		return records.Target{}, err
	}
	check, err := wire.Precondition(r)
	if err != nil {
		return records.Target{}, err
	}
	return records.BySeq(target).In(check), nil
}

// headerKey carries an idempotency key. The pages have no such header; it is ours.
const headerKey = "idempotency-key"

// readWrite takes an add or edit request off the wire; Encode is the caller's to set.
func readWrite(w http.ResponseWriter, r *http.Request) (records.Write, error) {
	key, err := wire.IdempotencyKey(r, headerKey)
	if err != nil {
		return records.Write{}, err
	}
	object, err := web.ReadObject(r)
	if err == nil {
		err = wire.KnownMembers(w, r, object, "", customerMembers...)
	}
	if err != nil {
		return records.Write{}, err
	}
	return records.Write{Input: readCustomer(object), IdempotencyKey: key, Shown: shown}, nil
}
