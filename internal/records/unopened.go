package records

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// unopened knows the customers that this process met and could not open: a stored
// value of theirs was altered. Each is logged when it is met first, and once more
// by every build of an arena, which meets all of them.
type unopened struct {
	log   *slog.Logger
	count atomic.Int64

	mu   sync.Mutex
	apps map[id.App]map[int64]struct{} // by number
}

// mostDamaged is how many of an application are remembered and logged. Where more
// are, it is the database or the key that is wrong, and neither memory nor log may
// grow with it.
const mostDamaged = 1000

func newUnopened(log *slog.Logger) *unopened {
	return &unopened{log: log, apps: make(map[id.App]map[int64]struct{})}
}

// note takes down what opening a row came to. A customer that was erased is not
// damaged.
func (d *unopened) note(ctx context.Context, app id.App, row *store.CustomerRow, err error) {
	if err == nil || errors.Is(err, fault.NotFound) {
		d.forget(app, row.Seq)
		return
	}
	if n, first := d.add(app, row.Seq); first {
		d.log.ErrorContext(ctx, "a customer cannot be opened", "app", app, "customer", row.ID.String(), "number", row.Seq, "cause", err)
		if n == mostDamaged {
			d.log.ErrorContext(ctx, "more customers cannot be opened; no more of them are logged", "app", app)
		}
	}
}

func (d *unopened) add(app id.App, seq int64) (n int, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.apps[app]
	if known == nil {
		known = make(map[int64]struct{})
		d.apps[app] = known
	}
	if _, ok := known[seq]; ok || len(known) == mostDamaged {
		return len(known), false
	}
	known[seq] = struct{}{}
	d.count.Add(1)
	return len(known), true
}

// forget is for one that can be opened again, or is gone. It costs next to nothing
// as long as nothing is damaged.
func (d *unopened) forget(app id.App, seq int64) {
	if d.count.Load() == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.apps[app][seq]; ok {
		delete(d.apps[app], seq)
		d.count.Add(-1)
	}
}

// replace makes what met knows of an application all that is known of it.
func (d *unopened) replace(app id.App, met *unopened) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count.Add(int64(len(met.apps[app]) - len(d.apps[app])))
	d.apps[app] = met.apps[app]
}

// DamagedCustomers is how many customers this process met and could not open.
func (s *Service) DamagedCustomers() int { return int(s.unopened.count.Load()) }

// sight is a customer at its place in a list, or one that cannot be opened and has
// only what is stored in clear: it matches conditions on that, and is not shown.
type sight struct {
	Customer customer.Customer
	hidden   bool
}

func (s *sight) at() page.Position { return positionOf(&s.Customer) }

// see opens a row for a list, a search or an arena, which must not fail for all
// because of one.
func see(ctx context.Context, app id.App, key *seal.App, d *unopened, row *store.CustomerRow) sight {
	c, _, err := open(key, row)
	d.note(ctx, app, row, err)
	if err != nil {
		return sight{Customer: inClear(row), hidden: true}
	}
	return sight{Customer: c}
}

func (a *operation) see(ctx context.Context, row *store.CustomerRow) sight {
	return see(ctx, a.caller.App, a.key, a.s.unopened, row)
}

// open opens a row for a use case that is about this customer, and fails with it.
func (a *operation) open(ctx context.Context, row *store.CustomerRow) (customer.Customer, seal.Customer, error) {
	c, key, err := open(a.key, row)
	a.s.unopened.note(ctx, a.caller.App, row, err)
	return c, key, err
}
