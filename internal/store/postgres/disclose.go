package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// errChanged is the outcome of a work whose row from the cache is not the newest any more. Nothing of it
// was kept.
var errChanged = errors.New("the customer has changed since its row was read")

// Disclose reads one customer and appends the entry that use makes. A row from the cache needs no
// statement of its own: the batch that appends the entry finds out whether the row is the newest, and
// otherwise appends nothing.
func (s *Store) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	if row := s.cache.get(app, ref); row != nil {
		given := *row
		if entry, err := use(&given); err == nil { // else it may be an old row's fault
			err := s.write(ctx, app, work{entries: []store.AuditRow{entry}, discloses: true, cached: row})
			if !errors.Is(err, errChanged) {
				return err
			}
		}
	}
	row, at, err := s.customerAt(ctx, app, ref)
	if err != nil {
		return err
	}
	s.cache.add(app, &row, at)
	given := row
	entry, err := use(&given)
	if err != nil {
		return err
	}
	return s.write(ctx, app, work{entries: []store.AuditRow{entry}, discloses: true})
}

const (
	getCustomerAtBy = `
		SELECT` + customerColumns + `,
			h.version,
			` + lineageColumns + `
		FROM head AS h
		JOIN customer AS c ON c.app_id = h.app_id` + joinKey + `
		WHERE h.app_id = $1`
	getCustomerAt = getCustomerAtBy + `
		AND c.customer_id = $2`
	getCustomerAtBySeq = getCustomerAtBy + `
		AND c.seq = $2`
)

// customerAt reads a customer, and the point of the history at which that is its newest row.
func (s *Store) customerAt(ctx context.Context, app id.App, ref store.CustomerRef) (row store.CustomerRow, at point, err error) {
	sql, by := getCustomerAt, any([16]byte(ref.ID))
	if ref.ID.IsZero() {
		sql, by = getCustomerAtBySeq, ref.Seq
	}
	err = s.do(ctx, app, sql, []any{string(app), by}, one("customer", func(r pgx.Row) error {
		return r.Scan(append(customerFields(&row), &at.version, &at.lineage.Server, &at.lineage.Table)...)
	}))
	if err != nil {
		return store.CustomerRow{}, point{}, err
	}
	return row, at, nil
}

// maxChanges is how many changes are looked at one by one. If there are more, all rows of
// the application are dropped.
const maxChanges = 4000

// changesSince gives the changes of customers after a version, deletions too, and with version 0 the groups
// of a list that are there.
const changesSince = `
		(
			SELECT
				version,
				seq
			FROM customer
			WHERE app_id = $1
			AND version > $2
			ORDER BY version
			LIMIT $3
		)
		UNION ALL
		(
			SELECT
				version,
				seq
			FROM customer_tombstone
			WHERE app_id = $1
			AND version > $2
			ORDER BY version
			LIMIT $3
		)
		UNION ALL
		SELECT
			0,
			seq
		FROM customer_group
		WHERE app_id = $1
		AND seq = ANY ($4::bigint[])`

// look is what changesSince found.
type look struct {
	changes []store.ChangePoint
	groups  []int64 // that are there
}

// lookStep is the statement that fills t.look.
func (t *try) lookStep(version int64) *step {
	return &step{
		sql:  changesSince,
		args: []any{string(t.app), version, maxChanges, t.groups()},
		rows: func(rows pgx.Rows) error {
			t.look = &look{}
			for rows.Next() {
				var c store.ChangePoint
				if err := rows.Scan(&c.Version, &c.Seq); err != nil {
					return err
				}
				if c.Version == 0 {
					t.look.groups = append(t.look.groups, c.Seq)
				} else {
					t.look.changes = append(t.look.changes, c)
				}
			}
			return rows.Err()
		},
	}
}

// lookAtOnce gives the statement that checkRows will need, if that is to be expected, so that it travels with
// the one that locks the head. It sees all that was committed before the lock was got, since it begins after that.
func (t *try) lookAtOnce() []*step {
	known, ok := t.store.cache.point(t.app)
	if !ok || !t.anyCached() || !known.others && len(t.groups()) == 0 {
		return nil
	}
	return []*step{t.lookStep(known.version)}
}

// checkRows brings the cache up to date, with the head locked, and gives each work whose row from the
// cache is not the newest the outcome errChanged. A row does not tell that its group was deleted, so
// that is asked.
func (t *try) checkRows() error {
	now := t.point()
	known, ok := t.store.cache.reached(t.app, now)
	switch {
	case !t.head.found:
		return nil
	case !ok:
		if slices.ContainsFunc(t.works, func(w work) bool { return w.discloses }) {
			t.store.cache.begin(t.app, now)
		}
	case t.anyCached():
		if err := t.catchUp(known, now); err != nil {
			return fmt.Errorf("look for changed customers: %w", err)
		}
	}
	for i, w := range t.works {
		if w.cached == nil || t.outcomes[i] != nil {
			continue
		}
		if g := groupOf(w.cached); g != 0 && t.look != nil && !slices.Contains(t.look.groups, g) {
			t.store.cache.drop(t.app, w.cached)
		}
		if !t.store.cache.has(t.app, w.cached) {
			t.outcomes[i] = errChanged
		}
	}
	return nil
}

func (t *try) catchUp(known, now point) error {
	now.others = now.version > known.version
	if t.look == nil {
		if !now.others && len(t.groups()) == 0 {
			return nil
		}
		if err := t.sendAll([]*step{t.lookStep(known.version)}); err != nil {
			return err
		}
	}
	if len(t.look.changes) >= maxChanges {
		t.store.cache.begin(t.app, now)
	} else {
		t.store.cache.advance(t.app, now, t.look.changes)
	}
	return nil
}

func (b *batch) anyCached() bool {
	return slices.ContainsFunc(b.works, func(w work) bool { return w.cached != nil })
}

// groups are those of the works' rows from the cache.
func (b *batch) groups() []int64 {
	groups := []int64{}
	for _, w := range b.works {
		if g := groupOf(w.cached); g != 0 && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups
}

// groupOf gives the group of a row that would be another row if the group were deleted; 0: none. A
// deleted group does not come back.
func groupOf(row *store.CustomerRow) int64 {
	if row == nil || row.GroupGone {
		return 0
	}
	return row.Group
}

// point is where the locked head is.
func (t *try) point() point {
	mark, _ := t.head.recent.last(t.store.writer)
	return point{lineage: t.head.lineage, version: t.head.version, mark: mark}
}
