package records

import "custodex.dev/internal/page"

// PageRequest asks for a part of a list, which is newest first.
type PageRequest struct {
	Skip, Take int

	// Cursor is where an earlier page ended; "" is from the newest. It is good for the
	// list that it came from: of the same API and application, of the same customer if
	// it is a customer's, and with the same filter.
	Cursor string

	// Count asks for the number of all that the list has, on whatever page.
	Count bool
}

// ItemPage is a part of a list, newest first.
type ItemPage[T any] struct {
	List  []T
	Next  string // cursor of the next page; "" when this is the last
	Total int    // if PageRequest.Count was set
}

// whole reports whether a page that is the last of its list is also the first: then
// the list is known without another look, and counted in the same moment.
func (p PageRequest) whole(more bool) bool { return !more && p.Skip <= 0 && p.Cursor == "" }

// upTo cuts off what was read beyond a page to know whether there is a next one.
func upTo[T any](take int, rows []T) (shown []T, more bool) {
	if len(rows) > take {
		return rows[:take], true
	}
	return rows, false
}

// listName names the list that the operation reads: what is listed, and the API through
// which it is. Two APIs list the same with different filters and page sizes.
func (o *operation) listName() string { return o.caller.Origin.Dialect + " " + string(o.action) }

// sealCursor gives an encrypted cursor for the operation's list.
func (o *operation) sealCursor(c page.Cursor) string {
	c.List = o.listName()
	return page.Text(c, o.key.SealCursor)
}

// openCursor reads a cursor that sealCursor made for the same list, or fails with
// page.ErrCursor.
func (o *operation) openCursor(text string) (page.Cursor, error) {
	return page.ParseText(text, o.listName(), o.key.OpenCursor)
}
