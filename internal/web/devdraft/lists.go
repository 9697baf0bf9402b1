package devdraft

import (
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// listCustomers: Devdraft, "List Customers".
func (a *api) listCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	cursor, err := readCursor(query)
	if err != nil {
		return a.list.translate(err)
	}
	withGroup, err := includesGroup(query)
	if err != nil {
		return err
	}
	return a.answerList(w, r, caller, records.ListRequest{Input: readFind(query), Cursor: cursor}, withGroup)
}

// searchCustomers is ours: the same list, with its filters in the body, so that
// personal data stays out of URLs.
func (a *api) searchCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	object, err := wire.ReadJSON(r)
	if err != nil {
		return err
	}
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := noSearchIn(query); err != nil {
		return err
	}
	find, err := readSearch(object)
	if err != nil {
		return a.list.translate(err)
	}
	withGroup, err := includesGroup(query)
	if err != nil {
		return err
	}
	return a.answerList(w, r, caller, find, withGroup)
}

// answerList answers a list request, however its filters came.
func (a *api) answerList(w http.ResponseWriter, r *http.Request, caller tenant.Caller, in records.ListRequest, withGroup bool) error {
	in.Count = wire.Prefers(r, "count", "exact")
	found, err := a.Records.ListCustomers(r.Context(), caller, in)
	if err != nil {
		return a.list.translate(err)
	}
	next := nextPage(pathCustomers, found.Next, found.Take)
	if next != "" && withGroup {
		next += "&include=" + includeGroup
	}
	listed{encodeList(found.Customers, caller.App, withGroup), next, in.Count, found.Total}.write(w)
	return nil
}

// Parameters of lists.
var (
	pageParameters = []string{"take", "skip", "cursor"}
	listParameters = append([]string{"include"}, searchMembers...)
)

// searchMembers are the members of a search.
var searchMembers = []string{"take", "skip", "cursor", "status", "customer_type", "group_id", "name", "email",
	"created_from", "created_to"}

// bodyMembers are the members of a search in a body.
var bodyMembers = append(slices.Clone(searchMembers), "query", "order")

// noSearchIn refuses members of a search in its URL. As parameters they would count
// for nothing, and the cursor of a Link that is followed by POST would begin the list
// again for ever.
func noSearchIn(query body.Query) error {
	var problems []fault.Field
	for _, name := range bodyMembers {
		if _, sent, _ := query.One(name); sent {
			problems = append(problems, fault.Field{Path: name, Code: "not_in_query", Message: name + " must be a member of the body, not of the query"})
		}
	}
	if len(problems) > 0 {
		return fault.Validation(problems...)
	}
	return nil
}

// readSearch takes a search request out of a body.
func readSearch(o body.Object) (records.ListRequest, error) {
	if err := onlyMembers(o, bodyMembers...); err != nil {
		return records.ListRequest{}, err
	}
	var find records.ListRequest
	in := &find.Input
	in.Take, in.Skip = wire.NumberMember(o, "take"), wire.NumberMember(o, "skip")
	in.Status, in.Type = wire.Member(o, "status"), wire.Member(o, "customer_type")
	in.Name, in.Email, in.Group = wire.Member(o, "name"), wire.Member(o, "email"), wire.NumberMember(o, "group_id")
	in.CreatedFrom, in.CreatedTo = wire.Member(o, "created_from"), wire.Member(o, "created_to")
	in.Query, in.Order = wire.Member(o, "query"), wire.Member(o, "order")
	cursor := wire.Member(o, "cursor")
	find.Cursor = cursor.Value
	return find, checkCursor(cursor)
}

// onlyMembers refuses a member that does not belong into a request of ours, where
// no client in the wild could have one: it is a slip.
func onlyMembers(o body.Object, names ...string) error {
	for name := range o.Members() {
		if !slices.Contains(names, name) {
			last := len(names) - 1
			return fault.Validation(fault.Field{Path: "body", Code: "unknown_member", Message: "the body may have " +
				strings.Join(names[:last], ", ") + " and " + names[last] + ", and no other member"})
		}
	}
	return nil
}
