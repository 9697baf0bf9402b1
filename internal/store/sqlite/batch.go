package sqlite

import (
	"context"
	"errors"
	"slices"

	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
)

// work is one item of a batch: a function in a savepoint of its own, or entries.
type work struct {
	app     id.App
	fn      func(*tx) error // nil: entries only
	entries []store.AuditRow
}

// Update runs fn in a transaction on one application's data.
func (s *Store) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	return s.write(ctx, app, func(t *tx) error {
		if err := fn(t); err != nil {
			return err
		}
		_, err := t.head() // there must be such an application, now at least
		return err
	})
}

// Record appends audit entries.
func (s *Store) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if len(entries) == 0 {
		return ctx.Err()
	}
	return s.group.Do(ctx, struct{}{}, &work{app: app, entries: entries})
}

// write is Update for our own functions.
func (s *Store) write(ctx context.Context, app id.App, fn func(*tx) error) error {
	return s.group.Do(ctx, struct{}{}, &work{app: app, fn: fn})
}

// flush runs a batch in one transaction. No outcome leaves before the commit is on
// disk, not even a refusal: it may rest on what another item of the batch wrote.
func (s *Store) flush(_ context.Context, _ struct{}, works []*work) []error {
	s.writing.Lock()
	defer s.writing.Unlock()
	outcomes, err := s.commit(works)
	s.noteSpace(err)
	if err == nil {
		return outcomes
	}
	if len(works) == 1 || s.writer.broken != nil || s.hasFailed() {
		return slices.Repeat([]error{err}, len(works))
	}
	// What the items have in common was refused, such as an entry of one of them: the
	// others must not suffer.
	outcomes = make([]error, len(works))
	for i := range works {
		one, err := s.commit(works[i : i+1])
		if err == nil {
			err = one[0]
		}
		outcomes[i] = err
	}
	return outcomes
}

// commit runs works in one transaction and commits it. outcomes has one error for each
// work; an item that failed left nothing. err means that nothing of any work was kept,
// and there are no outcomes then.
func (s *Store) commit(works []*work) (outcomes []error, err error) {
	if s.hasFailed() {
		return nil, errFailed
	}
	if s.moved() {
		return nil, errMoved // a commit would go where the next start will not look
	}
	b := batch{conn: s.writer, heads: make(map[id.App]*head, 4), known: s.heads}
	ctx := context.Background()
	if err := s.writer.begin(ctx); err != nil {
		return nil, err
	}
	began := s.checkpoint.beginsLog()
	if began {
		err = s.writer.beginEpoch(ctx)
	}
	if err == nil {
		outcomes, err = b.run(ctx, works)
	}
	if b.foreign {
		s.lineage.Add(1) // before the commit, see Head
		b.touchedAll = true
		clear(s.heads)
	}
	atCommit := err == nil
	if atCommit {
		if len(b.touched) > 0 || b.touchedAll {
			s.cache.drop(b.touched, b.touchedAll)
			defer s.cache.reopen()
		}
		if _, err = s.writer.exec(ctx, "COMMIT"); err == nil {
			s.checkpoint.committed(b.rows)
			for app, h := range b.heads {
				s.heads[app] = h.Head
			}
			return outcomes, nil
		}
	}
	if began {
		s.checkpoint.renew.Store(true)
	}
	if loses(err, atCommit) || loses(s.writer.broken, false) {
		s.fail()
		return nil, errFailed
	}
	if b.foreign {
		s.cache.drop(nil, true)
		s.cache.reopen()
	}
	// SQLite may have rolled back by itself; then there is nothing to roll back and
	// this is an error that says nothing new.
	_, _ = s.writer.exec(ctx, "ROLLBACK")
	return nil, err
}

// batch is one transaction.
type batch struct {
	conn    *conn
	heads   map[id.App]*head
	entries []entry
	events  []event
	rows    int64 // inserted, updated and deleted by the items

	// known are the counters as the last batches left them. Nobody else writes the file, so
	// others mean that it was restored under us (foreign).
	known   map[id.App]store.Head
	foreign bool

	// What the cache must drop: customers that were changed or deleted, or more of
	// them than are worth to name.
	touched    []customerKey
	touchedAll bool
}

