// Package integrity tells rows of credentials, applications, groups and items that were altered in the
// database from those that this program wrote. Each has a keyed checksum over all its columns, so nobody can revive a
// revoked credential, widen it, move it to another application or invent one with SQL alone.
//
// Whoever is about to go by such a row asks the Guard first. An altered row is reported: counted,
// logged, and told to the alarms of its application, beside the request that met it. What a refusal
// looks like is for the caller. A row that was put back to an earlier state, with the checksum of that
// state, is genuine to the Guard until package check has compared it with the log and told Found.
//
// Rows of releases before the checksums have none. Guard.Fill gives them theirs, those of an
// application last, and records it. What a newcomer gets wrong: an application without a checksum is
// not one of an earlier release. It may have lost it, so the log decides.
package integrity

import (
	"context"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"custodex.dev/internal/check"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// The tables that the Guard knows, as reports name them.
const (
	Applications = "application"
	Credentials  = "credential"
	Groups       = "customer_group"
	Items        = "customer_item"
)

// ErrPending is the fault of changing an application of an earlier release before it has its checksum.
// With one of its own its credentials, which have none yet, would count as altered.
var ErrPending = fault.New(fault.Unavailable, "checksums_pending",
	"This application of an earlier release is still being given its checksums; try again").After(time.Second)

// Store is what a Guard needs of store.Store.
type Store interface {
	store.AppLister
	// AuditRange gives the entries of a log.
	AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error)
	// Head says how many entries a log has.
	Head(ctx context.Context, app id.App) (store.Head, error)
	// Update gives rows their checksums.
	Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error
}

// Keys gives the open keys of applications; fault.NotFound if there is no such application.
type Keys interface {
	Key(ctx context.Context, app id.App) (*seal.App, error)
}

// Config says how a Guard works. All fields must be set.
type Config struct {
	Store Store
	Keys  Keys

	// Raise stores an alarm of an application unless it has an open one.
	Raise func(ctx context.Context, app id.App, damage string) error

	// Now is the clock: UTC, whole milliseconds.
	Now func() time.Time

	Log *slog.Logger
}

// Guard verifies rows. It is safe for concurrent use.
type Guard struct {
	cfg  Config
	wake chan struct{} // an alarm is waiting
	lost chan struct{} // the database has lost changes since the last Fill

	mu      sync.Mutex
	sums    map[id.App]bool          // true: it has checksums, whatever its row says now; false: it never had
	asking  map[id.App]chan struct{} // closed once the log has said whether it has
	altered map[rowID]struct{}
	found   map[rowID]bool    // what a comparison with the log found; true: it is refused
	waiting map[id.App]string // alarms to raise
}

// rowID names a row: id is that of a credential or of the application itself, the number of a group, or
// the id of a customer and that of an item.
type rowID struct {
	app       id.App
	table, id string
}

func itemID(app id.App, c id.Customer, item string) rowID {
	return rowID{app, Items, c.String() + " " + item}
}

// idOf names the row that a finding is about.
func idOf(app id.App, f *check.Finding) rowID {
	if f.Table == Items && !f.Owner.IsZero() {
		return itemID(app, f.Owner, f.ID)
	}
	return rowID{app, f.Table, f.ID}
}

// New makes a Guard. Run must be called for it to raise alarms.
func New(cfg Config) *Guard {
	return &Guard{
		cfg: cfg, wake: make(chan struct{}, 1), lost: make(chan struct{}, 1),
		sums: make(map[id.App]bool), asking: make(map[id.App]chan struct{}), altered: make(map[rowID]struct{}), found: make(map[rowID]bool), waiting: make(map[id.App]string),
	}
}

// App fails with rowsum.ErrDamaged if the row of an application was altered.
func (g *Guard) App(ctx context.Context, key *seal.App, row *store.AppRow) error {
	if row.Sum == nil {
		lost, err := g.hasSums(ctx, row.ID, key)
		if err != nil || !lost {
			return err
		}
	}
	err := rowsum.Check(row.Sum, rowsum.App(key, row))
	if err == nil {
		g.know(row.ID, true)
		if row.Summed { // never taken back: a row from before the mark would let others through
			key.SetSummed(true)
		}
	}
	return g.decide(ctx, rowID{row.ID, Applications, string(row.ID)}, err)
}

