package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Job is long work on one application. It is done in steps, and outlives the server that began it.
type Job struct {
	ID        string     `json:"id"`
	AppID     string     `json:"app_id"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"` // queued, running, paused, succeeded, failed, cancelled
	Done      int64      `json:"done"`
	Total     *int64     `json:"total"`  // what Done will be at the end; nil: not known
	Error     *string    `json:"error"`  // code of the last failure; nil: none since the last step
	Reason    *string    `json:"reason"` // why it was started
	StartedBy string     `json:"started_by"`
	CreatedAt time.Time  `json:"created_at"`
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	Damaged   bool       `json:"damaged"` // it was altered in the database
}

// ListJobs gives an application's jobs, newest first.
func (m *Manage) ListJobs(ctx context.Context, app string) ([]Job, error) {
	return listAll[Job](ctx, m.t, appPath(app)+"/jobs")
}

// FetchJob gives one job.
func (m *Manage) FetchJob(ctx context.Context, app, job string) (Job, error) {
	return answer[Job](ctx, m.t, call{method: http.MethodGet, path: jobPath(app, job)})
}

// PauseJob stops a job after the step that it is at, until it is resumed.
func (m *Manage) PauseJob(ctx context.Context, app, job string) (Job, error) {
	return m.changeJob(ctx, app, job, "pause")
}

// ResumeJob lets a paused job go on.
func (m *Manage) ResumeJob(ctx context.Context, app, job string) (Job, error) {
	return m.changeJob(ctx, app, job, "resume")
}

// CancelJob ends a job after the step that it is at. What it has done stays done.
func (m *Manage) CancelJob(ctx context.Context, app, job string) (Job, error) {
	return m.changeJob(ctx, app, job, "cancel")
}

func (m *Manage) changeJob(ctx context.Context, app, job, change string) (Job, error) {
	return answer[Job](ctx, m.t, call{method: http.MethodPost, path: jobPath(app, job) + "/" + change})
}

func jobPath(app, job string) string { return appPath(app) + "/jobs/" + url.PathEscape(job) }
