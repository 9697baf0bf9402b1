package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Transaction is a purchase of a customer.
type Transaction struct {
	ID         string      `json:"id"`
	CustomerID string      `json:"customer_id"`
	Amount     json.Number `json:"amount"` // exact
	Currency   string      `json:"currency"`
	Time       time.Time   `json:"time"`
	Reference  *string     `json:"reference"`
	CreatedAt  time.Time   `json:"created_at"`
}

// TransactionInput is a purchase to record. Amount and Currency are needed.
type TransactionInput struct {
	Amount    json.Number `json:"amount,omitempty"`
	Currency  string      `json:"currency,omitempty"`  // ISO 4217
	Time      *time.Time  `json:"time,omitempty"`      // nil: now
	Reference string      `json:"reference,omitempty"` // your own name for it
}

// RecordTransaction adds a purchase to a customer, which moves LastSpent and
// LastPurchaseDate. idempotencyKey works as for Create.
func (c *Customers) RecordTransaction(ctx context.Context, customer string, in TransactionInput, idempotencyKey string) (Transaction, error) {
	return answer[Transaction](ctx, c.t, call{
		method: http.MethodPost, path: customerPath(customer) + "/transactions", body: in,
		idempotencyKey: keyOr(idempotencyKey),
	})
}

// ListTransactions gives a page of a customer's purchases.
func (c *Customers) ListTransactions(ctx context.Context, customer string, q PageQuery) (Page[Transaction], error) {
	return listPage[Transaction](ctx, c.t, customerPath(customer)+"/transactions", q)
}
