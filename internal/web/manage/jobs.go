package manage

import (
	"context"
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/tenant"
)

func (a *api) listJobs(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	jobs, err := a.records.ListJobs(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, listOf(jobs, jobOf, nil))
}

func (a *api) fetchJob(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	return withJob(w, r, caller, a.records.FetchJob)
}

// changeJob makes the handler of a change, which takes no members.
func (a *api) changeJob(change job.Change) operation {
	return func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
		m, err := readMembers(r)
		if err != nil {
			return err
		}
		if err := m.done(); err != nil {
			return err
		}
		return withJob(w, r, caller, func(ctx context.Context, caller tenant.Caller, which id.Job) (job.Job, error) {
			return a.records.ChangeJob(ctx, caller, which, change)
		})
	}
}

// jobCall is a use case about one job.
type jobCall func(context.Context, tenant.Caller, id.Job) (job.Job, error)

// withJob answers with the job that the path names, as do leaves it.
func withJob(w http.ResponseWriter, r *http.Request, caller tenant.Caller, do jobCall) error {
	which, err := id.ParseJob(r.PathValue("job"))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "job_not_found", "job not found")
	}
	found, err := do(r.Context(), caller, which)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, jobOf(found))
}

func jobOf(j job.Job) jobResponse {
	return jobResponse{
		ID: string(j.ID), AppID: string(j.App), Kind: j.Kind, State: string(j.State),
		Done: j.Done, Total: optional(j.Total), Error: optional(j.Error), Reason: optional(j.Reason), StartedBy: string(j.StartedBy),
		CreatedAt: formatTime(j.CreatedAt), StartedAt: optionalTime(j.StartedAt), EndedAt: optionalTime(j.EndedAt), Damaged: j.Damaged,
	}
}

// optional is null for the zero value.
func optional[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}
