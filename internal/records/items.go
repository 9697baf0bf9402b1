package records

import (
	"context"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// ItemPage is a part of a list of items.
type ItemPage struct{ Skip, Take int }

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
func (a *act) addItem(ctx context.Context, target id.Customer, once *once, it item) (Reply, error) {
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
		c, key, err := open(a.key, &row)
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
// NotFound, Unavailable.
func (s *Service) ListTransactions(ctx context.Context, caller tenant.Caller, target id.Customer, page ItemPage) ([]customer.Transaction, error) {
	a, err := s.begin(ctx, caller, authz.TransactionList, target)
	if err != nil {
		return nil, err
	}
	var list []customer.Transaction
	err = a.items(ctx, target, store.Transaction, page, func(row store.ItemRow, plain []byte) error {
		t := customer.Transaction{ID: row.ID, CreatedAt: instant(row.CreatedAt)}
		err := t.UnmarshalBinary(plain)
		list = append(list, t)
		return err
	})
	return list, err
}

// items reads and unseals a page of a customer's items and records that.
func (a *act) items(ctx context.Context, target id.Customer, kind store.ItemKind, page ItemPage, fn func(store.ItemRow, []byte) error) error {
	key, err := a.customerKey(ctx, target)
	if err != nil {
		return a.missing(ctx, err, ByID(target))
	}
	rows, err := a.s.store.ItemList(ctx, a.caller.App, target, kind, page.Skip, page.Take)
	if err != nil {
		return err
	}
	for _, row := range rows {
		plain, err := key.OpenItem(row.ID, row.Sealed)
		if err == nil {
			err = fn(row, plain)
		}
		if err != nil {
			return err
		}
	}
	return a.record(ctx, a.entry(audit.Done, []id.Customer{target}), nil)
}

func (a *act) customerKey(ctx context.Context, target id.Customer) (seal.Customer, error) {
	row, err := a.s.store.CustomerGet(ctx, a.caller.App, target)
	if err != nil {
		return seal.Customer{}, err
	}
	return a.key.OpenCustomer(row.ID, row.Key)
}
