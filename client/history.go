package client

import (
	"context"
	"net/http"
	"time"
)

// State is what a customer was until a change, and the change.
type State struct {
	ValidFrom  time.Time `json:"valid_from"`
	ValidTo    time.Time `json:"valid_to"` // the time of the change
	Changed    []string  `json:"changed"`  // the members that became different
	ChangedBy  string    `json:"changed_by"`
	ActingUser *string   `json:"acting_user"`
	RequestID  string    `json:"request_id"`
	Action     string    `json:"action"`
	Reason     *string   `json:"reason"`
	Customer   Customer  `json:"customer"`
}

// FetchAsOf reads one customer as it was at a time. It needs the scope customers:history.
func (c *Customers) FetchAsOf(ctx context.Context, id string, at time.Time) (Customer, error) {
	query := withGroup()
	query.Set("as_of", at.UTC().Format(time.RFC3339Nano))
	return answer[Customer](ctx, c.t, call{method: http.MethodGet, path: customerPath(id), query: query})
}

// ListHistory gives a page of what a customer was, newest first. It needs the scope
// customers:history, and ignores Skip and Count.
func (c *Customers) ListHistory(ctx context.Context, customer string, q PageQuery) (Page[State], error) {
	q.Skip, q.Count = 0, false
	return listPage[State](ctx, c.t, customerPath(customer)+"/history", q)
}
