package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

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

func scanAlarm(row pgx.Row, into *store.AlarmRow) error {
	return row.Scan(
		&into.Seq,
		&into.At,
		&into.Damage,
		&into.Size,
		&into.Root,
		&into.Actor,
		&into.Reason,
	)
}

// AlarmInsert adds a row to the application's alarms.
func (t *tx) AlarmInsert(row store.AlarmRow) error {
	return t.query(`
		INSERT INTO audit_alarm (
			app_id,`+alarmColumns+`
		)
		SELECT
			$1,
			COALESCE(MAX(seq) + 1, 0),
			$2,
			$3,
			$4,
			$5,
			$6,
			$7
		FROM audit_alarm
		WHERE app_id = $1`,
		[]any{string(t.app), row.At, row.Damage, row.Size, bytesOf(row.Root), row.Actor, bytesOf(row.Reason)},
		func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
}

// AlarmList gives the rows of the application's alarms, newest first.
func (t *tx) AlarmList(limit int) (list []store.AlarmRow, err error) {
	err = t.query(listAlarms, []any{string(t.app), limit}, gatherTo(&list, scanAlarm))
	if err != nil {
		return nil, err
	}
	return list, nil
}

const listAlarms = `
		SELECT` + alarmColumns + `
		FROM audit_alarm
		WHERE app_id = $1
		ORDER BY seq DESC
		LIMIT $2`

// AlarmList gives the rows of the application's alarms, newest first.
func (s *Store) AlarmList(ctx context.Context, app id.App, limit int) ([]store.AlarmRow, error) {
	return list(ctx, s, app, listAlarms, []any{string(app), max(limit, 0)}, scanAlarm)
}

// bytesOf makes an empty value of nil, which would be NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
