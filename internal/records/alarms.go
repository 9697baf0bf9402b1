package records

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// ListAuditAlarms gives the alarms of caller.App's log, newest first. Faults: Forbidden.
func (s *Service) ListAuditAlarms(ctx context.Context, caller tenant.Caller) ([]sequencer.Alarm, error) {
	o, err := s.authorize(ctx, caller, authz.AuditList)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.AlarmList(ctx, caller.App, 1000)
	if err != nil {
		return nil, err
	}
	return recorded(ctx, o, o.entry(audit.Done, nil, "alarms"), sequencer.Alarms(o.key, rows))
}

// CloseAuditAlarm closes the alarm of caller.App's log, for a reason of 1 to 500 characters. The logs of
// the application and of the operators record who did it. With beginTree it then begins the tree of
// a log that has none. raised says that the log is still damaged. Faults: Forbidden, Invalid,
// NotFound without an open alarm, sequencer.ErrTreeExists.
func (s *Service) CloseAuditAlarm(ctx context.Context, caller tenant.Caller, reason string, beginTree bool) (closed sequencer.Alarm, raised bool, err error) {
	o, err := s.authorize(ctx, caller, authz.AlarmClose)
	if err != nil {
		return closed, false, err
	}
	if n := utf8.RuneCountInString(reason); strings.TrimSpace(reason) == "" || n > 500 {
		return closed, false, fault.Validation(fault.Field{Path: "reason", Code: "invalid", Message: "reason must be 1 to 500 characters"})
	}
	var begun []string
	if beginTree {
		begun = []string{"begin_tree"}
		if err := s.sequencer.MustLackTree(ctx, caller.App); err != nil {
			return closed, false, o.recordFailure(ctx, err)
		}
	}
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		entry := o.entry(audit.Done, nil, begun...)
		closed, err = sequencer.CloseAlarm(tx, o.key, caller.Credential, entry.Time, reason)
		entry.Fields = append(entry.Fields, fmt.Sprintf("alarm:%d", closed.Number))
		return answer{}, o.row(entry), err
	})
	if err != nil {
		return sequencer.Alarm{}, false, o.recordFailure(ctx, err)
	}
	if caller.App != id.System {
		own := *o
		own.caller.App = id.System
		if own.key, err = s.keys.Key(ctx, id.System); err != nil {
			return sequencer.Alarm{}, false, err
		}
		entry := own.entry(audit.Done, nil, begun...)
		entry.Subject = string(caller.App)
		if err := own.record(ctx, entry, nil); err != nil {
			return sequencer.Alarm{}, false, err
		}
	}
	if beginTree {
		if err := s.sequencer.BeginTree(ctx, caller.App, o.key); err != nil {
			return sequencer.Alarm{}, false, err
		}
	}
	raised, err = s.sequencer.Visit(ctx, caller.App)
	return closed, raised, err
}
