package check

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/store"
)

// jobState is what the log says of a job.
type jobState struct {
	made   bool
	kind   string
	actor  string
	entry  int64 // that made it
	paused bool
	end    store.JobState // empty: it has not ended
	unsure bool           // an entry about it was altered
}

// noteJob takes what an entry says of a job.
func (s *said) noteJob(e *audit.Entry) {
	now := s.jobs[e.Subject]
	switch e.Action {
	case authz.JobStart:
		now = jobState{made: true, kind: fieldOf(e, "kind:"), actor: e.Actor, entry: e.Seq}
	case authz.JobPause, authz.JobResume:
		now.paused = e.Action == authz.JobPause
	case authz.JobCancel:
		now.end = store.JobCancelled
	case authz.JobEnd:
		now.end = store.JobState(fieldOf(e, "state:"))
	default:
		return
	}
	if s.parts == 0 || e.Outcome != audit.Done && e.Action != authz.JobEnd {
		return
	}
	now.unsure = now.unsure || s.doubt
	if s.earlierJobs != nil {
		s.earlierJobs[e.Subject] = append(s.earlierJobs[e.Subject], s.jobs[e.Subject])
	}
	s.jobs[e.Subject] = now
}

// fieldOf gives the field of an entry that begins so, without the beginning.
func fieldOf(e *audit.Entry, prefix string) string {
	for _, f := range e.Fields {
		if v, ok := strings.CutPrefix(f, prefix); ok {
			return v
		}
	}
	return ""
}

// checkJobs compares the jobs with the log, between two looks at it.
func (c *checker) checkJobs(ctx context.Context) error {
	c.begin("jobs")
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	c.said.follow(nil)
	rows, err := c.cfg.Store.JobList(ctx, c.app, job.MaxListed)
	if err != nil {
		return err
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	states := func(name string) []jobState {
		return append([]jobState{c.said.jobs[name]}, c.said.earlierJobs[name]...)
	}
	here := make(map[string]bool, len(rows))
	for i := range rows {
		name := string(rows[i].ID)
		here[name] = true
		kind, text := verdict(states(name), func(said jobState) (Kind, string) { return c.job(&rows[i], said) })
		if kind != "" {
			c.found(kind, "job", name, "%s", text)
		}
	}
	for _, name := range c.said.lasting() {
		if here[name] {
			continue
		}
		kind, text := verdict(states(name), func(said jobState) (Kind, string) {
			if !said.made || said.unsure {
				return "", ""
			}
			return Removed, "the log has the job, and its row is gone"
		})
		if kind != "" {
			c.found(kind, "job", name, "%s", text)
		}
	}
	return c.read(ctx, len(rows), 0)
}

// lasting gives the jobs that must be there: those that have not ended, and the newest of the others,
// of which each new job may remove old ones.
func (s *said) lasting() (names []string) {
	const newest = 100
	var ended []string
	for name, said := range s.jobs {
		if said.end == "" {
			names = append(names, name)
		} else {
			ended = append(ended, name)
		}
	}
	slices.SortFunc(ended, func(a, b string) int { return cmp.Compare(s.jobs[b].entry, s.jobs[a].entry) })
	return append(names, ended[:min(newest, len(ended))]...)
}

// job gives what is wrong with the row of a job, and no kind if nothing is.
func (c *checker) job(row *store.JobRow, said jobState) (kind Kind, text string) {
	read := job.Read(c.app, c.key, row)
	want := said.end
	if want == "" && said.paused {
		want = store.JobPaused
	}
	switch {
	case said.unsure:
		return "", ""
	case !said.made:
		return Invented, "the log has no start of the job"
	case row.Kind != said.kind || row.Actor != id.Credential(said.actor) || read.Damaged:
		return Altered, "the job is not as it was written"
	case want != "" && row.State != want, want == "" && row.State != store.JobQueued && row.State != store.JobRunning:
		return Altered, "the state of the job is not the one that the log has"
	}
	return "", ""
}
