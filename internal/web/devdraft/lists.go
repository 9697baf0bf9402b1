package devdraft

import (
	"net/http"
	"net/url"
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
	return a.answerList(w, r, caller, records.Find{Input: readFind(query), Cursor: cursor})
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
	return a.answerList(w, r, caller, find)
}

// answerList answers a list request, however its filters came.
func (a *api) answerList(w http.ResponseWriter, r *http.Request, caller tenant.Caller, in records.Find) error {
	in.Count = prefersCount(r)
	found, err := a.Records.FindCustomers(r.Context(), caller, in)
	if err != nil {
		return a.find.word(err)
	}
	h := w.Header()
	if found.Next != "" {
		h.Set("Link", nextLink(found))
	}
	if in.Count {
		h.Set("Preference-Applied", "count=exact")
		h.Set("X-Total-Count", strconv.Itoa(found.Total))
	}
	web.JSON(w, r, http.StatusOK, encodeList(found.Customers, caller.App))
	return nil
}

// nextLink points to the next page (RFC 8288). What was searched for is in the
// cursor, sealed, and nowhere else in the link.
func nextLink(found records.Found) string {
	return "<" + pathCustomers + "?cursor=" + url.QueryEscape(found.Next) + "&take=" + strconv.Itoa(found.Take) + `>; rel="next"`
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

// readSearch takes a search request out of a body. The request is ours, so a
// member that does not belong there is refused.
func readSearch(o body.Object) (records.Find, error) {
	for name := range o.Members() {
		if !searchMembers[name] {
			return records.Find{}, errMember
		}
	}
	var find records.Find
	in := &find.Input
	in.Take, in.Skip = readNumber(o, "take"), readNumber(o, "skip")
	in.Status, in.Type = readMember(o, "status"), readMember(o, "customer_type")
	in.Name, in.Email = readMember(o, "name"), readMember(o, "email")
	in.CreatedFrom, in.CreatedTo = readMember(o, "created_from"), readMember(o, "created_to")
	cursor := readMember(o, "cursor")
	if cursor.Null || cursor.Other || cursor.Sent && cursor.Value == "" {
		return find, page.ErrCursor
	}
	find.Cursor = cursor.Value
	return find, nil
}

var searchMembers = map[string]bool{
	"take": true, "skip": true, "cursor": true, "status": true, "customer_type": true, "name": true,
	"email": true, "created_from": true, "created_to": true,
}

var errMember = fault.Validation(fault.Field{Path: "body", Code: "unknown_member", Message: "the body may have take, skip, cursor, " +
	"status, customer_type, name, email, created_from and created_to, and no other member"})
