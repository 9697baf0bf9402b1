package devdraft

import (
	"net/http"
	"net/url"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// Every list is a bare array; where the next page is and how many there are in all
// stand in the headers, which is ours.

// readPage takes what one of our lists may be asked: take, skip and cursor as for the
// list of customers, and the preference for a count.
func (a *api) readPage(r *http.Request) (records.PageRequest, error) { return a.readPart(r, true) }

// readPart is readPage for a list that may have no skip.
func (a *api) readPart(r *http.Request, skips bool) (records.PageRequest, error) {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return records.PageRequest{}, err
	}
	in := customer.ListInput{Take: wire.Parameter(query, "take")}
	if skips {
		in.Skip = wire.Parameter(query, "skip")
	}
	find, problems := in.Parse(a.MaxSkip)
	if len(problems) > 0 {
		return records.PageRequest{}, a.list.translate(fault.Validation(problems...))
	}
	cursor, err := readCursor(query)
	if err != nil {
		return records.PageRequest{}, a.list.translate(err)
	}
	return records.PageRequest{Skip: find.Skip, Take: find.Take, Cursor: cursor, Count: wire.Prefers(r, "count", "exact")}, nil
}

// errNoCursor is for a cursor that is there and empty. To begin anew would be to lead
// a client that lost it round and round.
var errNoCursor = fault.Validation(fault.Field{Path: "cursor", Code: "empty_cursor", Message: "cursor should not be empty"})

// readCursor gives the parameter cursor, "" if there is none.
func readCursor(q body.Query) (string, error) {
	cursor := wire.Parameter(q, "cursor")
	return cursor.Value, checkCursor(cursor)
}

func checkCursor(cursor customer.Text) error {
	switch {
	case cursor.Null || cursor.Other:
		return page.ErrCursor
	case cursor.Sent && customer.Trim(cursor.Value) == "":
		return errNoCursor
	}
	return nil
}

// listed is a page of a list on its way out.
type listed struct {
	body  []byte
	next  string // the address of the next page; "" for none
	count bool   // the client asked for the total
	total int
}

func (l listed) write(w http.ResponseWriter) {
	h := w.Header()
	if l.next != "" {
		h.Add("Link", "<"+l.next+`>; rel="next"`) // RFC 8288
	}
	if l.count {
		h.Add("Preference-Applied", "count=exact")
		h.Set("X-Total-Count", strconv.Itoa(l.total))
	}
	web.JSON(w, http.StatusOK, l.body)
}

// encodeItems renders a list of anything but customers.
func encodeItems[Item, Body any](list []Item, convert func(*Item) Body) []byte {
	bodies := make([]Body, len(list))
	for i := range list {
		bodies[i] = convert(&list[i])
	}
	return wire.Marshal(bodies)
}

// nextPage is the address of the next page, "" if cursor is. What was searched for is
// in the cursor, sealed, and nowhere else in it. The take 0 is none.
func nextPage(path, cursor string, take int) string {
	if cursor == "" {
		return ""
	}
	address := path + "?cursor=" + url.QueryEscape(cursor)
	if take > 0 {
		address += "&take=" + strconv.Itoa(take)
	}
	return address
}
