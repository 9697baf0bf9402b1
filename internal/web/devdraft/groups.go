package devdraft

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// Customer groups are ours, in the style of the published pages.

var errGroupID = fault.New(fault.Invalid, "bad_group_id", "Invalid customer group id")

// createGroup makes a group.
func (a *api) createGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	write, err := readGroup(r)
	if err != nil {
		return err
	}
	reply, err := a.Records.CreateGroup(r.Context(), caller, write)
	if err != nil {
		return groupMessages.translate(err)
	}
	wire.WriteReply(w, http.StatusCreated, reply)
	return nil
}

// listGroups gives a page of groups, newest first.
func (a *api) listGroups(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	in, err := a.readPage(r)
	if err != nil {
		return err
	}
	found, err := a.Records.ListGroups(r.Context(), caller, records.ListGroupsRequest{PageRequest: in})
	if err != nil {
		return a.list.translate(err)
	}
	next := nextPage(pathGroups, found.Next, in.Take)
	listed{encodeItems(found.List, groupOf), next, in.Count, found.Total}.write(w)
	return nil
}

// fetchGroup gives one group.
func (a *api) fetchGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readGroupID(r)
	if err != nil {
		return err
	}
	g, err := a.Records.FetchGroup(r.Context(), caller, seq)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encodeGroup(&g))
	return nil
}

// updateGroup changes the members that were sent.
func (a *api) updateGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readGroupID(r)
	if err != nil {
		return err
	}
	write, err := readGroup(r)
	if err != nil {
		return err
	}
	reply, err := a.Records.UpdateGroup(r.Context(), caller, seq, write)
	if err != nil {
		return groupMessages.translate(err)
	}
	wire.WriteReply(w, http.StatusOK, reply)
	return nil
}

// deleteGroup removes a group; its customers stay.
func (a *api) deleteGroup(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	seq, err := readGroupID(r)
	if err != nil {
		return err
	}
	if err := a.Records.DeleteGroup(r.Context(), caller, seq); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func readGroupID(r *http.Request) (int64, error) {
	text := r.PathValue("id")
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seq < 1 || strconv.FormatInt(seq, 10) != text {
		return 0, errGroupID
	}
	return seq, nil
}

// readGroup takes a create or update request off the wire.
func readGroup(r *http.Request) (records.GroupWrite, error) {
	key, o, err := readKeyed(r)
	if err == nil {
		err = onlyMembers(o, "name", "description")
	}
	if err != nil {
		return records.GroupWrite{}, err
	}
	return records.GroupWrite{
		Input:          customer.GroupInput{Name: wire.Member(o, "name"), Description: wire.Member(o, "description")},
		IdempotencyKey: key, Encode: encodeGroup,
	}, nil
}

var groupMessages = messages{
	customer.PathGroupName + " " + customer.CodeRequired: {"name", "Group name is required"},
	customer.PathGroupName + " " + customer.CodeTooLong:  {"name", "Group name cannot exceed 255 characters"},
	customer.PathGroupName + " " + customer.CodeNotText:  {"name", "name must be a string"},

	customer.PathGroupDescription + " " + customer.CodeTooLong: {"description", "Group description cannot exceed 255 characters"},
	customer.PathGroupDescription + " " + customer.CodeNotText: {"description", "description must be a string"},
}

func groupOf(g *customer.Group) groupBody {
	return groupBody{
		ID: g.Seq, Name: g.Name.Reveal(), Description: wire.Text(g.Description.Reveal()),
		CreatedAt: timeText(g.CreatedAt), UpdatedAt: timeText(g.UpdatedAt),
	}
}

func encodeGroup(g *customer.Group) []byte { return wire.Marshal(groupOf(g)) }

// includeGroup is the value of include that adds group_id to customers. They do
// not have it otherwise: their shape is published.
const includeGroup = "group"

var errInclude = fault.Validation(fault.Field{Path: "include", Code: customer.CodeNotListed,
	Message: mustBeOneOf("include", []string{includeGroup})})

// readInclude reports whether the query asks for group_id.
func readInclude(r *http.Request) (bool, error) {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return false, err
	}
	return includesGroup(query)
}

func includesGroup(query body.Query) (bool, error) {
	value, sent, err := query.One("include")
	if sent && (err != nil || value != includeGroup) {
		return false, errInclude
	}
	return sent, nil
}
