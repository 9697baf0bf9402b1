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

// AuditFilter says which entries of a log to list.
type AuditFilter = audit.Filter

// AuditView is one entry with its personal part decrypted, unless that was deleted.
type AuditView struct {
	audit.Entry
	Origin audit.Origin

	// Damaged is set if the entry does not match its checksum, which means that
	// somebody altered it in the database. It is shown as far as it can be read.
	Damaged bool
}

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
	if problems := in.Check(); len(problems) > 0 {
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
	entry := o.entry(audit.Done, nil, in.Shape()...)
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

// entriesField names a range of entries in an entry, from the first to before the
// last.
func entriesField(from, to int64) string { return fmt.Sprintf("entries:%d-%d", from, to-1) }

// view decrypts a row.
func (o *operation) view(row *store.AuditRow) AuditView {
	e, intact := sequencer.ReadRow(o.caller.App, o.key, row)
	origin, opened := sequencer.OpenOrigin(o.key, e.Personal)
	return AuditView{Entry: e, Origin: origin, Damaged: !intact || !opened && e.PersonalGone == nil}
}
