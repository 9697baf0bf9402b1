package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const groupsPath = "api/v0/customer-groups"

// Group is a group of customers.
type Group struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// GroupInput is what to create, or, for an update, what to change: fields that are nil
// are not sent. An empty description clears it.
type GroupInput struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// CreateGroup makes a group. idempotencyKey works as for Create.
func (c *Customers) CreateGroup(ctx context.Context, in GroupInput, idempotencyKey string) (Group, error) {
	return answer[Group](ctx, c.t, call{
		method: http.MethodPost, path: groupsPath, body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// ListGroups gives a page of groups.
func (c *Customers) ListGroups(ctx context.Context, q PageQuery) (Page[Group], error) {
	return listPage[Group](ctx, c.t, groupsPath, q)
}

// FetchGroup gives one group.
func (c *Customers) FetchGroup(ctx context.Context, id int64) (Group, error) {
	return answer[Group](ctx, c.t, call{method: http.MethodGet, path: groupPath(id)})
}

// UpdateGroup changes one group and gives what it is now. idempotencyKey works as for
// Create.
func (c *Customers) UpdateGroup(ctx context.Context, id int64, in GroupInput, idempotencyKey string) (Group, error) {
	return answer[Group](ctx, c.t, call{
		method: http.MethodPatch, path: groupPath(id), body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// DeleteGroup removes a group. Its customers stay.
func (c *Customers) DeleteGroup(ctx context.Context, id int64) error {
	return c.t.do(ctx, call{method: http.MethodDelete, path: groupPath(id)})
}

func groupPath(id int64) string { return groupsPath + "/" + strconv.FormatInt(id, 10) }