// Credential fails with rowsum.ErrDamaged if the row of a credential was altered, or that of its
// application. A credential may be without a checksum as long as its application is.
func (g *Guard) Credential(ctx context.Context, key *seal.App, app *store.AppRow, row *store.CredentialRow) error {
	if err := g.App(ctx, key, app); err != nil || row.Sum == nil && app.Sum == nil {
		return err
	}
	return g.decide(ctx, rowID{app.ID, Credentials, string(row.ID)}, rowsum.Check(row.Sum, rowsum.Credential(key, row)))
}

// Group fails with rowsum.ErrDamaged if the row of a group was altered. Rows of an earlier release may be
// without a checksum until all of the application have one; so it is with Item.
func (g *Guard) Group(ctx context.Context, key *seal.App, app id.App, row *store.GroupRow) error {
	if row.Sum == nil && !key.Summed() {
		return nil
	}
	return g.decide(ctx, rowID{app, Groups, strconv.FormatInt(row.Seq, 10)}, rowsum.Check(row.Sum, rowsum.Group(key, row)))
}

// Item fails with rowsum.ErrDamaged if the row of an item of the customer was altered.
func (g *Guard) Item(ctx context.Context, key *seal.App, app id.App, c id.Customer, row *store.ItemRow) error {
	if row.Sum == nil && !key.Summed() {
		return nil
	}
	return g.decide(ctx, itemID(app, c, row.ID.String()), rowsum.Check(row.Sum, rowsum.Item(key, c, row)))
}

// Gone forgets a row that was deleted, and those whose id begins with its id and a space.
func (g *Guard) Gone(app id.App, table, id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	gone := func(row rowID) bool {
		return row.app == app && row.table == table && (row.id == id || strings.HasPrefix(row.id, id+" "))
	}
	maps.DeleteFunc(g.altered, func(row rowID, _ struct{}) bool { return gone(row) })
	maps.DeleteFunc(g.found, func(row rowID, _ bool) bool { return gone(row) })
}

// decide takes what the checksum says of a row, and then what the log said of it. Groups and items are
// compared with the log once, before they have checksums: what was found then holds until the checksum fits.
func (g *Guard) decide(ctx context.Context, row rowID, err error) error {
	g.note(ctx, row, err != nil)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && (row.table == Groups || row.table == Items) {
		delete(g.found, row)
	}
	if err == nil && g.found[row] {
		return rowsum.ErrDamaged
	}
	return err
}

// Forget drops what is remembered of checksums, after the database has lost changes, and lets Run fill
// again: those that Fill gave may be among them.
func (g *Guard) Forget() {
	g.mu.Lock()
	clear(g.sums)
	g.mu.Unlock()
	select {
	case g.lost <- struct{}{}:
	default:
	}
}

// hasSums reports whether an application whose row is without a checksum had one. The log says so to
// the first who asks; others wait for that.
func (g *Guard) hasSums(ctx context.Context, app id.App, key *seal.App) (bool, error) {
	for {
		g.mu.Lock()
		has, known := g.sums[app]
		said, asked := g.asking[app]
		if !known && !asked {
			said = make(chan struct{})
			g.asking[app] = said
		}
		g.mu.Unlock()
		switch {
		case known:
			return has, nil
		case !asked:
			return g.ask(ctx, app, key, said)
		}
		select {
		case <-said:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// ask asks the log whether an application has had checksums, and then closes said.
func (g *Guard) ask(ctx context.Context, app id.App, key *seal.App, said chan struct{}) (has bool, err error) {
	defer func() {
		g.mu.Lock()
		delete(g.asking, app)
		g.mu.Unlock()
		close(said)
	}()
	has, err = g.madeWithSums(ctx, app, key)
	if err == nil && !has {
		has, err = g.filled(ctx, app, key)
	}
	if err != nil {
		return false, err
	}
	g.know(app, has)
	return has, nil
}

// know remembers whether an application has checksums. That it has is never taken back.
func (g *Guard) know(app id.App, has bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sums[app] = g.sums[app] || has
}
