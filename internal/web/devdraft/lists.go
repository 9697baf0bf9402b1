package devdraft

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// listCustomers: Devdraft, "List Customers".
func (a *api) listCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := body.None(r); err != nil {
		return err
	}
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	cursor, _, err := query.One("cursor")
	if err != nil {
		return a.find.word(page.ErrCursor)
	}
	withGroup, err := includesGroup(query)
	if err != nil {
		return err
	}
	return a.answerList(w, r, caller, records.Find{Input: readFind(query), Cursor: cursor}, withGroup)
}

// searchCustomers is ours: the same list, with its filters in the body, so that
// personal data stays out of URLs.
func (a *api) searchCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	data, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	object, err := body.Parse(data)
	if err != nil {
		return err
	}
	find, err := readSearch(object)
	if err != nil {
		return a.find.word(err)
	}
	withGroup, err := readInclude(r)
	if err != nil {
		return err
	}
	return a.answerList(w, r, caller, find, withGroup)
}

// answerList answers a list request, however its filters came.
func (a *api) answerList(w http.ResponseWriter, r *http.Request, caller tenant.Caller, in records.Find, withGroup bool) error {
	in.Count = prefersCount(r)
	found, err := a.Records.FindCustomers(r.Context(), caller, in)
	if err != nil {
		return a.find.word(err)
	}
	h := w.Header()
	if found.Next != "" {
		h.Set("Link", nextLink(found, withGroup))
	}
	if in.Count {
		h.Set("Preference-Applied", "count=exact")
		h.Set("X-Total-Count", strconv.Itoa(found.Total))
	}
	web.JSON(w, r, http.StatusOK, encodeList(found.Customers, caller.App, withGroup))
	return nil
}

// nextLink points to the next page (RFC 8288). What was searched for is in the
// cursor, sealed, and nowhere else in the link.
func nextLink(found records.Found, withGroup bool) string {
	link := "<" + pathCustomers + "?cursor=" + url.QueryEscape(found.Next) + "&take=" + strconv.Itoa(found.Take)
	if withGroup {
		link += "&include=" + includeGroup
	}
	return link + `>; rel="next"`
}

// prefersCount reads the preference count=exact (RFC 7240). Others are ignored.
func prefersCount(r *http.Request) bool {
	for _, line := range r.Header.Values("Prefer") {
		for p := range strings.SplitSeq(line, ",") {
			p, _, _ = strings.Cut(p, ";")
			if strings.EqualFold(strings.ReplaceAll(strings.TrimSpace(p), `"`, ""), "count=exact") {
				return true
			}
		}
	}
	return false
}

// readSearch takes a search request out of a body.
func readSearch(o body.Object) (records.Find, error) {
	if err := onlyMembers(o, "take", "skip", "cursor", "status", "customer_type", "group_id", "name", "email",
		"created_from", "created_to"); err != nil {
		return records.Find{}, err
	}
	var find records.Find
	in := &find.Input
	in.Take, in.Skip = readNumber(o, "take"), readNumber(o, "skip")
	in.Status, in.Type = readMember(o, "status"), readMember(o, "customer_type")
	in.Name, in.Email, in.Group = readMember(o, "name"), readMember(o, "email"), readNumber(o, "group_id")
	in.CreatedFrom, in.CreatedTo = readMember(o, "created_from"), readMember(o, "created_to")
	cursor := readMember(o, "cursor")
	if cursor.Null || cursor.Other || cursor.Sent && cursor.Value == "" {
		return find, page.ErrCursor
	}
	find.Cursor = cursor.Value
	return find, nil
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
