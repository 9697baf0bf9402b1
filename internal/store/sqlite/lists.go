package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The inner query walks an index that holds all it needs, so a skipped customer
// costs an index entry; only the page's own rows are read. CROSS JOIN keeps
// SQLite from turning the two around.
//
// LIMIT is a sum everywhere in this package: with a bare parameter SQLite looks at
// its value when it plans, and plans again each time another is bound, which took
// as long as the query itself.
const (
	listRows = `
		SELECT` + customerColumns + `
		FROM (`
	listSeqs = `
			SELECT seq
			FROM customer
			WHERE app_id = ?`
	listStatus = `
				AND status = ?`
	listAfter = `
				AND (created_at, seq) < (?, ?)`
	listEnd = `
			ORDER BY
				created_at DESC,
				seq DESC
			LIMIT 0 + ? OFFSET ?`
	listJoin = `
		) AS p
		CROSS JOIN customer AS c` + joinKey + `
		WHERE c.app_id = ?
			AND c.seq = p.seq
		ORDER BY
			c.created_at DESC,
			c.seq DESC`
)

// CustomerList gives customers newest first.
func (s *Store) CustomerList(ctx context.Context, app id.App, list store.CustomerList) (page []store.CustomerRow, err error) {
	if list.Take <= 0 {
		return nil, ctx.Err()
	}
	query, args := listSeqs, []any{string(app)}
	if list.Status != 0 {
		query, args = query+listStatus, append(args, int64(list.Status))
	}
	if list.After != nil {
		query, args = query+listAfter, append(args, list.After.CreatedAt, list.After.Seq)
	}
	query += listEnd
	args = append(args, int64(list.Take), int64(max(list.Skip, 0)))
	first := list.After == nil && list.Skip <= 0 && list.Take <= maxCachedPage
	changes := s.cache.now()
	err = s.bounded(ctx, list.Take+max(list.Skip, 0), func(ctx context.Context, c *conn) error {
		if first {
			cached, err := s.cachedPage(ctx, c, app, query, args, changes)
			if err != nil || cached != nil {
				page = cached
				return err
			}
		}
		return c.each(ctx, listRows+query+listJoin, append(args, string(app)), appendTo(&page, scanCustomer))
	})
	if first && err == nil {
		s.cache.put(app, page, changes)
	}
	return page, err
}

// maxCachedPage is the longest first page that goes through the cache: that page is
// asked for again and again, the others hardly ever twice.
const maxCachedPage = 101

// cachedPage gives the page that query, of numbers, describes, if the cache has all
// of it; else nil.
func (s *Store) cachedPage(ctx context.Context, c *conn, app id.App, query string, args []any, changes uint64) ([]store.CustomerRow, error) {
	var seqs []int64
	err := c.each(ctx, query, args, func(r *rows) error {
		seqs = append(seqs, 0)
		return r.scan(&seqs[len(seqs)-1])
	})
	if err != nil {
		return nil, err
	}
	return s.cache.page(app, seqs, changes), nil
}

// scanChunk is how many customers CustomerScan holds at once. A statement that
// lasted as long as the scan would keep the write-ahead log from starting anew.
const scanChunk = 500

// CustomerScan calls fn for a range of customers, ascending by Seq.
func (s *Store) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	chunk := make([]store.CustomerRow, 0, scanChunk)
	for from < to {
		chunk = chunk[:0]
		err := s.withReader(ctx, func(ctx context.Context, c *conn) error {
			return c.each(ctx, `
				SELECT`+customerColumns+`
				FROM customer AS c`+joinKey+`
				WHERE c.app_id = ?
					AND c.seq >= ?
					AND c.seq < ?
				ORDER BY c.seq
				LIMIT 0 + ?`, []any{string(app), from, to, int64(scanChunk)}, appendTo(&chunk, scanCustomer))
		})
		if err != nil {
			return err
		}
		for i := range chunk {
			if err := fn(&chunk[i]); err != nil {
				return err
			}
		}
		if len(chunk) < scanChunk {
			return ctx.Err()
		}
		from = chunk[len(chunk)-1].Seq + 1
	}
	return ctx.Err()
}

// customersChanged merges two indexes in the order of changes: that of the customers
// and that of those deleted, whose rows have nothing but their place in it.
const customersChanged = `
		SELECT` + customerColumns + `,
			0 AS deleted
		FROM (
			SELECT seq
			FROM customer
			WHERE app_id = ?1
				AND (version, seq) > (?2, ?3)
			ORDER BY
				version,
				seq
			LIMIT 0 + ?4
		) AS p
		CROSS JOIN customer AS c` + joinKey + `
		WHERE c.app_id = ?1
			AND c.seq = p.seq
		UNION ALL
		SELECT
			NULL,
			seq,
			version,
			NULL,
			NULL,
			NULL,
			NULL,
			NULL,
			NULL,
			NULL,
			NULL,
			NULL,
			0,
			NULL,
			1
		FROM customer_tombstone
		WHERE app_id = ?1
			AND (version, seq) > (?2, ?3)
		ORDER BY
			version,
			seq
		LIMIT 0 + ?4`

// CustomerChanges gives customers that changed after a point, and those deleted.
func (s *Store) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) (list []store.CustomerRow, err error) {
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, customersChanged,
			[]any{string(app), after.Version, after.Seq, int64(max(limit, 0))},
			func(r *rows) error {
				var row store.CustomerRow
				err := r.scan(append(customerFields(&row), &row.Deleted)...)
				list = append(list, row)
				return customerError(&row, err)
			})
	})
	return list, err
}

// CustomerRange describes what an application holds.
func (s *Store) CustomerRange(ctx context.Context, app id.App) (r store.CustomerRange, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT
				(SELECT MIN(seq) FROM customer WHERE app_id = ?1),
				(SELECT MAX(seq) FROM customer WHERE app_id = ?1),
				customers
			FROM head
			WHERE app_id = ?1`, []any{string(app)}, scanTo(&r.MinSeq, &r.MaxSeq, &r.Count))
	})
	return r, err
}
