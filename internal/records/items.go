package records

import (
	"bytes"
	"context"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// RecordTransaction adds a purchase to a customer. The newest by its time, at a
// tie the one recorded last, sets what the customer shows as last spent. Faults:
// Invalid, Forbidden, NotFound, Conflict of the idempotency key, Unavailable.
func (s *Service) RecordTransaction(ctx context.Context, caller tenant.Caller, target id.Customer, in customer.TransactionInput,
	idempotencyKey string, encode func(*customer.Transaction) []byte,
) (Reply, error) {
	a, err := s.begin(ctx, caller, authz.TransactionCreate, target)
	if err != nil {
		return Reply{}, err
	}
	t, problems := in.Transaction(s.now())
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	return a.addItem(ctx, target, a.once(idempotencyKey, target.String(), in.Fingerprint(nil)), item{
		kind: store.Transaction, id: t.ID, at: t.At, made: t.CreatedAt, plain: t.AppendBinary(nil), body: encode(&t),
		touch: func(c *customer.Customer) bool {
			if t.At.Before(c.LastPurchase) {
				return false
			}
			c.LastSpent, c.LastPurchase = t.Amount, t.At
			return true
		},
	})
}

// item is something to be added to a customer.
type item struct {
	kind  store.ItemKind
	id    id.Item
	at    time.Time // its place in the list
	made  time.Time // as the answer tells it
	plain []byte    // is sealed
	body  []byte    // the answer
	touch func(*customer.Customer) (changed bool)
}

// addItem adds an item, and what it changes of its customer, in one transaction.
func (a *operation) addItem(ctx context.Context, target id.Customer, once *idempotency, it item) (Reply, error) {
	var reply Reply
	err := a.s.store.Update(ctx, a.caller.App, func(tx store.Tx) error {
		var err error
		if reply, err = once.replay(tx); err != nil || reply.Replayed {
			return err
		}
		row, err := tx.CustomerGet(target)
		if err != nil {
			return err
		}
		c, key, err := a.open(ctx, &row)
		if err != nil {
			return err
		}
		if it.touch != nil && it.touch(&c) {
			if err := tx.CustomerUpdate(rowOf(a.key, key, &c)); err != nil {
				return err
			}
		}
		err = tx.ItemInsert(target, store.ItemRow{
			ID: it.id, Kind: it.kind, At: it.at.UnixMilli(), CreatedAt: it.made.UnixMilli(), Sealed: key.SealItem(it.id, it.plain),
		})
		if err != nil {
			return err
		}
		e := a.entry(audit.Done, []id.Customer{target})
		e.Subject = it.id.String()
		tx.AuditAppend(a.row(e))
		reply = Reply{Customer: target, Body: it.body}
		return once.keep(tx, reply, key.SealReply)
	})
	if err != nil {
		return Reply{}, a.missing(ctx, once.busy(err), ByID(target))
	}
	return reply, nil
}

// ListTransactions gives a customer's purchases, newest first. Faults: Forbidden,
// NotFound, Invalid (bad_cursor), Unavailable.
func (s *Service) ListTransactions(ctx context.Context, caller tenant.Caller, target id.Customer, in PageRequest) (ItemPage[customer.Transaction], error) {
	a, err := s.begin(ctx, caller, authz.TransactionList, target)
	if err != nil {
		return ItemPage[customer.Transaction]{}, err
	}
	return listItems(ctx, a, target, store.Transaction, in, func(row store.ItemRow, plain []byte) (customer.Transaction, error) {
		t := customer.Transaction{ID: row.ID, CreatedAt: instant(row.CreatedAt)}
		return t, t.UnmarshalBinary(plain)
	})
}

// listItems reads and unseals a page of a customer's items and records that.
func listItems[T any](ctx context.Context, a *operation, target id.Customer, kind store.ItemKind, in PageRequest,
	open func(store.ItemRow, []byte) (T, error),
) (ItemPage[T], error) {
	after, err := a.followItems(in.Cursor, target)
	if err != nil {
		return ItemPage[T]{}, err
	}
	key, err := a.customerKey(ctx, target)
	if err != nil {
		return ItemPage[T]{}, a.missing(ctx, err, ByID(target))
	}
	rows, err := a.s.store.ItemList(ctx, a.caller.App, target, store.ItemList{Kind: kind, After: after, Skip: in.Skip, Take: in.Take + 1})
	if err != nil {
		return ItemPage[T]{}, err
	}
	rows, more := upTo(in.Take, rows)
	found := ItemPage[T]{List: make([]T, len(rows)), Total: len(rows)}
	for i, row := range rows {
		plain, err := key.OpenItem(row.ID, row.Sealed)
		if err == nil {
			found.List[i], err = open(row, plain)
		}
		if err != nil {
			return ItemPage[T]{}, err
		}
	}
	if in.Count && !in.whole(more) {
		if found.Total, err = a.s.store.ItemCount(ctx, a.caller.App, target, kind); err != nil {
			return ItemPage[T]{}, err
		}
	}
	if more {
		last := rows[len(rows)-1]
		found.Next = a.sealCursor(page.Cursor{At: last.At, ID: last.ID, Filter: target[:]})
	}
	if err := a.record(ctx, a.entry(audit.Done, []id.Customer{target}), nil); err != nil {
		return ItemPage[T]{}, err
	}
	return found, nil
}

// followItems reads a cursor of a list of the customer's items; "" is none.
func (a *operation) followItems(cursor string, target id.Customer) (*store.ItemPosition, error) {
	if cursor == "" {
		return nil, nil
	}
	c, err := a.openCursor(cursor)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(c.Filter, target[:]) {
		return nil, page.ErrCursor
	}
	return &store.ItemPosition{At: c.At, ID: c.ID}, nil
}

func (a *operation) customerKey(ctx context.Context, target id.Customer) (seal.Customer, error) {
	row, err := a.s.store.CustomerGet(ctx, a.caller.App, target)
	if err != nil {
		return seal.Customer{}, err
	}
	return openKey(a.key, &row)
}
