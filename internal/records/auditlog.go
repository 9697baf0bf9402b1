package records

import (
	"context"
	"fmt"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// AuditFilter says which entries of a log to list; a zero field filters nothing.
type AuditFilter struct {
	Customer   *id.Customer // read or changed by the action
	Credential string       // that acted
	Action     string
	From, To   time.Time // From <= Time < To
	Before     int64     // only Seq < Before: the next page is Before the last Seq of this one
	Limit      int       // at most this many, up to 1,000; 0 is 100
}

// AuditView is one entry with its personal part decrypted, unless that was deleted.
type AuditView struct {
	audit.Entry
	Origin audit.Origin

	// Damaged is set if the entry does not match its checksum, which means that
	// somebody altered it in the database. It is shown as far as it can be read.
	Damaged bool
}

const maxAuditList = 1000

// ListAudit gives entries of caller.App's log, newest first. A page that is shorter
// than the limit, or ends with Seq 0, is the last. Faults: Forbidden, Invalid.
func (s *Service) ListAudit(ctx context.Context, caller tenant.Caller, in AuditFilter) ([]AuditView, error) {
	o, err := s.authorize(ctx, caller, authz.AuditList)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	if problems := in.check(); len(problems) > 0 {
		return nil, fault.Validation(problems...)
	}
	rows, err := s.sequencer.List(ctx, caller.App, store.AuditList{
		Customer: in.Customer, Actor: in.Credential, Action: in.Action,
		From: ceilMillis(in.From), To: ceilMillis(in.To), Before: in.Before,
	}, in.Limit)
	if err != nil {
		return nil, err
	}
	views := make([]AuditView, len(rows))
	for i := range rows {
		views[i] = o.view(&rows[i])
	}
	entry := o.entry(audit.Done, nil, in.shape()...)
	if len(rows) > 0 {
		entry.Fields = append(entry.Fields, entriesField(rows[len(rows)-1].Seq, rows[0].Seq+1))
	}
	if in.Customer != nil {
		entry.Targets = []id.Customer{*in.Customer}
	}
	return recorded(ctx, o, entry, views)
}

// ceilMillis rounds up: entries have whole milliseconds, and none between t and the
// next one is before t.
func ceilMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Millisecond - 1).UnixMilli()
}

// check finds what is wrong with a filter.
func (in AuditFilter) check() []fault.Field {
	var problems []fault.Field
	bad := func(path, message string) {
		problems = append(problems, fault.Field{Path: path, Code: "invalid", Message: message})
	}
	if in.Credential != "" {
		if _, err := id.ParseCredential(in.Credential); err != nil {
			bad("credential", "credential must be a credential id")
		}
	}
	if a := authz.Action(in.Action); a != "" && !authz.OnlyRecorded(a) && authz.Needs(a) == "" {
		bad("action", "action must be one of the actions that the log shows")
	}
	if !in.From.IsZero() && !in.To.IsZero() && in.To.Before(in.From) {
		bad("to", "to must not be before from")
	}
	if in.Before < 0 {
		bad("before", "before must be a sequence number")
	}
	if in.Limit < 1 || in.Limit > maxAuditList {
		bad("limit", fmt.Sprintf("limit must be 1 to %d", maxAuditList))
	}
	return problems
}

// shape names the filters that were used.
func (in AuditFilter) shape() []string {
	var used []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"customer", in.Customer != nil},
		{"credential", in.Credential != ""},
		{"action", in.Action != ""},
		{"time", !in.From.IsZero() || !in.To.IsZero()},
	} {
		if f.set {
			used = append(used, "filter:"+f.name)
		}
	}
	return used
}

// entriesField names a range of entries in an entry, from the first to before the
// last.
func entriesField(from, to int64) string { return fmt.Sprintf("entries:%d-%d", from, to-1) }

// view decrypts a row.
func (o *operation) view(row *store.AuditRow) AuditView {
	e, intact := sequencer.ReadRow(o.caller.App, o.key, row)
	origin, opened := sequencer.OpenOrigin(o.key, e.Personal)
	return AuditView{Entry: e, Origin: origin, Damaged: !intact || !opened && e.PersonalGone == nil}
}
