package sequencer

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// An alarm says that a log was found damaged, or a row that was altered in the database. It stays until an operator closes it, also when
// the process ends that noticed, and when the log is put right. Who closes it seals a reason
// under the application's key, so that nobody can with the database alone. With an alarm goes
// the greatest tree that was seen, so that a later process notices what an earlier one did:
// that a log went back.

// alarm is the newest one of an application, as this process knows it.
type alarm struct {
	seq  int64 // of its newest row
	open bool
}

// alarmRemoved says that somebody deleted the row of an alarm.
const alarmRemoved = Damage("an alarm was removed from the database")

// Alarm says that a log was found damaged, or a row altered.
type Alarm struct {
	Number   int64 // ascending; not every number is given
	RaisedAt time.Time
	Damage   string // names entries by number and rows by id only

	ClosedAt time.Time // zero: it is open
	ClosedBy id.Credential
	Reason   string
}

// Alarms makes alarms of rows, newest first, and of those that close them.
func Alarms(key *seal.App, rows []store.AlarmRow) []Alarm {
	var list []Alarm
	var closing Alarm
	for i := range rows {
		row := &rows[i]
		if reason, ok := alarmReason(key, row); ok {
			closing = Alarm{ClosedAt: store.Instant(row.At), ClosedBy: id.Credential(row.Actor), Reason: reason}
			continue
		}
		a := closing
		a.Number, a.RaisedAt, a.Damage = row.Seq, store.Instant(row.At), row.Damage
		if a.Damage == "" {
			a.Damage = "an alarm was closed without the application's key"
		}
		list, closing = append(list, a), Alarm{}
	}
	return list
}

// CloseAlarm closes the newest alarm, which takes what is there as the state of the log. It fails
// with fault.NotFound if none is open.
func CloseAlarm(tx store.Tx, key *seal.App, by id.Credential, at time.Time, reason string) (Alarm, error) {
	last, err := tx.AlarmLast()
	if err != nil {
		return Alarm{}, err
	}
	if isClosing(key, &last) {
		return Alarm{}, store.NotFound("alarm")
	}
	row := store.AlarmRow{
		Seq: last.Seq + 1, At: at.UnixMilli(), Actor: string(by),
		Reason: key.SealLabel(alarmLabel(last.Seq+1), []byte(reason)),
	}
	if err := tx.AlarmInsert(row); err != nil {
		return Alarm{}, err
	}
	return Alarms(key, []store.AlarmRow{row, last})[0], nil
}

// alarmReason decrypts why an alarm was closed. It reports false for a row that closes none.
func alarmReason(key *seal.App, row *store.AlarmRow) (string, bool) {
	if row.Damage != "" {
		return "", false
	}
	plain, err := key.OpenLabel(alarmLabel(row.Seq), row.Reason)
	return string(plain), err == nil
}

func isClosing(key *seal.App, row *store.AlarmRow) bool {
	_, ok := alarmReason(key, row)
	return ok
}

// alarmLabel binds a reason to its place.
func alarmLabel(seq int64) string { return "alarm " + strconv.FormatInt(seq, 10) }

// Visit does at once for one application what the next sweep would. It reports whether there is
// an open alarm then.
func (s *Sequencer) Visit(ctx context.Context, app id.App) (alarmed bool, err error) {
	err = s.visit(ctx, app)
	return s.alarmOf(app).open, err
}

// recall reads the alarm of an application that this process has not looked at.
func (s *Sequencer) recall(ctx context.Context, app id.App) error {
	s.mu.Lock()
	_, known := s.alarms[app]
	s.mu.Unlock()
	if known {
		return nil
	}
	return s.readAlarm(ctx, app)
}

