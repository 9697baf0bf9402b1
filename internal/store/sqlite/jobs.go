package sqlite

import (
	"context"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const jobColumns = `
	job_id,
	kind,
	state,
	actor,
	sealed,
	cursor,
	done,
	total,
	error,
	created_at,
	started_at,
	ended_at,
	holder,
	generation`

func scanJob(r *rows, row *store.JobRow) error {
	return r.scan(
		(*string)(&row.ID),
		&row.Kind,
		(*string)(&row.State),
		(*string)(&row.Actor),
		&row.Sealed,
		&row.Cursor,
		&row.Done,
		&row.Total,
		&row.Error,
		&row.CreatedAt,
		&row.StartedAt,
		&row.EndedAt,
		&row.Holder,
		&row.Generation,
		&row.Leased,
	)
}

const getJob = `
	SELECT` + jobColumns + `,
		lease_until > ` + nowMilli + `
	FROM job
	WHERE app_id = ?
		AND job_id = ?`

// JobGet gives one job.
func (s *Store) JobGet(ctx context.Context, app id.App, job id.Job) (row store.JobRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("job"), getJob, []any{string(app), string(job)},
			func(r *rows) error { return scanJob(r, &row) })
	})
	return row, err
}

// JobGet gives one job, as this transaction sees it.
func (t *tx) JobGet(job id.Job) (row store.JobRow, err error) {
	err = t.batch.conn.one(t.ctx, store.NotFound("job"), getJob, []any{string(t.app), string(job)},
		func(r *rows) error { return scanJob(r, &row) })
	return row, err
}

// JobList gives the application's jobs newest first.
func (s *Store) JobList(ctx context.Context, app id.App, limit int) (list []store.JobRow, err error) {
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+jobColumns+`,
				lease_until > `+nowMilli+`
			FROM job
			WHERE app_id = ?
			ORDER BY created_at DESC, job_id DESC
			LIMIT 0 + ?`, []any{string(app), int64(max(limit, 0))}, appendTo(&list, scanJob))
	})
	return list, err
}

// JobApps gives the applications with a job that waits for a replica.
func (s *Store) JobApps(ctx context.Context, limit int) (list []id.App, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT DISTINCT app_id
			FROM job
			WHERE state IN ('queued', 'running')
				AND (state = 'queued' OR lease_until <= `+nowMilli+`)
			ORDER BY app_id
			LIMIT 0 + ?`, []any{int64(max(limit, 0))}, appendTo(&list, scanAppID))
	})
	return list, err
}

func scanAppID(r *rows, app *id.App) error { return r.scan((*string)(app)) }

// JobCount counts the application's jobs that have not ended.
func (t *tx) JobCount() (n int, err error) {
	if _, err := t.head(); err != nil {
		return 0, err
	}
	var count int64
	err = t.each(`
		SELECT count(*)
		FROM job
		WHERE app_id = ?
			AND state IN ('queued', 'running', 'paused')`, []any{string(t.app)}, scanTo(&count))
	return int(count), err
}

// JobInsert adds a job without a lease.
func (t *tx) JobInsert(row store.JobRow) error {
	if err := t.inUse(); err != nil {
		return err
	}
	n, err := t.exec(`
		INSERT INTO job (
			app_id,`+jobColumns+`,
			lease_until
		) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
		ON CONFLICT DO NOTHING`,
		string(t.app),
		string(row.ID),
		row.Kind,
		string(row.State),
		string(row.Actor),
		bytesOf(row.Sealed),
		bytesOf(row.Cursor),
		row.Done,
		row.Total,
		row.Error,
		row.CreatedAt,
		row.StartedAt,
		row.EndedAt,
		row.Holder,
		row.Generation,
	)
	if err == nil && n == 0 {
		err = store.ErrExists
	}
	return err
}

// JobUpdate replaces what changes of a job, and its lease.
func (t *tx) JobUpdate(row store.JobRow, lease time.Duration) error {
	if _, err := t.head(); err != nil {
		return err
	}
	n, err := t.exec(`
		UPDATE job
		SET
			state = ?,
			cursor = ?,
			done = ?,
			total = ?,
			error = ?,
			started_at = ?,
			ended_at = ?,
			holder = ?,
			generation = ?,
			lease_until = CASE ?10 WHEN 0 THEN 0 ELSE `+nowMilli+` + ?10 END
		WHERE app_id = ?11
			AND job_id = ?12`,
		string(row.State),
		bytesOf(row.Cursor),
		row.Done,
		row.Total,
		row.Error,
		row.StartedAt,
		row.EndedAt,
		row.Holder,
		row.Generation,
		lease.Milliseconds(),
		string(t.app),
		string(row.ID),
	)
	if err == nil && n == 0 {
		err = store.NotFound("job")
	}
	return err
}

// JobPrune deletes the oldest jobs that have ended, until only keep of them are left.
func (t *tx) JobPrune(keep int) error {
	_, err := t.exec(`
		DELETE FROM job
		WHERE app_id = ?1
			AND job_id IN (
				SELECT job_id
				FROM job
				WHERE app_id = ?1
					AND state NOT IN ('queued', 'running', 'paused')
				ORDER BY created_at DESC, job_id DESC
				LIMIT -1
				OFFSET 0 + ?2
			)`, string(t.app), int64(max(keep, 0)))
	return err
}
