package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

// lineageColumns are what scanLineage reads of a row of head.
const lineageColumns = `pg_postmaster_start_time(),
			h.tableoid::bigint`

// lineageFields are where the columns of a lineage go. Server is set by the function that is returned.
func lineageFields(into *store.Lineage) (fields []any, finish func()) {
	started := new(time.Time)
	return []any{started, &into.Table}, func() { into.Server = started.UnixMicro() }
}

// customerAt reads a customer, and the point of the history at which that is its newest row.
func (s *Store) customerAt(ctx context.Context, app id.App, ref store.CustomerRef) (row store.CustomerRow, at point, err error) {
	sql, by := getCustomerAt, any([16]byte(ref.ID))
	if ref.ID.IsZero() {
		sql, by = getCustomerAtBySeq, ref.Seq
	}
	err = s.do(ctx, app, sql, []any{string(app), by}, one("customer", func(r pgx.Row) error {
		lineage, finish := lineageFields(&at.lineage)
		defer finish()
		return r.Scan(slices.Concat(customerFields(&row), []any{&at.version}, lineage)...)
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

// checkRows brings the cache up to date, with the head locked, and gives each work whose row from the
// cache is not the newest the outcome errChanged. A row does not tell that its group was deleted, so
// that is asked.
func (t *try) checkRows() error {
	now := t.point()
	known, ok := t.store.cache.reached(t.app, now)
	disclose, cached, groups := false, false, []int64{}
	for _, w := range t.works {
		disclose, cached = disclose || w.discloses, cached || w.cached != nil
		if g := groupOf(w.cached); g != 0 && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	switch {
	case !t.head.found:
		return nil
	case !ok && disclose:
		t.store.cache.begin(t.app, now)
	case cached && (now.version > known.version || len(groups) > 0):
		changes, there, err := t.changesSince(known.version, groups)
		if err != nil {
			return fmt.Errorf("look for changed customers: %w", err)
		}
		if len(changes) >= maxChanges {
			t.store.cache.begin(t.app, now)
		} else {
			t.store.cache.advance(t.app, now, changes)
		}
		groups = slices.DeleteFunc(groups, func(g int64) bool { return slices.Contains(there, g) })
	}
	for i, w := range t.works {
		if w.cached == nil || t.outcomes[i] != nil {
			continue
		}
		if g := groupOf(w.cached); g != 0 && slices.Contains(groups, g) {
			t.store.cache.drop(t.app, w.cached)
		}
		if !t.store.cache.has(t.app, w.cached) {
			t.outcomes[i] = errChanged
		}
	}
	return nil
}

// groupOf gives the group of a row that would be another row if the group were deleted; 0: none. A
// deleted group does not come back.
func groupOf(row *store.CustomerRow) int64 {
	if row == nil || row.GroupGone {
		return 0
	}
	return row.Group
}

func (t *try) changesSince(version int64, groups []int64) (changes []store.ChangePoint, there []int64, err error) {
	err = t.send(changesSince, []any{string(t.app), version, maxChanges, groups}, func(rows pgx.Rows) error {
		for rows.Next() {
			var c store.ChangePoint
			if err := rows.Scan(&c.Version, &c.Seq); err != nil {
				return err
			}
			if c.Version == 0 {
				there = append(there, c.Seq)
			} else {
				changes = append(changes, c)
			}
		}
		return rows.Err()
	})
	return changes, there, err
}

// point is where the locked head is.
func (t *try) point() point {
	mark, _ := t.head.recent.last(t.store.writer)
	return point{t.head.lineage, t.head.version, mark}
}
