package yativo

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// defaultPerPage is how many customers a page has when nobody says ("Get
// customers", sample).
const defaultPerPage = 20

// listRequest is a list request after validation.
type listRequest struct {
	page, perPage int64
	sized         bool   // per_page was sent
	cursor        string // where the page before ended; only in URLs that we made
}

// listCustomers: Yativo, "Get customers".
func (a *api) listCustomers(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	in, err := a.readList(query, true)
	if err != nil {
		return err
	}
	find := records.ListRequest{Cursor: in.cursor, Count: true}
	find.Input.Take = number(in.perPage)
	if in.cursor == "" {
		find.Input.Skip = number((in.page - 1) * in.perPage)
	}
	found, err := a.Records.ListCustomers(r.Context(), caller, find)
	if errors.Is(err, page.ErrCursor) {
		return errCursor
	}
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, a.encodeList(found.Customers, a.paginate(r, in, found)))
	return nil
}

var errCursor = problem("cursor", "bad_cursor", isInvalid("cursor"))

func problem(name, code, message string) error {
	return fault.Validation(fault.Field{Path: name, Code: code, Message: message})
}

// readList reads per_page, cursor and, of a list whose pages have numbers, page. One page calls per_page the page's number; its
// name says what it is. A page of more than 100 is one of 100.
func (a *api) readList(q body.Query, numbered bool) (listRequest, error) {
	in := listRequest{page: 1, perPage: defaultPerPage}
	var problems []fault.Field
	read := func(name string, n *int64) bool {
		text, sent, err := q.One(name)
		if !sent || err == nil && text == "" {
			return false
		}
		v, ok := body.Integer(text)
		if err != nil || !ok {
			problems = append(problems, fault.Field{Path: name, Code: customer.CodeNotNumber, Message: "The " + spoken(name) + " field must be an integer."})
		} else if v < 1 {
			problems = append(problems, fault.Field{Path: name, Code: customer.CodeTooSmall, Message: "The " + spoken(name) + " field must be at least 1."})
		} else {
			*n = v
		}
		return true
	}
	if numbered {
		read("page", &in.page)
	}
	in.sized = read("per_page", &in.perPage)
	in.perPage = min(in.perPage, page.MaxTake)
	cursor, walking, err := q.One("cursor")
	if err != nil || walking && cursor == "" { // to begin anew would be to lead the client round and round
		return in, errCursor
	}
	in.cursor = cursor
	deepest := int64(a.MaxSkip)/in.perPage + 1
	if in.cursor != "" {
		deepest = 1 << 40 // the number is only repeated
	}
	if in.page > deepest {
		problems = append(problems, fault.Field{Path: "page", Code: customer.CodeTooLarge,
			Message: "The page field must not be greater than " + strconv.FormatInt(deepest, 10) + "."})
	}
	if len(problems) > 0 {
		return in, fault.Validation(problems...)
	}
	return in, nil
}

func number(n int64) customer.Text {
	return customer.Text{Sent: true, Value: strconv.FormatInt(n, 10)}
}

// paginate says where in the whole list a page is. The total is read after the page
// and may have moved by then; the end of a walk by cursor does not hang on it.
func (a *api) paginate(r *http.Request, in listRequest, found records.ListResponse) paginationBody {
	total := int64(found.Total)
	p := paginationBody{
		Total: total, PerPage: in.perPage, CurrentPage: in.page,
		LastPage: max((total+in.perPage-1)/in.perPage, 1),
	}
	if in.cursor == "" && in.page < p.LastPage || in.cursor != "" && found.Next != "" {
		p.NextPageURL = wire.Text(a.pageURL(r, in, in.page+1, found.Next))
	}
	if in.page > 1 {
		p.PrevPageURL = wire.Text(a.pageURL(r, in, in.page-1, ""))
	}
	return p
}

// pageURL is the address of a page: ?page=N, and per_page if the caller chose it. A
// page that is too deep to be counted to is found by a cursor; without one it has no
// address. A walk by cursor goes on by cursor, whatever its pages are numbered.
func (a *api) pageURL(r *http.Request, in listRequest, n int64, cursor string) string {
	u := a.scheme(r) + "://" + r.Host + r.URL.EscapedPath() + "?page=" + strconv.FormatInt(n, 10)
	if in.sized {
		u += "&per_page=" + strconv.FormatInt(in.perPage, 10)
	}
	deep := (n-1)*in.perPage > int64(a.MaxSkip)
	switch {
	case cursor != "" && (in.cursor != "" || deep):
		return u + "&cursor=" + url.QueryEscape(cursor)
	case deep:
		return ""
	}
	return u
}

// scheme is what the client used: that of the connection, unless the peer is a
// trusted proxy which says that its own was https.
func (a *api) scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	trusted := err == nil && slices.ContainsFunc(a.TrustedProxies, func(p netip.Prefix) bool {
		return p.Contains(peer.Addr().Unmap().WithZone(""))
	})
	if trusted && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https"
	}
	return "http"
}
