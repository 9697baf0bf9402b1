package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const yativoPath = "api/v1/customer"

// Yativo is a client of the Yativo customers API. Make one with NewYativo.
type Yativo struct {
	t     *transport
	login *yativoLogin // a pointer: a printed client must not show it
}

type yativoLogin struct {
	AccountID string `json:"account_id"`
	AppSecret string `json:"app_secret"`
}

// NewYativo makes a client of the server at base, for example http://127.0.0.1:8080,
// with an account id and app secret. Every request carries them, so Login is not needed.
func NewYativo(base, accountID, appSecret string, opts Options) (*Yativo, error) {
	t, err := newTransport(base, opts, map[string]string{
		"X-Api-Key": accountID, "X-Api-Secret": appSecret,
	}, yativoError)
	if err != nil {
		return nil, err
	}
	return &Yativo{t, &yativoLogin{accountID, appSecret}}, nil
}

// ActingFor gives the same client, whose requests name the user that they are made
// for. The audit log shows that name.
func (y *Yativo) ActingFor(user string) *Yativo { return &Yativo{y.t.actingFor(user), y.login} }

// Because gives the same client, whose requests say why they are made, for the audit log: a word of
// your own for the purpose, such as "support", and the reason in words. Either may be empty.
func (y *Yativo) Because(purpose, reason string) *Yativo {
	return &Yativo{y.t.because(purpose, reason), y.login}
}

// enveloped is an answer whose content is in data.
type enveloped[T any] struct {
	Data T `json:"data"`
}

// YativoToken is a bearer token, for a program that has no account id and app secret.
type YativoToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// Login exchanges the account id and app secret for a token.
func (y *Yativo) Login(ctx context.Context) (YativoToken, error) {
	out, err := answer[enveloped[YativoToken]](ctx, y.t, call{
		method: http.MethodPost, path: "api/v1/auth/login", body: y.login,
	})
	return out.Data, err
}

// RefreshToken gives a new token.
func (y *Yativo) RefreshToken(ctx context.Context) (YativoToken, error) {
	out, err := answer[enveloped[YativoToken]](ctx, y.t, call{method: http.MethodGet, path: "api/v1/auth/refresh-token"})
	return out.Data, err
}

// YativoCustomer is a customer as the server shows it. Empty fields have no value.
type YativoCustomer struct {
	ID              string         `json:"customer_id"`
	Name            string         `json:"customer_name"`
	Email           string         `json:"customer_email"`
	Phone           string         `json:"customer_phone"`
	Country         string         `json:"customer_country"` // ISO 3166-1 alpha-3
	Address         *YativoAddress `json:"customer_address"`
	Status          string         `json:"customer_status"` // pending, active or inactive
	Type            string         `json:"customer_type"`   // individual or business
	KYCStatus       string         `json:"customer_kyc_status"`
	KYCRejectReason string         `json:"customer_kyc_reject_reason"`
	KYCVerifiedDate *time.Time     `json:"kyc_verified_date"`
	CreatedAt       time.Time      `json:"created_at"`
	UpdatedAt       time.Time      `json:"updated_at"`

	ETag string `json:"-"` // of the state that Fetch gave; others give none
}

// YativoAddress is where a customer lives. Empty fields have no value.
type YativoAddress struct {
	Street  string `json:"street"`
	Number  string `json:"number"`
	City    string `json:"city"`
	State   string `json:"state"`
	Zipcode string `json:"zipcode"`
	Country string `json:"country"`
}

// YativoInput is what to create, or, for an update, what to change: fields that are nil
// are not sent. An empty text clears a field that a customer may do without, and an
// address with empty fields is cleared.
type YativoInput struct {
	Name    *string        `json:"customer_name,omitempty"`
	Email   *string        `json:"customer_email,omitempty"`
	Phone   *string        `json:"customer_phone,omitempty"`
	Country *string        `json:"customer_country,omitempty"`
	Type    *string        `json:"customer_type,omitempty"` // individual or business
	Address *YativoAddress `json:"customer_address,omitempty"`
}

// Create makes a customer. idempotencyKey names the intention: sent again with the same
// input, it gives the same customer. Empty, Create makes one up, which covers its own
// retries and no later call.
func (y *Yativo) Create(ctx context.Context, in YativoInput, idempotencyKey string) (YativoCustomer, error) {
	out, err := answer[enveloped[YativoCustomer]](ctx, y.t, call{
		method: http.MethodPost, path: yativoPath, body: in, idempotencyKey: keyOr(idempotencyKey),
	})
	return out.Data, err
}

// Fetch gives one customer. With IfNoneMatch it is ErrNotModified if nothing has changed.
func (y *Yativo) Fetch(ctx context.Context, id string, conditions ...Condition) (YativoCustomer, error) {
	out, tag, err := tagged[enveloped[YativoCustomer]](ctx, y.t, call{
		method: http.MethodGet, path: yativoCustomer(id), conditions: conditions,
	})
	out.Data.ETag = tag
	return out.Data, err
}

// Update changes one customer and gives what it is now. idempotencyKey works as for
// Create. With IfMatch it changes the customer only in the state that was fetched.
func (y *Yativo) Update(ctx context.Context, id string, in YativoInput, idempotencyKey string, conditions ...Condition) (YativoCustomer, error) {
	out, err := answer[enveloped[YativoCustomer]](ctx, y.t, call{
		method: http.MethodPut, path: yativoCustomer(id), body: in, idempotencyKey: keyOr(idempotencyKey),
		conditions: conditions,
	})
	return out.Data, err
}

// Delete removes a customer for good, with IfMatch only in the state that was fetched.
func (y *Yativo) Delete(ctx context.Context, id string, conditions ...Condition) error {
	return y.t.do(ctx, call{method: http.MethodDelete, path: yativoCustomer(id), conditions: conditions})
}

func yativoCustomer(id string) string { return yativoPath + "/" + url.PathEscape(id) }

// YativoQuery asks for a page of the list. The zero value asks for the first.
type YativoQuery struct {
	Page    int    // from 1; prefer Next, which reaches every page
	PerPage int    // customers a page, 1 to 100; 0: the server's default, 20
	Next    string // of the page before; the other fields are then ignored
}

// YativoPage is one page of the list, newest first.
type YativoPage struct {
	Customers []YativoCustomer
	Total     int    // how many there are in all
	Next      string // for YativoQuery.Next; empty on the last page
}

// List gives one page.
func (y *Yativo) List(ctx context.Context, q YativoQuery) (YativoPage, error) {
	values := url.Values{}
	if q.Next != "" {
		var err error
		if values, err = nextQuery(q.Next); err != nil {
			return YativoPage{}, err
		}
	} else {
		if q.Page != 0 {
			values.Set("page", strconv.Itoa(q.Page))
		}
		if q.PerPage != 0 {
			values.Set("per_page", strconv.Itoa(q.PerPage))
		}
	}
	type listed struct {
		Data       []YativoCustomer
		Pagination struct {
			Total int
			Next  string `json:"next_page_url"`
		}
	}
	out, err := answer[listed](ctx, y.t, call{method: http.MethodGet, path: yativoPath, query: values})
	if err != nil {
		return YativoPage{}, err
	}
	page := YativoPage{Customers: out.Data, Total: out.Pagination.Total}
	if next, err := url.Parse(out.Pagination.Next); err == nil {
		page.Next = next.RawQuery // only the query is kept, as in nextOf
	}
	return page, nil
}
