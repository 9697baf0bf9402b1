package records

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// StartJob adds a job of one of Config.Jobs, whose action the caller must be allowed. reason may be
// empty. Faults: Forbidden, job.ErrTooMany, store.ErrAppRemoved.
func (s *Service) StartJob(ctx context.Context, caller tenant.Caller, kind string, parameters []byte, reason string) (job.Job, error) {
	action := authz.JobStart // which nobody is allowed, if there is no such kind
	if k := s.cfg.Jobs[kind]; k != nil {
		action = k.Action()
	}
	o, err := s.authorize(ctx, caller, action)
	if err != nil {
		return job.Job{}, err
	}
	j := job.New(caller.App, kind, parameters)
	j.StartedBy, j.Owner, j.Reason, j.CreatedAt = caller.Credential, caller.Owner, reason, s.now()
	o.action = authz.JobStart
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		entry := o.entry(audit.Done, nil, "kind:"+kind)
		entry.Subject = string(j.ID)
		return answer{}, entry, job.Insert(tx, o.key, j)
	})
	if err != nil {
		return job.Job{}, err
	}
	s.jobs.Wake()
	return j, nil
}

// ListJobs gives caller.App's jobs, newest first. Faults: Forbidden.
func (s *Service) ListJobs(ctx context.Context, caller tenant.Caller) ([]job.Job, error) {
	o, err := s.authorize(ctx, caller, authz.JobList)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.JobList(ctx, caller.App, job.MaxListed)
	if err != nil {
		return nil, err
	}
	return recorded(ctx, o, o.entry(audit.Done, nil), job.ReadAll(caller.App, o.key, rows))
}

// FetchJob gives one job. Faults: Forbidden, NotFound.
func (s *Service) FetchJob(ctx context.Context, caller tenant.Caller, which id.Job) (job.Job, error) {
	o, err := s.authorize(ctx, caller, authz.JobFetch)
	if err != nil {
		return job.Job{}, err
	}
	row, err := s.store.JobGet(ctx, caller.App, which)
	if err != nil {
		return job.Job{}, o.recordFailure(ctx, err)
	}
	entry := o.entry(audit.Done, nil)
	entry.Subject = string(which)
	return recorded(ctx, o, entry, job.Read(caller.App, o.key, &row))
}

// ChangeJob pauses, resumes or cancels a job. Faults: Forbidden, NotFound, job.ErrEnded.
func (s *Service) ChangeJob(ctx context.Context, caller tenant.Caller, which id.Job, change job.Change) (job.Job, error) {
	o, err := s.authorize(ctx, caller, change.Action())
	if err != nil {
		return job.Job{}, err
	}
	var row store.JobRow
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		entry := o.entry(audit.Done, nil)
		entry.Subject = string(which)
		row, err = job.Apply(tx, which, change, entry.Time)
		return answer{}, entry, err
	})
	if err != nil {
		return job.Job{}, err
	}
	s.jobs.Wake()
	return job.Read(caller.App, o.key, &row), nil
}

// commitJob runs a step of a job in one transaction with its entry, in the name of who started it.
func (s *Service) commitJob(ctx context.Context, j *job.Job, do job.Step) error {
	key, err := s.keys.Key(ctx, j.App)
	if err != nil {
		return err
	}
	o := &operation{s: s, key: key, caller: tenant.Caller{
		App: j.App, Credential: j.StartedBy, Owner: j.Owner, Origin: tenant.Origin{Dialect: "job"},
	}}
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		effect, err := do(tx)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		o.action = effect.Action
		entry := o.entry(effect.Outcome, effect.Targets, effect.Fields...)
		entry.Subject, entry.Code = string(j.ID), effect.Code
		return answer{}, entry, nil
	})
	return err
}

// JobCounts are what the jobs of this process have done.
func (s *Service) JobCounts() job.Counts { return s.jobs.Counts() }
