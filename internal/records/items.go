package records

import (
	"bytes"
	"context"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// RecordTransaction adds a purchase to a customer. What the customer shows as last
// spent comes from the purchase with the latest time. Of purchases with the same time
// the one recorded last counts. Faults: Invalid, Forbidden, NotFound, Conflict of the
// idempotency key, Unavailable.
func (s *Service) RecordTransaction(ctx context.Context, caller tenant.Caller, target id.Customer, in customer.TransactionInput,
	idempotencyKey string, encode func(*customer.Transaction) []byte,
) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.TransactionCreate, target)
	if err != nil {
		return Reply{}, err
	}
	t, problems := in.Transaction(s.now())
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	return o.addItem(ctx, target, o.idempotency(idempotencyKey, target.String(), in.Fingerprint(nil)), item{
		kind: store.Transaction, id: t.ID, at: t.At, made: t.CreatedAt, plain: t.AppendBinary(nil), body: encode(&t),
		touch: func(c *customer.Customer) {
			if !t.At.Before(c.LastPurchase) {
				c.LastSpent, c.LastPurchase = t.Amount, t.At
			}
		},
	})
}

// item is something to be added to a customer.
type item struct {
	kind  store.ItemKind
	id    id.Item
	at    time.Time // its position in the list
	made  time.Time // its creation, as answers show it
	plain []byte    // is stored encrypted
	body  []byte    // the answer
	touch func(*customer.Customer)
}

// addItem adds an item, and what it changes of its customer, in one transaction.
func (o *operation) addItem(ctx context.Context, target id.Customer, idem *idempotency, it item) (Reply, error) {
	return o.write(ctx, ByID(target), idem, func(tx store.Tx) (answer, audit.Entry, error) {
		row, err := tx.CustomerGet(target)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		c, key, err := o.open(ctx, &row)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		entry := o.entry(audit.Done, []id.Customer{target})
		entry.Subject = it.id.String()
		before := c
		if it.touch != nil {
			it.touch(&c)
		}
		if err := history.Save(tx, o.key, key, &row, &before, &c, history.By{Caller: o.caller, Entry: entry}); err != nil {
			return answer{}, audit.Entry{}, err
		}
		made := store.ItemRow{
			ID: it.id, Kind: it.kind, At: it.at.UnixMilli(), CreatedAt: it.made.UnixMilli(), Sealed: key.SealItem(it.id, it.plain),
		}
		made.Sum = rowsum.Item(o.key, target, &made)
		if err := tx.ItemInsert(target, made); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{Reply{Customer: target, Body: it.body}, key.SealReply}, entry, nil
	})
}

// ListTransactions gives a customer's purchases, newest first. Faults: Forbidden,
// NotFound, Invalid (bad_cursor), Unavailable.
func (s *Service) ListTransactions(ctx context.Context, caller tenant.Caller, target id.Customer, in PageRequest) (ItemPage[customer.Transaction], error) {
	o, err := s.authorize(ctx, caller, authz.TransactionList, target)
	if err != nil {
		return ItemPage[customer.Transaction]{}, err
	}
	return listItems(ctx, o, target, store.Transaction, in, func(row store.ItemRow, plain []byte) (customer.Transaction, error) {
		t := customer.Transaction{ID: row.ID, CreatedAt: store.Instant(row.CreatedAt)}
		if err := t.UnmarshalBinary(plain); err != nil {
			return customer.Transaction{}, err
		}
		return t, nil
	})
}

// listItems reads and decrypts a page of a customer's items, and records that.
func listItems[T any](ctx context.Context, o *operation, target id.Customer, kind store.ItemKind, in PageRequest,
	open func(store.ItemRow, []byte) (T, error),
) (ItemPage[T], error) {
	list := store.ItemList{Kind: kind, Skip: in.Skip, Take: in.Take + 1}
	if err := o.followItems(in.Cursor, target, &list); err != nil {
		return ItemPage[T]{}, err
	}
	key, err := o.customerKey(ctx, target)
	if err != nil {
		return ItemPage[T]{}, o.recordCustomerFailure(ctx, err, ByID(target))
	}
	rows, err := o.s.store.ItemList(ctx, o.caller.App, target, list)
	if err != nil {
		return ItemPage[T]{}, err
	}
	rows, more := upTo(in.Take, rows)
	found := ItemPage[T]{List: make([]T, len(rows)), Total: len(rows)}
	for i, row := range rows {
		plain, err := o.openItem(ctx, key, target, &row)
		if err == nil {
			found.List[i], err = open(row, plain)
		}
		if err != nil {
			return ItemPage[T]{}, err
		}
	}
	if in.Count && !in.whole(more) {
		if found.Total, err = o.s.store.ItemCount(ctx, o.caller.App, target, kind); err != nil {
			return ItemPage[T]{}, err
		}
	}
	if more {
		last := rows[len(rows)-1]
		found.Next = o.sealCursor(page.Cursor{At: last.At, ID: last.ID, Filter: target[:]})
	}
	return recorded(ctx, o, o.entry(audit.Done, []id.Customer{target}), found)
}

// openItem decrypts an item of the customer whose key this is.
func (o *operation) openItem(ctx context.Context, key seal.Customer, target id.Customer, row *store.ItemRow) ([]byte, error) {
	if err := o.s.guard.Item(ctx, o.key, o.caller.App, target, row); err != nil {
		return nil, err
	}
	return key.OpenItem(row.ID, row.Sealed)
}

// followItems reads the request's cursor, if it has one, and puts its position into
// list.
func (o *operation) followItems(cursor string, target id.Customer, list *store.ItemList) error {
	if cursor == "" {
		return nil
	}
	c, err := o.openCursor(cursor)
	if err != nil {
		return err
	}
	if !bytes.Equal(c.Filter, target[:]) {
		return page.ErrCursor
	}
	list.After = &store.ItemPosition{At: c.At, ID: c.ID}
	return nil
}

func (o *operation) customerKey(ctx context.Context, target id.Customer) (seal.Customer, error) {
	row, err := o.s.store.CustomerGet(ctx, o.caller.App, target)
	if err != nil {
		return seal.Customer{}, err
	}
	return customerrow.Key(o.key, &row)
}