// head is the row of that name while a batch works on it. It is read once and
// written once for all items of the application.
type head struct {
	store.Head
	lastCustomer, lastGroup int64 // greatest numbers given

	removed bool // it takes nothing new
	changed bool // some item changed a customer, so Version grows by one
	dirty   bool
}

// entry is an audit entry whose place is settled.
type entry struct {
	app id.App
	row *store.AuditRow
}

// run does the items and writes what they share. err ends the batch.
func (b *batch) run(ctx context.Context, works []*work) (outcomes []error, err error) {
	outcomes = make([]error, len(works))
	for i, w := range works {
		switch {
		case w.fn == nil:
			outcomes[i] = b.record(ctx, w)
		case len(works) == 1:
			// Alone it needs no savepoint, for which SQLite would keep a copy of every
			// page that changes: a third of the time of an import.
			err = b.perform(ctx, w)
		default:
			outcomes[i] = b.performInSavepoint(ctx, w)
		}
		if b.conn.broken != nil {
			return nil, translate(b.conn.broken)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := b.writeEntries(ctx); err != nil {
		return nil, err
	}
	if err := b.writeEvents(ctx); err != nil {
		return nil, err
	}
	return outcomes, b.writeHeads(ctx)
}

func (b *batch) record(ctx context.Context, w *work) error {
	h, err := b.head(ctx, w.app)
	if err != nil {
		return err
	}
	b.settle(w.app, h, w.entries)
	return nil
}

// performInSavepoint performs a work of which nothing is kept if it fails.
func (b *batch) performInSavepoint(ctx context.Context, w *work) error {
	if _, err := b.conn.exec(ctx, "SAVEPOINT item"); err != nil {
		return err
	}
	err := b.perform(ctx, w)
	if err != nil && b.conn.broken == nil {
		if _, rerr := b.conn.exec(ctx, "ROLLBACK TO item"); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	if _, rerr := b.conn.exec(ctx, "RELEASE item"); rerr != nil {
		return errors.Join(err, rerr)
	}
	return err
}

func (b *batch) perform(ctx context.Context, w *work) error {
	t := &tx{batch: b, ctx: ctx, app: w.app}
	err := safe.Call(func() error { return w.fn(t) })
	if err == nil {
		err = t.failed
	}
	if err == nil {
		err = t.finish()
	}
	t.batch = nil // a transaction that was kept by mistake is of no use
	return err
}

// settle gives entries their place in the application's log.
func (b *batch) settle(app id.App, h *head, entries []store.AuditRow) {
	for i := range entries {
		entries[i].Place(h.Entries)
		b.entries = append(b.entries, entry{app: app, row: &entries[i]})
		h.Entries++
		h.dirty = true
	}
}

// head reads an application's counters at its first use.
func (b *batch) head(ctx context.Context, app id.App) (*head, error) {
	if h, ok := b.heads[app]; ok {
		return h, nil
	}
	h := new(head)
	err := b.conn.one(ctx, store.NotFound("application"), `
		SELECT
			version,
			entries,
			customers,
			events,
			last_customer,
			last_group,
			removed
		FROM head
		WHERE app_id = ?`, []any{string(app)}, scanTo(&h.Version, &h.Entries, &h.Customers, &h.Events, &h.lastCustomer, &h.lastGroup, &h.removed))
	if err != nil {
		return nil, err
	}
	if last, ok := b.known[app]; ok && last != h.Head {
		b.foreign = true
	}
	b.heads[app] = h
	return h, nil
}

func (b *batch) writeHeads(ctx context.Context) error {
	for app, h := range b.heads {
		if !h.dirty {
			continue
		}
		if h.changed {
			h.Version++
		}
		_, err := b.conn.exec(ctx, `
			UPDATE head
			SET
				version = ?,
				entries = ?,
				customers = ?,
				events = ?,
				last_customer = ?,
				last_group = ?
			WHERE app_id = ?`, h.Version, h.Entries, h.Customers, h.Events, h.lastCustomer, h.lastGroup, string(app))
		if err != nil {
			return err
		}
	}
	return nil
}
