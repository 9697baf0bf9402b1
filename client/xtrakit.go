package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

const xtrakitPath = "api/v1/customers"

// Xtrakit is a client of the Xtrakit customers API. Make one with NewXtrakit.
type Xtrakit struct{ t *transport }

// NewXtrakit makes a client of the server at base, for example http://127.0.0.1:8080,
// with an API key: public key and secret with a dot between them.
func NewXtrakit(base, apiKey string, opts Options) (*Xtrakit, error) {
	t, err := newTransport(base, opts, map[string]string{"Authorization": "Bearer " + apiKey}, xtrakitError)
	if err != nil {
		return nil, err
	}
	return &Xtrakit{t}, nil
}

// ActingFor gives the same client, whose requests name the user that they are made
// for. The audit log shows that name.
func (x *Xtrakit) ActingFor(user string) *Xtrakit { return &Xtrakit{x.t.actingFor(user)} }

// Because gives the same client, whose requests say why they are made, for the audit log: a word of
// your own for the purpose, such as "support", and the reason in words. Either may be empty.
func (x *Xtrakit) Because(purpose, reason string) *Xtrakit {
	return &Xtrakit{x.t.because(purpose, reason)}
}

// XtrakitUser is whose the customers of a key are.
type XtrakitUser struct {
	UserID       string `json:"user_id"`
	BusinessCode string `json:"business_code"`
}

// AuthenticateUser checks the API key and says whose it is.
func (x *Xtrakit) AuthenticateUser(ctx context.Context) (XtrakitUser, error) {
	out, err := answer[enveloped[struct{ User XtrakitUser }]](ctx, x.t, call{
		method: http.MethodGet, path: "api/v1/user/authenticate",
	})
	return out.Data.User, err
}

// XtrakitCustomer is a customer as the server shows it. Empty fields have no value.
type XtrakitCustomer struct {
	ID int64 `json:"id"`
	XtrakitUser
	GroupID   int64  `json:"customer_group_id"` // 0: none
	Name      string `json:"customer_name"`
	Email     string `json:"customer_email"`
	Phone     string `json:"customer_phone"`
	Whatsapp  string `json:"customer_whatsapp"`
	Country   string `json:"customer_country"`
	City      string `json:"customer_city"`
	State     string `json:"customer_state"`
	Zip       string `json:"customer_zip"`
	Address1  string `json:"address1"`
	Address2  string `json:"address2"`
	Profile   string `json:"customer_profile"`
	CreatedBy string `json:"created_by"`
	CreatedAt string `json:"created_at"` // UTC, as 2006-01-02 15:04:05
	UpdatedAt string `json:"updated_at"`
	ETag      string `json:"-"` // of the state that Fetch gave; others give none
}

// XtrakitInput is what to add or, for an edit, what to change: fields that are nil are not
// sent. Both need Name, Phone, Country, City, State (not where a country has none) and
// Address1. An empty text clears any other field.
type XtrakitInput struct {
	GroupID   *int64  `json:"customer_group_id,omitempty"`
	Name      *string `json:"customer_name,omitempty"`
	Email     *string `json:"customer_email,omitempty"`
	Phone     *string `json:"customer_phone,omitempty"`
	Whatsapp  *string `json:"customer_whatsapp,omitempty"`
	Country   *string `json:"customer_country,omitempty"`
	City      *string `json:"customer_city,omitempty"`
	State     *string `json:"customer_state,omitempty"`
	Zip       *string `json:"customer_zip,omitempty"`
	Address1  *string `json:"address1,omitempty"`
	Address2  *string `json:"address2,omitempty"`
	Profile   *string `json:"customer_profile,omitempty"`
	CreatedBy *string `json:"created_by,omitempty"`
}

// Add makes a customer. idempotencyKey names the intention: sent again with the same
// input, it gives the same customer. Empty, Add makes one up, which covers its own
// retries and no later call.
func (x *Xtrakit) Add(ctx context.Context, in XtrakitInput, idempotencyKey string) (XtrakitCustomer, error) {
	return x.customer(ctx, call{
		method: http.MethodPost, path: xtrakitPath + "/add", body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// Fetch gives one customer. With IfNoneMatch it is ErrNotModified if nothing has changed.
func (x *Xtrakit) Fetch(ctx context.Context, id int64, conditions ...Condition) (XtrakitCustomer, error) {
	return x.customer(ctx, call{method: http.MethodGet, path: numbered(xtrakitPath, id), conditions: conditions})
}

// Edit changes one customer and gives what it is now. idempotencyKey works as for Add. With IfMatch
// it changes the customer only in the state that was fetched.
func (x *Xtrakit) Edit(ctx context.Context, id int64, in XtrakitInput, idempotencyKey string, conditions ...Condition) (XtrakitCustomer, error) {
	return x.customer(ctx, call{
		method: http.MethodPut, path: numbered(xtrakitPath, id), body: in, idempotencyKey: keyOr(idempotencyKey),
		conditions: conditions,
	})
}

// Delete removes a customer for good, with IfMatch only in the state that was fetched.
func (x *Xtrakit) Delete(ctx context.Context, id int64, conditions ...Condition) error {
	return x.t.do(ctx, call{method: http.MethodDelete, path: numbered(xtrakitPath, id), conditions: conditions})
}

func (x *Xtrakit) customer(ctx context.Context, c call) (XtrakitCustomer, error) {
	out, tag, err := tagged[enveloped[struct{ Customer XtrakitCustomer }]](ctx, x.t, c)
	customer := out.Data.Customer
	customer.ETag = tag
	return customer, err
}

// XtrakitQuery filters a list; filters combine with AND, zero ones filter nothing.
type XtrakitQuery struct {
	GroupID  int64  // of customers
	From, To string // From <= time of creation <= To: a day, or a day and time in UTC, as 2006-01-02 15:04:05
	Next     string // of the page before; the other fields are then ignored
}

func (q XtrakitQuery) values() (url.Values, error) {
	if q.Next != "" {
		return nextQuery(q.Next)
	}
	values := url.Values{}
	if q.GroupID != 0 {
		values.Set("customer_group_id", strconv.FormatInt(q.GroupID, 10))
	}
	if q.From != "" {
		values.Set("created_at", q.From)
	}
	if q.To != "" {
		values.Set("updated_at", q.To) // the pages call the end of the period so
	}
	return values, nil
}

// List gives the customers, newest first, up to 1,000 a page. Page.Total stays 0.
func (x *Xtrakit) List(ctx context.Context, q XtrakitQuery) (Page[XtrakitCustomer], error) {
	out, next, err := xtrakitList[struct{ Customers []XtrakitCustomer }](ctx, x.t, xtrakitPath, q)
	return Page[XtrakitCustomer]{Items: out.Customers, Next: next}, err
}

// xtrakitList gives a page and the query of the next.
func xtrakitList[T any](ctx context.Context, t *transport, path string, q XtrakitQuery) (data T, next string, err error) {
	values, err := q.values()
	if err != nil {
		return data, "", err
	}
	out, header, err := read[enveloped[T]](ctx, t, call{method: http.MethodGet, path: path, query: values})
	return out.Data, nextOf(header.Values("Link")), err
}

func numbered(path string, id int64) string { return path + "/" + strconv.FormatInt(id, 10) }
