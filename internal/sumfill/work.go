package sumfill

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/job"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// work is one job in the hands of this process.
type work struct {
	*Filler
	app   id.App
	job   id.Job
	key   *seal.App
	wrong wrong
}

// The phases of a job, in their order.
const (
	groups uint8 = iota
	customers
	items
	marking
	ended
)

// place is where a step begins, and how many rows came before.
type place struct {
	phase uint8
	done  int64
	seq   int64          // of the group or customer
	kind  store.ItemKind // of the item, after which the step begins
	item  id.Item
}

func (p *place) append() []byte {
	b := binary.AppendVarint([]byte{p.phase, uint8(p.kind)}, p.done)
	return append(binary.AppendVarint(b, p.seq), p.item[:]...)
}

func parsePlace(cursor []byte) (p place, err error) {
	if len(cursor) == 0 {
		return p, nil
	}
	if len(cursor) > 2 {
		p.phase, p.kind = cursor[0], store.ItemKind(cursor[1])
		done, n := binary.Varint(cursor[2:])
		seq, m := binary.Varint(cursor[2+max(n, 0):])
		if n > 0 && m > 0 && len(cursor) == 2+n+m+len(p.item) {
			p.done, p.seq = done, seq
			copy(p.item[:], cursor[2+n+m:])
			return p, nil
		}
	}
	return place{}, fault.New(fault.Internal, "job_damaged", "the place of a job cannot be read")
}

// mostScanned is how many rows are read in search of those that a step changes.
const mostScanned = 5000

// Step prepares the next step. Each one is of one phase.
func (w *work) Step(ctx context.Context, cursor []byte, size int) (job.Step, error) {
	p, err := parsePlace(cursor)
	if err != nil {
		return nil, err
	}
	head, err := w.cfg.Store.Head(ctx, w.app)
	if err != nil {
		return nil, err
	}
	size = min(size, 500)
	var do func(tx store.Tx) ([]id.Customer, place, error)
	switch p.phase {
	case groups:
		do = func(tx store.Tx) ([]id.Customer, place, error) {
			now := p // the step may run again
			err := w.sumGroups(tx, &now, size)
			return nil, now, err
		}
	case customers:
		do, err = w.customers(ctx, p, size)
	case items:
		do, err = w.items(ctx, p, size)
	case marking:
		do = func(tx store.Tx) ([]id.Customer, place, error) {
			return nil, place{phase: ended, done: p.done}, w.mark(tx)
		}
	default:
		w.key.SetSummed(true)
		w.forget(w.app, w.job)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(tx store.Tx) (job.Effect, error) {
		targets, next, err := do(tx)
		if err != nil {
			return job.Effect{}, err
		}
		return job.Effect{
			Cursor: next.append(), Done: next.done, Total: max(head.Customers, next.done),
			Action: authz.CustomerSum, Outcome: audit.Done, Targets: targets, Fields: []string{"checksum"},
		}, nil
	}, nil
}

// sumGroups gives groups their checksums.
func (w *work) sumGroups(tx store.Tx, p *place, size int) error {
	end, err := tx.GroupNext()
	if err != nil {
		return err
	}
	for range size {
		if p.seq >= end {
			*p = place{phase: customers, done: p.done}
			return nil
		}
		row, err := tx.GroupGet(p.seq)
		p.seq++
		if missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := customerrow.DecryptGroup(w.key, &row); err != nil || row.Sum != nil || w.wrong.has(integrity.Groups, strconv.FormatInt(row.Seq, 10)) {
			continue
		}
		row.Sum = rowsum.Group(w.key, &row)
		if err := tx.GroupUpdate(row); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// customers gives customers their checksums, and wraps their keys anew.
func (w *work) customers(ctx context.Context, p place, size int) (func(store.Tx) ([]id.Customer, place, error), error) {
	var todo []id.Customer
	scanned := 0
	err := w.cfg.Store.CustomerScan(ctx, w.app, p.seq, math.MaxInt64, func(row *store.CustomerRow) error {
		if len(todo) >= size || scanned >= mostScanned {
			return errEnough
		}
		scanned++
		p.seq = row.Seq + 1
		if len(row.Sum) == 0 || seal.EpochOf(row.Key) == 0 {
			todo = append(todo, row.ID)
		}
		return nil
	})
	p.done += int64(scanned)
	switch {
	case err == nil:
		p = place{phase: items, done: p.done}
	case !errors.Is(err, errEnough):
		return nil, err
	}
	return func(tx store.Tx) ([]id.Customer, place, error) {
		var changed []id.Customer
		for _, c := range todo {
			row, err := tx.CustomerGet(c)
			if missing(err) {
				continue
			}
			if err != nil {
				return nil, p, err
			}
			if !w.reseal(&row) {
				continue
			}
			if err := tx.CustomerReseal(row); err != nil {
				return nil, p, err
			}
			changed = append(changed, c)
		}
		return changed, p, nil
	}, nil
}

// reseal makes the row of a customer as it is to be. It reports false for one that stays as it is.
func (w *work) reseal(row *store.CustomerRow) bool {
	if w.wrong.has(customerTable, row.ID.String()) {
		return false
	}
	if _, _, err := customerrow.Decrypt(w.key, row); err != nil {
		return false
	}
	key, err := w.key.RewrapCustomer(row.ID, row.Key)
	if err != nil {
		return false
	}
	row.Key = key
	if len(row.Sum) == 0 {
		row.Sum = rowsum.Customer(w.key, row)
	}
	return true
}

// items gives items their checksums.
func (w *work) items(ctx context.Context, p place, size int) (func(store.Tx) ([]id.Customer, place, error), error) {
	rows, err := w.cfg.Store.ItemScan(ctx, w.app, store.ItemPlace{Customer: p.seq, Kind: p.kind, ID: p.item}, mostScanned)
	if err != nil {
		return nil, err
	}
	var todo []store.OwnedItem
	whole := len(rows) < mostScanned
	for i := range rows {
		if len(todo) >= size {
			whole = false
			break
		}
		row := &rows[i]
		p.seq, p.kind, p.item = row.Seq, row.Kind, row.ID
		if row.Sum == nil && !row.Customer.IsZero() {
			todo = append(todo, *row)
		}
	}
	if whole {
		p = place{phase: marking, done: p.done}
	}
	if todo, err = w.intact(ctx, todo); err != nil {
		return nil, err
	}
	return func(tx store.Tx) ([]id.Customer, place, error) {
		for i := range todo {
			row := todo[i].ItemRow
			row.Sum = rowsum.Item(w.key, todo[i].Customer, &row)
			if err := tx.ItemSum(todo[i].Customer, row); err != nil && !missing(err) {
				return nil, p, err
			}
		}
		return nil, p, nil
	}, nil
}

// intact gives those of the items that decrypt and are what the log says of them.
func (w *work) intact(ctx context.Context, list []store.OwnedItem) (intact []store.OwnedItem, err error) {
	keys := make(map[id.Customer]seal.Customer)
	for i := range list {
		row := &list[i]
		key, known := keys[row.Customer]
		if !known {
			owner, err := w.cfg.Store.CustomerGet(ctx, w.app, row.Customer)
			if missing(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if key, err = customerrow.Key(w.key, &owner); err != nil {
				continue // the customer was erased, or is reported
			}
			keys[row.Customer] = key
		}
		if _, err := key.OpenItem(row.ID, row.Sealed); err == nil && !w.wrong.has(integrity.Items, row.ID.String()) {
			intact = append(intact, *row)
		}
	}
	return intact, nil
}
