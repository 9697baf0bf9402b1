package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func scanEvent(row pgx.Row, into *store.EventRow) error {
	return row.Scan(
		&into.Seq,
		&into.At,
		&into.Type,
		&into.Object,
		&into.Customer,
		&into.Version,
		&into.Fields,
	)
}

const insertEvents = `
	INSERT INTO event (
		app_id,
		seq,
		at,
		type,
		object,
		customer,
		version,
		fields
	)
	SELECT
		$1,
		$2 + e.place - 1,
		e.at,
		e.type,
		e.object,
		e.customer,
		e.version,
		e.fields
	FROM unnest(
		$3::bigint[],
		$4::text[],
		$5::text[],
		$6::text[],
		$7::bigint[],
		$8::text[]
	) WITH ORDINALITY AS e (
		at, type, object, customer, version, fields, place
	)`

// eventArgs are the arguments of insertEvents: a column each, as those of insertEntries. h has
// the version of this commit and the number of events before it.
func eventArgs(app id.App, h *head, events []store.EventRow) []any {
	n := len(events)
	numbers, texts := make([]int64, 2*n), make([]string, 4*n)
	at, version := numbers[:n], numbers[n:]
	kind, object, customer, fields := texts[:n], texts[n:2*n], texts[2*n:3*n], texts[3*n:]
	for i := range events {
		e := &events[i]
		at[i], version[i] = e.At, e.Version
		if e.Version == store.CommitVersion {
			version[i] = h.version
		}
		kind[i], object[i], customer[i], fields[i] = e.Type, e.Object, e.Customer, e.Fields
	}
	return []any{string(app), h.events, at, kind, object, customer, version, fields}
}

// EventAppend appends an event in this transaction; the batch writes it.
func (t *tx) EventAppend(row store.EventRow) { t.events = append(t.events, row) }

// EventList gives events by their number, ascending.
func (s *Store) EventList(ctx context.Context, app id.App, after int64, limit int) ([]store.EventRow, error) {
	return list(ctx, s, app, `
		SELECT
			seq,
			at,
			type,
			object,
			customer,
			version,
			fields
		FROM event
		WHERE app_id = $1
		AND seq > $2
		ORDER BY seq
		LIMIT $3`,
		[]any{string(app), after, max(limit, 0)}, scanEvent)
}

// EventPurge deletes events from the oldest on.
func (s *Store) EventPurge(ctx context.Context, app id.App, before int64, limit int) (int, error) {
	var n int
	err := s.do(ctx, app, `
		WITH oldest AS (
			SELECT
				seq,
				at
			FROM event
			WHERE app_id = $1
			ORDER BY seq
			LIMIT $3
		), gone AS (
			DELETE FROM event
			WHERE app_id = $1
			AND seq <= (SELECT MAX(seq) FROM oldest)
			AND seq < COALESCE((SELECT MIN(seq) FROM oldest WHERE at >= $2), 9223372036854775807)
			RETURNING 1
		)
		SELECT count(*)
		FROM gone`,
		[]any{string(app), before, max(limit, 0)},
		one("answer", func(r pgx.Row) error { return r.Scan(&n) }))
	return n, err
}