// readAlarm reads an application's alarm. It raises one again whose row is gone.
func (s *Sequencer) readAlarm(ctx context.Context, app id.App) error {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	rows, err := s.cfg.Store.AlarmList(ctx, app, 1)
	if err != nil {
		return err
	}
	last := store.AlarmRow{Seq: -1}
	if len(rows) > 0 {
		last = rows[0]
	}
	if was := s.alarmOf(app); was.open && last.Seq < was.seq {
		s.mu.Lock()
		s.alarms[app] = alarm{seq: last.Seq}
		s.mu.Unlock()
		return s.raise(ctx, app, alarmRemoved)
	}
	s.know(ctx, app, key, &last)
	return nil
}

// know remembers what the newest row of an application's alarms says.
func (s *Sequencer) know(ctx context.Context, app id.App, key *seal.App, last *store.AlarmRow) {
	now := alarm{seq: last.Seq, open: last.Seq >= 0 && !isClosing(key, last)}
	s.mu.Lock()
	was, known := s.alarms[app]
	if known && now.seq < was.seq {
		s.mu.Unlock()
		return // another goroutine knows more
	}
	s.alarms[app] = now
	if !now.open && now.seq > was.seq {
		delete(s.seen, app) // the operator has seen to it
	}
	if now.open && last.Size > s.seen[app].Size && len(last.Root) == len(audit.Hash{}) {
		s.seen[app] = audit.Tree{Size: last.Size, Root: audit.Hash(last.Root)}
	}
	s.mu.Unlock()
	switch {
	case now.open && !was.open:
		s.cfg.Log.ErrorContext(ctx, "an application has an alarm; custodex audit acknowledge closes it",
			"app", app, "damage", last.Damage)
	case was.open && !now.open:
		s.cfg.Log.InfoContext(ctx, "the alarm of an application was closed", "app", app)
	}
}

func (s *Sequencer) alarmOf(app id.App) alarm {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, known := s.alarms[app]; known {
		return a
	}
	return alarm{seq: -1}
}

// RaiseAlarm stores an alarm about something else of an application than its log, unless one is
// open. The log goes on.
func (s *Sequencer) RaiseAlarm(ctx context.Context, app id.App, damage string) error {
	if err := s.recall(ctx, app); err != nil {
		return err
	}
	return s.raiseFor(ctx, app, damage, "rows_altered")
}

// raise stores an alarm about a log unless one is open.
func (s *Sequencer) raise(ctx context.Context, app id.App, d Damage) error {
	return s.raiseFor(ctx, app, string(d), "audit_damaged")
}

// raiseFor stores an alarm; code is the kind of the damage in the log of the system application.
func (s *Sequencer) raiseFor(ctx context.Context, app id.App, damage, code string) error {
	if s.alarmOf(app).open {
		return nil
	}
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	seen := s.lastSeen(app)
	row := store.AlarmRow{At: s.cfg.Now().UnixMilli(), Damage: damage, Size: seen.Size, Root: bytes.Clone(seen.Root[:])}
	var last store.AlarmRow
	raised := false
	err = s.cfg.Store.Update(ctx, app, func(tx store.Tx) error {
		raised = false
		var err error
		last, err = tx.AlarmLast()
		if err == nil && !isClosing(key, &last) {
			return nil // another process was faster
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err := tx.AlarmInsert(row); err != nil {
			return err
		}
		raised = true
		last, err = tx.AlarmLast()
		return err
	})
	if err != nil {
		return err
	}
	s.know(ctx, app, key, &last)
	if raised {
		return s.tell(ctx, app, code)
	}
	return nil
}

// tell records in the log of the system application that an alarm was raised. The log that the
// alarm is about may not be the place for it.
func (s *Sequencer) tell(ctx context.Context, app id.App, code string) error {
	key, err := s.cfg.Keys.Key(ctx, id.System)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	entry := audit.Entry{
		Time: s.cfg.Now().UTC().Truncate(time.Millisecond), App: id.System, Action: authz.AlarmRaise, Outcome: audit.Done,
		Code: code, Dialect: "sequencer", Request: id.NewRequest(), Subject: string(app),
		Personal: SealOrigin(key, audit.Origin{}),
	}
	if err := s.cfg.Store.Record(ctx, id.System, NewRow(key, entry)); err != nil {
		return err
	}
	s.Notify(id.System)
	return nil
}
