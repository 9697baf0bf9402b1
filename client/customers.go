package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
	CreatedAt        time.Time   `json:"createdAt"`
	UpdatedAt        time.Time   `json:"updatedAt"`
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
}

// Create makes a customer. idempotencyKey names the intention: sent again with
// the same input, it gives the same customer. Empty, Create makes one up, which
// covers its own retries and no later call.
func (c *Customers) Create(ctx context.Context, in CustomerInput, idempotencyKey string) (Customer, error) {
	var out Customer
	_, err := c.t.do(ctx, call{
		method: http.MethodPost, path: customersPath, body: in, idempotencyKey: keyOr(idempotencyKey),
	}, &out)
	return out, err
}

// Fetch gives one customer.
func (c *Customers) Fetch(ctx context.Context, id string) (Customer, error) {
	var out Customer
	_, err := c.t.do(ctx, call{method: http.MethodGet, path: customersPath + "/" + url.PathEscape(id)}, &out)
	return out, err
}

// Update changes one customer and gives what it is now. idempotencyKey works as
// for Create.
func (c *Customers) Update(ctx context.Context, id string, in CustomerInput, idempotencyKey string) (Customer, error) {
	var out Customer
	_, err := c.t.do(ctx, call{
		method: http.MethodPatch, path: customersPath + "/" + url.PathEscape(id), body: in,
		idempotencyKey: keyOr(idempotencyKey),
	}, &out)
	return out, err
}

func keyOr(key string) string {
	if key == "" {
		return rand.Text()
	}
	return key
}

// CustomerQuery filters a list; filters combine with AND, zero ones filter
// nothing.
type CustomerQuery struct {
	Name   string // part of a first or last name, in any case
	Email  string // part of an address, in any case
	Status string // for example ACTIVE
	Take   int    // customers a page, 1 to 100; 0: the server's default, 10
	Skip   int    // customers to pass over; prefer Next, which stays in step while others write
	Next   string // of the page before; the other fields are then ignored
}

// CustomerPage is one page of a list, newest first.
type CustomerPage struct {
	Customers []Customer
	Next      string // for CustomerQuery.Next; empty on the last page
}

// List gives one page.
func (c *Customers) List(ctx context.Context, q CustomerQuery) (CustomerPage, error) {
	values := url.Values{}
	if q.Next != "" {
		var err error
		if values, err = url.ParseQuery(q.Next); err != nil {
			return CustomerPage{}, errors.New("the query's Next is not one of a page")
		}
	} else {
		set := func(name, value string) {
			if value != "" && value != "0" {
				values.Set(name, value)
			}
		}
		set("name", q.Name)
		set("email", q.Email)
		set("status", q.Status)
		set("take", strconv.Itoa(q.Take))
		set("skip", strconv.Itoa(q.Skip))
	}
	var page CustomerPage
	header, err := c.t.do(ctx, call{method: http.MethodGet, path: customersPath, query: values}, &page.Customers)
	if err != nil {
		return CustomerPage{}, err
	}
	page.Next = nextOf(header.Values("Link"))
	return page, nil
}

// All walks every customer that matches, newest first, page after page. It ends
// after the first error.
func (c *Customers) All(ctx context.Context, q CustomerQuery) iter.Seq2[Customer, error] {
	return func(yield func(Customer, error) bool) {
		for {
			page, err := c.List(ctx, q)
			if err != nil {
				yield(Customer{}, err)
				return
			}
			for _, customer := range page.Customers {
				if !yield(customer, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Next = page.Next
		}
	}
}

// nextOf finds the query of the link to the next page. Only the query is kept, so
// that no answer can send the credentials elsewhere.
func nextOf(links []string) string {
	for _, link := range links {
		target, params, found := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if !found || !strings.Contains(params, `rel="next"`) {
			continue
		}
		if u, err := url.Parse(target); err == nil {
			return u.RawQuery
		}
	}
	return ""
}
