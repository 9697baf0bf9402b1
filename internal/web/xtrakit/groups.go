package xtrakit

import (
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

var errNoGroup = fault.New(fault.NotFound, records.ErrNoGroup.Code, "Group not found")

// noGroup says of a missing group that it is one.
func noGroup(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return errNoGroup
	}
	return translate(err)
}

// addGroup: Xtrakit, "Add Customer Group".
func (a *api) addGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := readGroupWrite(w, r)
	if err != nil {
		return err
	}
	write.Encode = encodeGroup(caller.App, statusAdded, "Group added successfully")
	reply, err := a.Records.CreateGroup(r.Context(), caller, write)
	if err != nil {
		return noGroup(err)
	}
	wire.WriteReply(w, statusAdded, reply)
	return nil
}

// fetchGroup: Xtrakit, "Fetch Customer Group".
func (a *api) fetchGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readID(r, errNoGroup)
	if err != nil {
		return err
	}
	g, err := a.Records.FetchGroup(r.Context(), caller, seq)
	if err != nil {
		return noGroup(err)
	}
	web.JSON(w, http.StatusOK, encodeGroup(caller.App, http.StatusOK, "Group found")(&g))
	return nil
}

// editGroup: Xtrakit, "Edit Customer Group". A description that is left out stays.
func (a *api) editGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readID(r, errNoGroup)
	if err != nil {
		return err
	}
	write, err := readGroupWrite(w, r)
	if err != nil {
		return err
	}
	write.Encode = encodeGroup(caller.App, http.StatusOK, "Group updated successfully")
	reply, err := a.Records.UpdateGroup(r.Context(), caller, seq, write)
	if err != nil {
		return noGroup(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

// deleteGroup is not in the pages, as deleteCustomer is not.
func (a *api) deleteGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readID(r, errNoGroup)
	if err != nil {
		return err
	}
	if err := a.Records.DeleteGroup(r.Context(), caller, seq); err != nil {
		return noGroup(err)
	}
	web.JSON(w, http.StatusOK, encode(http.StatusOK, "Group deleted successfully", noData{}))
	return nil
}

// readGroupWrite is readWrite for groups.
func readGroupWrite(w http.ResponseWriter, r *http.Request) (records.GroupWrite, error) {
	key, err := wire.IdempotencyKey(r, headerKey)
	if err != nil {
		return records.GroupWrite{}, err
	}
	object, err := web.ReadObject(r)
	if err == nil {
		err = wire.KnownMembers(w, r, object, "", groupMembers...)
	}
	if err != nil {
		return records.GroupWrite{}, err
	}
	return records.GroupWrite{Input: readGroup(object), IdempotencyKey: key}, nil
}
