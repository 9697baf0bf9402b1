package client

import (
	"context"
	"net/http"
)

const xtrakitGroupsPath = "api/v1/customer-groups"

// XtrakitGroup is a group of customers.
type XtrakitGroup struct {
	ID int64 `json:"id"`
	XtrakitUser
	Name        string `json:"group_name"`
	Description string `json:"group_description"`
	CreatedAt   string `json:"created_at"` // UTC, as 2006-01-02 15:04:05
	UpdatedAt   string `json:"updated_at"`
}

// XtrakitGroupInput is a group to add, or what to change of one. An edit needs the name,
// too; a description that is nil stays.
type XtrakitGroupInput struct {
	Name        string  `json:"group_name"`
	Description *string `json:"group_description,omitempty"`
}

// AddGroup makes a group. idempotencyKey works as for Add.
func (x *Xtrakit) AddGroup(ctx context.Context, in XtrakitGroupInput, idempotencyKey string) (XtrakitGroup, error) {
	return x.group(ctx, call{
		method: http.MethodPost, path: xtrakitGroupsPath + "/add", body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// FetchGroup gives one group.
func (x *Xtrakit) FetchGroup(ctx context.Context, id int64) (XtrakitGroup, error) {
	return x.group(ctx, call{method: http.MethodGet, path: numbered(xtrakitGroupsPath, id)})
}

// EditGroup changes one group and gives what it is now. idempotencyKey works as for Add.
func (x *Xtrakit) EditGroup(ctx context.Context, id int64, in XtrakitGroupInput, idempotencyKey string) (XtrakitGroup, error) {
	return x.group(ctx, call{
		method: http.MethodPut, path: numbered(xtrakitGroupsPath, id), body: in, idempotencyKey: keyOr(idempotencyKey),
	})
}

// DeleteGroup removes a group. Its customers stay.
func (x *Xtrakit) DeleteGroup(ctx context.Context, id int64) error {
	return x.t.do(ctx, call{method: http.MethodDelete, path: numbered(xtrakitGroupsPath, id)})
}

// ListGroups gives the groups, newest first, up to 1,000 a page. GroupID of the query does
// not count, and Page.Total stays 0.
func (x *Xtrakit) ListGroups(ctx context.Context, q XtrakitQuery) (Page[XtrakitGroup], error) {
	q.GroupID = 0
	out, next, err := xtrakitList[struct{ Groups []XtrakitGroup }](ctx, x.t, xtrakitGroupsPath, q)
	return Page[XtrakitGroup]{Items: out.Groups, Next: next}, err
}

func (x *Xtrakit) group(ctx context.Context, c call) (XtrakitGroup, error) {
	out, err := answer[enveloped[struct{ Group XtrakitGroup }]](ctx, x.t, c)
	return out.Data.Group, err
}
