package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// listCustomers builds the statement of a page. The inner select walks one index,
// skips entries in it without looking at their rows, and stops; only the page's own
// rows are then read.
func listCustomers(app id.App, l store.CustomerList) (string, []any) {
	args := []any{string(app), max(l.Skip, 0), max(l.Take, 0)}
	where := `
			WHERE app_id = $1`
	if l.Status != 0 {
		args = append(args, l.Status)
		where += `
			AND status = $4`
	}
	if l.After != nil {
		args = append(args, l.After.CreatedAt, l.After.Seq)
		if l.Status != 0 {
			where += `
			AND (created_at, seq) < ($5, $6)`
		} else {
			where += `
			AND (created_at, seq) < ($4, $5)`
		}
	}
	return `
		SELECT` + customerColumns + `
		FROM (
			SELECT
				created_at,
				seq
			FROM customer` + where + `
			ORDER BY created_at DESC, seq DESC
			OFFSET $2
			LIMIT $3
		) AS p
		JOIN customer AS c ON c.app_id = $1 AND c.seq = p.seq` + joinKey + `
		ORDER BY p.created_at DESC, p.seq DESC`, args
}

// CustomerList gives customers newest first.
func (s *Store) CustomerList(ctx context.Context, app id.App, l store.CustomerList) ([]store.CustomerRow, error) {
	sql, args := listCustomers(app, l)
	return list(ctx, s, app, sql, args, scanCustomer)
}

const customersBySeq = `
		SELECT` + customerColumns + `
		FROM customer AS c` + joinKey + `
		WHERE c.app_id = $1
		AND c.seq = ANY ($2::bigint[])`

// maxBySeq is how many numbers CustomerBySeq takes.
const maxBySeq = 1000

// CustomerBySeq gives the customers with these sequence numbers, in no order.
func (s *Store) CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]store.CustomerRow, error) {
	if len(seqs) > maxBySeq {
		return nil, fmt.Errorf("postgres: %d numbers asked for at once, at most %d", len(seqs), maxBySeq)
	}
	if len(seqs) == 0 {
		return nil, ctx.Err()
	}
	return list(ctx, s, app, customersBySeq, []any{string(app), seqs}, scanCustomer)
}

// customersChanged merges two indexes in the order of changes: that of the customers
// and that of those deleted, whose rows have nothing but their place in it.
const customersChanged = `
		(
			SELECT` + customerColumns + `,
				false AS deleted
			FROM customer AS c` + joinKey + `
			WHERE c.app_id = $1
			AND (c.version, c.seq) > ($2, $3)
			ORDER BY c.version, c.seq
			LIMIT $4
		)
		UNION ALL
		(
			SELECT
				'00000000-0000-0000-0000-000000000000'::uuid,
				seq,
				version,
				0::smallint,
				0::smallint,
				0::bigint,
				NULL::bytea,
				0::smallint,
				0::bigint,
				0::bigint,
				NULL::bytea,
				NULL::bytea,
				false,
				NULL::bytea,
				true
			FROM customer_tombstone
			WHERE app_id = $1
			AND (version, seq) > ($2, $3)
			ORDER BY version, seq
			LIMIT $4
		)
		ORDER BY version, seq
		LIMIT $4`

// CustomerChanges gives customers that changed after a point, and those deleted, in
// the order of changes.
func (s *Store) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	return list(ctx, s, app, customersChanged,
		[]any{string(app), after.Version, after.Seq, max(limit, 0)}, scanChange)
}

func scanChange(row pgx.Row, into *store.CustomerRow) error {
	return row.Scan(append(customerFields(into), &into.Deleted)...)
}

const rangeOfCustomers = `
		SELECT
			COALESCE((SELECT min(seq) FROM customer WHERE app_id = $1), 0),
			COALESCE((SELECT max(seq) FROM customer WHERE app_id = $1), 0),
			COALESCE((SELECT customers FROM head WHERE app_id = $1), 0)`

// CustomerRange gives the least and greatest Seq and the number of customers.
func (s *Store) CustomerRange(ctx context.Context, app id.App) (store.CustomerRange, error) {
	var r store.CustomerRange
	err := s.do(ctx, app, rangeOfCustomers, []any{string(app)},
		one("answer", func(row pgx.Row) error { return row.Scan(&r.MinSeq, &r.MaxSeq, &r.Count) }))
	return r, err
}

// scanChunk is how many customers one statement of a scan reads: enough that the
// round trip does not matter, few enough that no statement runs for long.
const scanChunk = 4000

const scanCustomers = `
		SELECT` + customerColumns + `
		FROM customer AS c` + joinKey + `
		WHERE c.app_id = $1
		AND c.seq >= $2
		AND c.seq < $3
		ORDER BY c.seq
		LIMIT $4`

// CustomerScan calls fn for every customer with from <= Seq < to, ascending. It
// reads in chunks, each a statement of its own, so a long scan holds no connection,
// snapshot or limit for its whole length; a customer never changes its Seq.
func (s *Store) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	n := scanChunk
	for from < to && n == scanChunk {
		var err error
		n, err = s.scanChunk(ctx, app, &from, to, fn)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// stopped carries an error of a scan's fn past the translation.
type stopped struct{ err error }

func (e stopped) Error() string { return "stopped" }

// scanChunk reads one chunk and moves from past every row that fn was given, so
// that another try of the statement gives it none twice. It returns how many rows
// the statement of the last try had.
func (s *Store) scanChunk(ctx context.Context, app id.App, from *int64, to int64, fn func(*store.CustomerRow) error) (n int, err error) {
	for try := 1; ; try++ {
		err := s.try(ctx, app, scanCustomers, []any{string(app), *from, to, scanChunk},
			func(rows pgx.Rows) error {
				for n = 0; rows.Next(); n++ {
					var row store.CustomerRow
					if err := scanCustomer(rows, &row); err != nil {
						return err
					}
					*from = row.Seq + 1
					if err := fn(&row); err != nil {
						return stopped{err}
					}
				}
				return rows.Err()
			})
		if stop, ok := errors.AsType[stopped](err); ok {
			return n, stop.err
		}
		if err == nil {
			return n, nil
		}
		if try == tries || ctx.Err() != nil || silent(err) || !lost(err) {
			return n, translate(ctx, err)
		}
		if err := sleep.For(ctx, retryWait); err != nil {
			return n, err
		}
	}
}
