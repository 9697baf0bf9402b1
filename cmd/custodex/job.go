package main

import (
	"context"
	"strconv"

	"custodex.dev/client"
)

type jobCmd struct {
	List   jobListCmd   `cmd:"" help:"List the jobs of an application, newest first."`
	Show   jobShowCmd   `cmd:"" help:"Show one job and how far it is."`
	Pause  jobPauseCmd  `cmd:"" help:"Stop a job after its step, until it is resumed."`
	Resume jobResumeCmd `cmd:"" help:"Let a paused job go on."`
	Cancel jobCancelCmd `cmd:"" help:"End a job after its step. What it has done stays done. This cannot be undone."`
}

type jobListCmd struct {
	appFlags
}

// Run lists the jobs of an application.
func (c *jobListCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) ([]client.Job, error) {
		return op.ListJobs(ctx, app)
	}, env.printJobs)
}

// jobFlags name one job.
type jobFlags struct {
	appFlags
	Job string `arg:"" help:"The job, job_…"`
}

type jobShowCmd struct{ jobFlags }

// Run shows a job.
func (c *jobShowCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Job, error) {
		return op.FetchJob(ctx, app, c.Job)
	}, env.printJob)
}

type jobPauseCmd struct{ jobFlags }

// Run pauses a job.
func (c *jobPauseCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Job, error) {
		return op.PauseJob(ctx, app, c.Job)
	}, env.printJob)
}

type jobResumeCmd struct{ jobFlags }

// Run resumes a job.
func (c *jobResumeCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Job, error) {
		return op.ResumeJob(ctx, app, c.Job)
	}, env.printJob)
}

type jobCancelCmd struct{ jobFlags }

// Run cancels a job.
func (c *jobCancelCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.Job, error) {
		return op.CancelJob(ctx, app, c.Job)
	}, env.printJob)
}

func (e *environment) printJob(j client.Job) error {
	if e.json {
		return e.printJSON(j)
	}
	return e.printFields("Job", j.ID, "Kind", j.Kind, "State", stateOf(j), "Progress", progressOf(j), "Error", textOf(j.Error),
		"Reason", textOf(j.Reason), "Started by", j.StartedBy, "Created", formatTime(j.CreatedAt),
		"Started", formatOptional(j.StartedAt, ""), "Ended", formatOptional(j.EndedAt, ""))
}

func (e *environment) printJobs(jobs []client.Job) error {
	if e.json {
		return e.printJSON(listOf(jobs))
	}
	var rows [][]string
	for _, j := range jobs {
		rows = append(rows, []string{j.ID, j.Kind, stateOf(j), progressOf(j), textOf(j.Error), formatTime(j.CreatedAt), formatOptional(j.EndedAt, "")})
	}
	return e.table([]string{"ID", "KIND", "STATE", "PROGRESS", "ERROR", "CREATED", "ENDED"}, rows)
}

// stateOf says what a job does. What is shown of one that was altered in the database may be wrong.
func stateOf(j client.Job) string {
	if j.Damaged {
		return j.State + " DAMAGED"
	}
	return j.State
}

// progressOf says how far a job is.
func progressOf(j client.Job) string {
	done := strconv.FormatInt(j.Done, 10)
	if j.Total == nil {
		return done
	}
	return done + " of " + strconv.FormatInt(*j.Total, 10)
}

// textOf is empty for none.
func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
