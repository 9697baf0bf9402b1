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

// AlarmList gives the rows of the application's alarms, newest first.
func (t *tx) AlarmList(limit int) (list []store.AlarmRow, err error) {
	err = t.each(listAlarms, []any{string(t.app), int64(limit)}, appendTo(&list, scanAlarm))
	if err != nil {
		return nil, err
	}
	return list, nil
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
