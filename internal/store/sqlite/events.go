package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const eventColumns = `
	seq,
	at,
	type,
	object,
	customer,
	version,
	fields`

func scanEvent(r *rows, row *store.EventRow) error {
	return r.scan(
		&row.Seq,
		&row.At,
		&row.Type,
		&row.Object,
		&row.Customer,
		&row.Version,
		&row.Fields,
	)
}

// event is an event whose place is settled. Its version is, when the batch has ended.
type event struct {
	app id.App
	row *store.EventRow
	seq int64
}

// settleEvents gives events their place.
func (b *batch) settleEvents(app id.App, h *head, events []store.EventRow) {
	for i := range events {
		b.events = append(b.events, event{app: app, row: &events[i], seq: h.Events})
		h.Events++
		h.dirty = true
	}
}

// writeEvents inserts the events of all items. It comes before writeHeads.
func (b *batch) writeEvents(ctx context.Context) error {
	for _, e := range b.events {
		version := e.row.Version
		if version == store.CommitVersion {
			h := b.heads[e.app]
			if version = h.Version; h.changed {
				version++
			}
		}
		_, err := b.conn.exec(ctx, `
			INSERT INTO event (
				app_id,`+eventColumns+`
			) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			string(e.app), e.seq, e.row.At, e.row.Type, e.row.Object, e.row.Customer, version, e.row.Fields)
		if err != nil {
			return err
		}
	}
	return nil
}

// EventAppend appends an event. It is written at the end of the batch.
func (t *tx) EventAppend(row store.EventRow) { t.events = append(t.events, row) }

// EventList gives events by their number, ascending.
func (s *Store) EventList(ctx context.Context, app id.App, after int64, limit int) (list []store.EventRow, err error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+eventColumns+`
			FROM event
			WHERE app_id = ?
				AND seq > ?
			ORDER BY seq
			LIMIT 0 + ?`, []any{string(app), after, int64(limit)}, appendTo(&list, scanEvent))
	})
	return list, err
}

// EventPurge deletes events from the oldest on.
func (s *Store) EventPurge(ctx context.Context, app id.App, before int64, limit int) (deleted int, err error) {
	err = s.write(ctx, app, func(t *tx) error {
		n, err := t.exec(`
			WITH oldest AS (
				SELECT
					seq,
					at
				FROM event
				WHERE app_id = ?1
				ORDER BY seq
				LIMIT 0 + ?3
			)
			DELETE FROM event
			WHERE app_id = ?1
				AND seq <= (SELECT MAX(seq) FROM oldest)
				AND seq < COALESCE((SELECT MIN(seq) FROM oldest WHERE at >= ?2), 9223372036854775807)`,
			string(app), before, int64(max(limit, 0)))
		deleted = int(n)
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}
