package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

const customersPath = "api/v0/customers"

// Customers is a client of the Devdraft customers API. Make one with
// NewCustomers.
type Customers struct{ t *transport }

// NewCustomers makes a client of the server at base, for example
// http://127.0.0.1:8080, with an application's key and secret.
func NewCustomers(base, clientKey, clientSecret string, opts Options) (*Customers, error) {
	t, err := newTransport(base, opts, map[string]string{
		"X-Client-Key": clientKey, "X-Client-Secret": clientSecret,
	}, customersError)
	if err != nil {
		return nil, err
	}
	return &Customers{t}, nil
}

// ActingFor gives the same client, whose requests name the user that they are made
// for. The audit log shows that name.
func (c *Customers) ActingFor(user string) *Customers { return &Customers{c.t.actingFor(user)} }

// Because gives the same client, whose requests say why they are made, for the audit log: a word of
// your own for the purpose, such as "support", and the reason in words. Either may be empty.
func (c *Customers) Because(purpose, reason string) *Customers {
	return &Customers{c.t.because(purpose, reason)}
}

// Customer is a customer as the server shows it.
type Customer struct {
	ID               string      `json:"id"`
	FirstName        string      `json:"first_name"`
	LastName         string      `json:"last_name"`
	Email            *string     `json:"email"`
	PhoneNumber      string      `json:"phone_number"`
	CustomerType     string      `json:"customer_type"`
	Status           string      `json:"status"`
	LastSpent        json.Number `json:"last_spent"` // exact
	LastPurchaseDate *time.Time  `json:"last_purchase_date"`
	AppID            string      `json:"app_id"`
	GroupID          *int64      `json:"group_id"`
	CreatedAt        time.Time   `json:"createdAt"`
	UpdatedAt        time.Time   `json:"updatedAt"`

	ETag string `json:"-"` // of the state that Fetch gave; others give none
}

// CustomerInput is what to create, or, for an update, what to change: fields that
// are nil are not sent.
type CustomerInput struct {
	FirstName    *string `json:"first_name,omitempty"`
	LastName     *string `json:"last_name,omitempty"`
	Email        *string `json:"email,omitempty"`
	PhoneNumber  *string `json:"phone_number,omitempty"`
	CustomerType *string `json:"customer_type,omitempty"`
	Status       *string `json:"status,omitempty"`
	GroupID      *int64  `json:"group_id,omitempty"`

	ClearEmail bool `json:"-"` // the customer has no address any more; Email is not sent
	ClearGroup bool `json:"-"` // the customer is in no group any more; GroupID is not sent
}

// MarshalJSON writes what is sent: null for what is cleared.
func (in CustomerInput) MarshalJSON() ([]byte, error) {
	type fields CustomerInput
	sent := struct {
		fields
		Email   any `json:"email,omitempty"`
		GroupID any `json:"group_id,omitempty"`
	}{fields: fields(in)}
	null := json.RawMessage("null")
	switch {
	case in.ClearEmail:
		sent.Email = null
	case in.Email != nil:
		sent.Email = *in.Email
	}
	switch {
	case in.ClearGroup:
		sent.GroupID = null
	case in.GroupID != nil:
		sent.GroupID = *in.GroupID
	}
	return json.Marshal(sent)
}

// Create makes a customer. idempotencyKey names the intention: sent again with
// the same input, it gives the same customer. Empty, Create makes one up, which
// covers its own retries and no later call.
func (c *Customers) Create(ctx context.Context, in CustomerInput, idempotencyKey string) (Customer, error) {
	return answer[Customer](ctx, c.t, call{
		method: http.MethodPost, path: customersPath, query: withGroup(), body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// GetOrCreate gives the customer that has the e-mail address of in, or makes one of in;
// created says which. Of calls at the same time, one creates. idempotencyKey works as
// for Create.
func (c *Customers) GetOrCreate(ctx context.Context, in CustomerInput, idempotencyKey string) (customer Customer, created bool, err error) {
	type found struct {
		Created  bool
		Customer Customer
	}
	out, err := answer[found](ctx, c.t, call{
		method: http.MethodPost, path: customersPath + "/get-or-create", query: withGroup(), body: in,
		idempotencyKey: keyOr(idempotencyKey),
	})
	return out.Customer, out.Created, err
}

// Validate gives the problems that Create would find in the input, and creates
// nothing.
func (c *Customers) Validate(ctx context.Context, in CustomerInput) (problems []string, err error) {
	out, err := answer[struct{ Errors []string }](ctx, c.t, call{method: http.MethodPost, path: customersPath + "/validate", body: in})
	return out.Errors, err
}

// Fetch gives one customer. With IfNoneMatch it is ErrNotModified if nothing has changed.
func (c *Customers) Fetch(ctx context.Context, id string, conditions ...Condition) (Customer, error) {
	customer, tag, err := tagged[Customer](ctx, c.t, call{
		method: http.MethodGet, path: customerPath(id), query: withGroup(), conditions: conditions,
	})
	customer.ETag = tag
	return customer, err
}

// Update changes one customer and gives what it is now. idempotencyKey works as
// for Create. With IfMatch it changes the customer only in the state that was fetched.
func (c *Customers) Update(ctx context.Context, id string, in CustomerInput, idempotencyKey string, conditions ...Condition) (Customer, error) {
	return answer[Customer](ctx, c.t, call{
		method: http.MethodPatch, path: customerPath(id), query: withGroup(), body: in,
		idempotencyKey: keyOr(idempotencyKey), conditions: conditions,
	})
}

// Delete removes a customer for good, with IfMatch only in the state that was fetched.
func (c *Customers) Delete(ctx context.Context, id string, conditions ...Condition) error {
	return c.t.do(ctx, call{method: http.MethodDelete, path: customerPath(id), conditions: conditions})
}

func customerPath(id string) string { return customersPath + "/" + url.PathEscape(id) }

// withGroup asks for group_id, which customers do not have otherwise.
func withGroup() url.Values { return url.Values{"include": {"group"}} }

func keyOr(key string) string {
	if key == "" {
		return rand.Text()
	}
	return key
}
