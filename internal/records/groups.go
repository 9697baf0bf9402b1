package records

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// GroupWrite is a request to make or change a group.
type GroupWrite struct {
	Input          customer.GroupInput
	IdempotencyKey string // as in Write
	Encode         func(*customer.Group) []byte
}

// CreateGroup makes a group of customers. Faults: Forbidden, Invalid, Conflict as
// for CreateCustomer, Unavailable.
func (s *Service) CreateGroup(ctx context.Context, caller tenant.Caller, w GroupWrite) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.GroupCreate)
	if err != nil {
		return Reply{}, err
	}
	g, problems := w.Input.Create()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	g.CreatedAt = s.now()
	g.UpdatedAt = g.CreatedAt
	return o.write(ctx, Target{}, o.idempotency(w.IdempotencyKey, "", g.AppendBinary(nil)), func(tx store.Tx) (answer, audit.Entry, error) {
		var err error
		if g.Seq, err = tx.GroupNext(); err != nil {
			return answer{}, audit.Entry{}, err
		}
		if _, err := tx.GroupInsert(customerrow.EncryptGroup(o.key, &g)); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{Reply: Reply{Body: w.Encode(&g)}}, o.groupEntry(g.Seq, "name", "description"), nil
	})
}

func (o *operation) groupEntry(seq int64, fields ...string) audit.Entry {
	e := o.entry(audit.Done, nil, fields...)
	e.Subject = "group " + strconv.FormatInt(seq, 10)
	return e
}

// UpdateGroup changes the name or description of a group. Faults: as for
// CreateGroup, and NotFound.
func (s *Service) UpdateGroup(ctx context.Context, caller tenant.Caller, seq int64, w GroupWrite) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.GroupUpdate)
	if err != nil {
		return Reply{}, err
	}
	change, problems := w.Input.Update()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	idem := o.idempotency(w.IdempotencyKey, strconv.FormatInt(seq, 10), change.AppendBinary(nil))
	return o.write(ctx, Target{}, idem, func(tx store.Tx) (answer, audit.Entry, error) {
		row, err := tx.GroupGet(seq)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		g, err := o.openGroup(ctx, row)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		fields := change.Apply(&g)
		if len(fields) > 0 {
			g.UpdatedAt = nextUpdatedAt(s.now(), g.UpdatedAt)
			if err := tx.GroupUpdate(customerrow.EncryptGroup(o.key, &g)); err != nil {
				return answer{}, audit.Entry{}, err
			}
		}
		return answer{Reply: Reply{Body: w.Encode(&g)}}, o.groupEntry(seq, fields...), nil
	})
}

// DeleteGroup removes a group. Its customers stay, without a group.
func (s *Service) DeleteGroup(ctx context.Context, caller tenant.Caller, seq int64) error {
	o, err := s.authorize(ctx, caller, authz.GroupDelete)
	if err != nil {
		return err
	}
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		return answer{}, o.groupEntry(seq), tx.GroupDelete(seq)
	})
	if err == nil {
		s.guard.Gone(caller.App, integrity.Groups, strconv.FormatInt(seq, 10))
	}
	return err
}

// FetchGroup reads one group. Faults: Forbidden, NotFound.
func (s *Service) FetchGroup(ctx context.Context, caller tenant.Caller, seq int64) (customer.Group, error) {
	o, err := s.authorize(ctx, caller, authz.GroupFetch)
	if err != nil {
		return customer.Group{}, err
	}
	g, err := o.group(ctx, seq)
	if err != nil {
		return customer.Group{}, o.recordFailure(ctx, err)
	}
	return recorded(ctx, o, o.groupEntry(seq), g)
}

// ListGroupsRequest asks for a page of the groups made in From <= time < To. A zero time
// is no bound. A cursor carries the two times that its first page was asked for; times
// that are sent with it must be the same.
type ListGroupsRequest struct {
	PageRequest
	From, To time.Time
}

// ListGroups lists the application's groups, newest first. Faults: Forbidden, Invalid
// (bad_cursor), Unavailable.
func (s *Service) ListGroups(ctx context.Context, caller tenant.Caller, in ListGroupsRequest) (ItemPage[customer.Group], error) {
	o, err := s.authorize(ctx, caller, authz.GroupList)
	if err != nil {
		return ItemPage[customer.Group]{}, err
	}
	list := store.GroupList{From: store.Millis(in.From), To: store.Millis(in.To), Skip: in.Skip, Take: in.Take + 1}
	if list.To == 0 && !in.To.IsZero() {
		list.To = -1 // a bound at the Unix epoch is 0, which would be no bound
	}
	if err := o.followGroups(in.Cursor, &list); err != nil {
		return ItemPage[customer.Group]{}, err
	}
	rows, err := s.store.GroupList(ctx, caller.App, list)
	if err != nil {
		return ItemPage[customer.Group]{}, err
	}
	rows, more := upTo(in.Take, rows)
	found := ItemPage[customer.Group]{List: make([]customer.Group, len(rows)), Total: len(rows)}
	for i, row := range rows {
		if found.List[i], err = o.openGroup(ctx, row); err != nil {
			return ItemPage[customer.Group]{}, err
		}
	}
	if in.Count && !in.whole(more) {
		if found.Total, err = s.store.GroupCount(ctx, caller.App, list.From, list.To); err != nil {
			return ItemPage[customer.Group]{}, err
		}
	}
	if more {
		last := rows[len(rows)-1]
		found.Next = o.sealCursor(page.Cursor{At: last.CreatedAt, Seq: last.Seq, Filter: spanOf(list)})
	}
	return recorded(ctx, o, o.entry(audit.Done, nil), found)
}

// followGroups reads the request's cursor, if it has one, and puts its position and its
// two times into list.
func (o *operation) followGroups(cursor string, list *store.GroupList) error {
	if cursor == "" {
		return nil
	}
	c, err := o.openCursor(cursor)
	if err != nil {
		return err
	}
	asked := *list
	for _, t := range [...]*int64{&list.From, &list.To} {
		n := 0
		if *t, n = binary.Varint(c.Filter); n <= 0 {
			return page.ErrCursor
		}
		c.Filter = c.Filter[n:]
	}
	if asked.From != 0 && asked.From != list.From || asked.To != 0 && asked.To != list.To {
		return page.ErrCursor
	}
	list.After = &page.Position{CreatedAt: c.At, Seq: c.Seq}
	return nil
}

// spanOf is the filter that a cursor of a list of groups carries.
func spanOf(list store.GroupList) []byte {
	return binary.AppendVarint(binary.AppendVarint(nil, list.From), list.To)
}

// group reads a group. Faults: NotFound.
func (o *operation) group(ctx context.Context, seq int64) (customer.Group, error) {
	row, err := o.s.store.GroupGet(ctx, o.caller.App, seq)
	if err != nil {
		return customer.Group{}, err
	}
	return o.openGroup(ctx, row)
}

func (o *operation) openGroup(ctx context.Context, row store.GroupRow) (customer.Group, error) {
	if err := o.s.guard.Group(ctx, o.key, o.caller.App, &row); err != nil {
		return customer.Group{}, err
	}
	return customerrow.DecryptGroup(o.key, &row)
}
