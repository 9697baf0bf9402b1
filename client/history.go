package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// State is what a customer was until a change, and the change. C is the customer as an API shows it.
type State[C any] struct {
	ValidFrom  time.Time `json:"valid_from"`
	ValidTo    time.Time `json:"valid_to"` // the time of the change
	Changed    []string  `json:"changed"`  // the members that became different
	ChangedBy  string    `json:"changed_by"`
	ActingUser *string   `json:"acting_user"`
	RequestID  string    `json:"request_id"`
	Action     string    `json:"action"`
	Reason     *string   `json:"reason"`
	Customer   C         `json:"customer"`
}

// FetchAsOf reads one customer as it was at a time. It needs the scope customers:history.
func (c *Customers) FetchAsOf(ctx context.Context, id string, at time.Time) (Customer, error) {
	query := withGroup()
	query.Set("as_of", at.UTC().Format(time.RFC3339Nano))
	return answer[Customer](ctx, c.t, call{method: http.MethodGet, path: customerPath(id), query: query})
}

// ListHistory gives a page of what a customer was, newest first. It needs the scope
// customers:history, and ignores Skip and Count.
func (c *Customers) ListHistory(ctx context.Context, customer string, q PageQuery) (Page[State[Customer]], error) {
	q.Skip, q.Count = 0, false
	return listPage[State[Customer]](ctx, c.t, customerPath(customer)+"/history", q)
}

// FetchAsOf gives one customer as it was at a time. It needs the scope customers:history.
func (x *Xtrakit) FetchAsOf(ctx context.Context, id int64, at time.Time) (XtrakitCustomer, error) {
	return x.customer(ctx, call{method: http.MethodGet, path: numbered(xtrakitPath, id), query: asOf(at)})
}

// ListHistory gives what a customer was, newest first, up to 100 a page; next is that of the page
// before. It needs the scope customers:history.
func (x *Xtrakit) ListHistory(ctx context.Context, id int64, next string) (Page[State[XtrakitCustomer]], error) {
	path := numbered(xtrakitPath, id) + "/history"
	out, next, err := xtrakitList[struct{ History []State[XtrakitCustomer] }](ctx, x.t, path, XtrakitQuery{Next: next})
	return Page[State[XtrakitCustomer]]{Items: out.History, Next: next}, err
}

// FetchAsOf gives one customer as it was at a time. It needs the scope customers:history.
func (y *Yativo) FetchAsOf(ctx context.Context, id string, at time.Time) (YativoCustomer, error) {
	out, err := answer[enveloped[YativoCustomer]](ctx, y.t, call{method: http.MethodGet, path: yativoCustomer(id), query: asOf(at)})
	return out.Data, err
}

// ListHistory gives what a customer was, newest first, up to perPage states, 0 for the server's
// default; next is that of the page before. It needs the scope customers:history.
func (y *Yativo) ListHistory(ctx context.Context, id string, perPage int, next string) (Page[State[YativoCustomer]], error) {
	values := url.Values{}
	if perPage != 0 {
		values.Set("per_page", strconv.Itoa(perPage))
	}
	if next != "" {
		values.Set("cursor", next)
	}
	type listed struct {
		Data []State[YativoCustomer]
		Next string `json:"next_cursor"`
	}
	path := yativoPath + "/history/" + url.PathEscape(id)
	out, err := answer[listed](ctx, y.t, call{method: http.MethodGet, path: path, query: values})
	return Page[State[YativoCustomer]]{Items: out.Data, Next: out.Next}, err
}

func asOf(at time.Time) url.Values { return url.Values{"as_of": {at.UTC().Format(time.RFC3339Nano)}} }
