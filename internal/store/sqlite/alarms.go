package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const alarmColumns = `
	seq,
	at,
	damage,
	size,
	root,
	actor,
	reason`

func scanAlarm(r *rows, row *store.AlarmRow) error {
	return r.scan(
		&row.Seq,
		&row.At,
		&row.Damage,
		&row.Size,
		&row.Root,
		&row.Actor,
		&row.Reason,
	)
}

// AlarmInsert adds a row to the application's alarms.
func (t *tx) AlarmInsert(row store.AlarmRow) error {
	if _, err := t.head(); err != nil {
		return err
	}
	_, err := t.exec(`
		INSERT INTO audit_alarm (
			app_id,`+alarmColumns+`
		)
		SELECT
			?1,
			COALESCE(MAX(seq) + 1, 0),
			?2,
			?3,
			?4,
			?5,
			?6,
			?7
		FROM audit_alarm
		WHERE app_id = ?1`,
		string(t.app), row.At, row.Damage, row.Size, bytesOf(row.Root), row.Actor, bytesOf(row.Reason))
	return err
}

// AlarmLast gives the newest row of the application's alarms.
func (t *tx) AlarmLast() (row store.AlarmRow, err error) {
	found := false
	err = t.each(listAlarms, []any{string(t.app), int64(1)}, func(r *rows) error {
		found = true
		return scanAlarm(r, &row)
	})
	if err == nil && !found {
		err = store.NotFound("alarm")
	}
	return row, err
}

const listAlarms = `
	SELECT` + alarmColumns + `
	FROM audit_alarm
	WHERE app_id = ?
	ORDER BY seq DESC
	LIMIT 0 + ?`

// AlarmList gives the rows of the application's alarms, newest first.
func (s *Store) AlarmList(ctx context.Context, app id.App, limit int) (list []store.AlarmRow, err error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, listAlarms, []any{string(app), int64(limit)}, appendTo(&list, scanAlarm))
	})
	return list, err
}

// bytesOf makes an empty value of nil, which would be NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
