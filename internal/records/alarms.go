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

// maxAlarmRows is how many of the newest rows a list of alarms is made of: one raises an alarm, and
// one closes it.
const maxAlarmRows = 1000

// ListAuditAlarms gives the newest alarms of caller.App's log, newest first. Faults: Forbidden.
func (s *Service) ListAuditAlarms(ctx context.Context, caller tenant.Caller) ([]sequencer.Alarm, error) {
	o, err := s.authorize(ctx, caller, authz.AuditList)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.AlarmList(ctx, caller.App, maxAlarmRows)
	if err != nil {
		return nil, err
	}
	return recorded(ctx, o, o.entry(audit.Done, nil, "alarms"), sequencer.Alarms(o.key, rows))
}

// CloseAuditAlarm closes an alarm of caller.App for a reason of 1 to 500 characters: the one about its
// rows, or else the one about its log. The logs of the application and of the operators record who did
// it. With beginTree it is the one about the log, and the tree of a log that has none is begun. raised
// says that an alarm is open then, or that the log could not be looked at. Faults: Forbidden, Invalid,
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
	if err := s.sequencer.MustHaveAlarm(ctx, caller.App, beginTree); err != nil {
		return closed, false, o.recordFailure(ctx, err)
	}
	// Closing comes last: after a failure before it the alarm is open, and a retry does the rest.
	if err := o.tellOperators(ctx, begun); err != nil {
		return closed, false, err
	}
	if beginTree {
		if err := s.sequencer.BeginTree(ctx, caller.App, o.key); err != nil {
			return closed, false, err
		}
	}
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		entry := o.entry(audit.Done, nil, begun...)
		closed, err = sequencer.CloseAlarm(tx, o.key, caller.Credential, entry.Time, reason, beginTree)
		entry.Fields = append(entry.Fields, fmt.Sprintf("alarm:%d", closed.Number))
		return answer{}, entry, err
	})
	if err != nil {
		return sequencer.Alarm{}, false, o.recordFailure(ctx, err)
	}
	// The alarm is closed, whatever comes of the look.
	raised, err = s.sequencer.Visit(ctx, caller.App)
	return closed, raised || err != nil, nil
}

// tellOperators records in the operators' own log that one of them is about to close an alarm.
func (o *operation) tellOperators(ctx context.Context, fields []string) error {
	if o.caller.App == id.System {
		return nil
	}
	own := *o
	own.caller.App = id.System
	var err error
	if own.key, err = o.s.keys.Key(ctx, id.System); err != nil {
		return err
	}
	entry := own.entry(audit.Done, nil, append([]string{"requested"}, fields...)...)
	entry.Subject = string(o.caller.App)
	return own.record(ctx, entry, nil)
}
