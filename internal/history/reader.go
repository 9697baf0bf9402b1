package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Reader reads the history of one application's customers.
type Reader struct {
	Store store.Reader
	App   id.App
	Key   *seal.App
}

// ErrBroken is the fault of a history that does not meet: a state is missing, or was put elsewhere.
var ErrBroken = fault.New(fault.Internal, "history_damaged", "the history of a customer is damaged")

// Page gives up to take states of the customer of the row that have ended, newest first, of those
// that ended before the given time in milliseconds (0: any), and whether there are more. Faults:
// NotFound without the customer's key.
func (r Reader) Page(ctx context.Context, row store.CustomerRow, before int64, take int) (states []State, more bool, err error) {
	if states, err = r.chain(ctx, row, before, take+1); err != nil {
		return nil, false, err
	}
	if more = len(states) > take; more {
		states = states[:take]
	}
	return states, more, nil
}

// At gives the customer of the row, whom the row says to be now, as it was at a time. Faults: NotFound if it was not there yet or is
// not known: a history begins with the first change that was recorded.
func (r Reader) At(ctx context.Context, row store.CustomerRow, now customer.Customer, at time.Time) (customer.Customer, error) {
	next, err := r.Store.HistoryNext(ctx, r.App, row.Seq, at.UnixMilli())
	if err != nil && !errors.Is(err, fault.NotFound) {
		return customer.Customer{}, err
	}
	c, since := now, now.UpdatedAt
	if err == nil { // the state that ended next after at
		states, err := r.chain(ctx, row, next.At+1, 2)
		if err != nil {
			return customer.Customer{}, err
		}
		if len(states) == 0 {
			// It was there a moment ago, so the customer is gone, or the row is.
			if _, err := r.Store.CustomerGetBySeq(ctx, r.App, row.Seq); err != nil {
				return customer.Customer{}, err
			}
			return customer.Customer{}, ErrBroken
		}
		c, since = states[0].Customer, states[0].Since
	} else { // the one that has not ended
		states, err := r.chain(ctx, row, 0, 1)
		if err != nil {
			return customer.Customer{}, err
		}
		if len(states) > 0 {
			if since = states[0].Until; at.Before(since) {
				return r.At(ctx, row, now, at) // it ended meanwhile, and is found as one that has
			}
		}
	}
	if at.Before(since) {
		return customer.Customer{}, store.NotFound("customer")
	}
	return c, nil
}

// chain reads states that ended before the given time, newest first, and checks that each meets the
// one after it: the next newer one, or what is stored now. Since is known of all but the last; if
// there are fewer than take, the last is the first there ever was.
func (r Reader) chain(ctx context.Context, row store.CustomerRow, before int64, take int) ([]State, error) {
	key, err := customerrow.Key(r.Key, &row)
	if err != nil {
		return nil, err
	}
	for {
		rows, err := r.Store.HistoryList(ctx, r.App, row.Seq, store.HistoryList{Before: before, Take: take})
		if err != nil {
			return nil, err
		}
		link, err := r.link(ctx, key, &row, before)
		if err != nil {
			return nil, err
		}
		states, broken := follow(key, &row, rows, link)
		if broken == nil {
			return states, nil
		}
		// A change since the row was read puts a state between.
		again, err := r.Store.CustomerGetBySeq(ctx, r.App, row.Seq)
		if err != nil {
			return nil, err
		}
		if LinkTo(&again) == LinkTo(&row) {
			return nil, broken
		}
		row = again
	}
}

// link gives what the newest state before a time must meet.
func (r Reader) link(ctx context.Context, key seal.Customer, row *store.CustomerRow, before int64) (Link, error) {
	if before == 0 {
		return LinkTo(row), nil
	}
	newer, err := r.Store.HistoryNext(ctx, r.App, row.Seq, before-1)
	if errors.Is(err, fault.NotFound) {
		return LinkTo(row), nil
	}
	if err != nil {
		return Link{}, err
	}
	s, err := Open(key, row, &newer)
	return s.From, err
}

// follow decrypts states, newest first, of which the first must meet link.
func follow(key seal.Customer, of *store.CustomerRow, rows []store.HistoryRow, link Link) ([]State, error) {
	states := make([]State, len(rows))
	for i := range rows {
		s, err := Open(key, of, &rows[i])
		if err != nil {
			return nil, err
		}
		if s.To != link {
			return nil, fmt.Errorf("history of customer %s after version %d: %w", of.ID, s.Version, ErrBroken)
		}
		s.Since = s.Customer.UpdatedAt
		if i > 0 {
			states[i-1].Since = s.Until
		}
		states[i], link = s, s.From
	}
	return states, nil
}
