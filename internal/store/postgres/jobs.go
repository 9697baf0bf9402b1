package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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

func scanJob(row pgx.Row, into *store.JobRow) error {
	return row.Scan(
		(*string)(&into.ID),
		&into.Kind,
		(*string)(&into.State),
		(*string)(&into.Actor),
		&into.Sealed,
		&into.Cursor,
		&into.Done,
		&into.Total,
		&into.Error,
		&into.CreatedAt,
		&into.StartedAt,
		&into.EndedAt,
		&into.Holder,
		&into.Generation,
		&into.Leased,
	)
}

const getJob = `
		SELECT` + jobColumns + `,
			lease_until > ` + nowMS + `
		FROM job
		WHERE app_id = $1
		AND job_id = $2`

// JobGet gives one job.
func (s *Store) JobGet(ctx context.Context, app id.App, job id.Job) (store.JobRow, error) {
	var row store.JobRow
	err := s.do(ctx, app, getJob, []any{string(app), string(job)},
		one("job", func(r pgx.Row) error { return scanJob(r, &row) }))
	return row, err
}

// JobGet gives one job, as this transaction sees it.
func (t *tx) JobGet(job id.Job) (store.JobRow, error) {
	var row store.JobRow
	err := t.query(getJob, []any{string(t.app), string(job)},
		one("job", func(r pgx.Row) error { return scanJob(r, &row) }))
	return row, err
}

// JobList gives the application's jobs newest first.
func (s *Store) JobList(ctx context.Context, app id.App, limit int) ([]store.JobRow, error) {
	return list(ctx, s, app, `
		SELECT`+jobColumns+`,
			lease_until > `+nowMS+`
		FROM job
		WHERE app_id = $1
		ORDER BY created_at DESC, job_id DESC
		LIMIT $2`,
		[]any{string(app), max(limit, 0)}, scanJob)
}

// JobApps gives the applications with a job that waits for a replica.
func (s *Store) JobApps(ctx context.Context, limit int) ([]id.App, error) {
	return list(ctx, s, "", `SELECT custodex_job_apps($1)`, []any{max(limit, 0)},
		func(row pgx.Row, app *id.App) error { return row.Scan((*string)(app)) })
}

// JobCount counts the application's jobs that have not ended.
func (t *tx) JobCount() (n int, err error) {
	err = t.query(`
		SELECT count(*)
		FROM job
		WHERE app_id = $1
		AND state IN ('queued', 'running', 'paused')`,
		[]any{string(t.app)},
		one("answer", func(r pgx.Row) error { return r.Scan(&n) }))
	return n, err
}

// JobInsert adds a job without a lease.
func (t *tx) JobInsert(row store.JobRow) error {
	if err := t.aloneInUse(); err != nil {
		return err
	}
	var done bool
	err := t.query(`
		INSERT INTO job (
			app_id,`+jobColumns+`,
			lease_until
		)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)
		ON CONFLICT DO NOTHING
		RETURNING job_id`,
		[]any{
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
		},
		found(&done))
	if err == nil && !done {
		err = store.ErrExists
	}
	return err
}

// JobUpdate replaces what changes of a job, and its lease.
func (t *tx) JobUpdate(row store.JobRow, lease time.Duration) error {
	var done bool
	err := t.query(`
		UPDATE job
		SET
			state = $3,
			cursor = $4,
			done = $5,
			total = $6,
			error = $7,
			started_at = $8,
			ended_at = $9,
			holder = $10,
			generation = $11,
			lease_until = CASE $12::bigint WHEN 0 THEN 0 ELSE `+nowMS+` + $12 END
		WHERE app_id = $1
		AND job_id = $2
		RETURNING job_id`,
		[]any{
			string(t.app),
			string(row.ID),
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
		},
		found(&done))
	if err == nil && !done {
		err = store.NotFound("job")
	}
	return err
}

// JobPrune deletes the oldest jobs that have ended, until only keep of them are left.
func (t *tx) JobPrune(keep int) error {
	return t.query(`
		DELETE FROM job
		WHERE app_id = $1
		AND job_id IN (
			SELECT job_id
			FROM job
			WHERE app_id = $1
			AND state NOT IN ('queued', 'running', 'paused')
			ORDER BY created_at DESC, job_id DESC
			OFFSET $2
		)`,
		[]any{string(t.app), max(keep, 0)},
		func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
}
