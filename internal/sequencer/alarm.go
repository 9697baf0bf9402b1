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

// An alarm says that a log was found damaged, or that a row was altered in the database. It stays until
// an operator closes it, also when the process ends that noticed, and when what it is about is put right.
// Who closes it seals a reason under the application's key, so that nobody can with the database alone.
// With an alarm about a log goes the greatest tree that was seen, so that a later process notices what
// an earlier one did: that a log went back. One about rows has no tree. One of each may be open side by
// side, and closing one leaves the other open.

// about is what an alarm is about.
type about uint8

const (
	aboutLog about = iota
	aboutRows
	subjects = 2
)

func (of about) String() string { return [subjects]string{"log", "rows"}[of] }

// alarms are those of an application, as this process knows them.
type alarms struct {
	newest int64           // row; -1: none
	open   [subjects]int64 // the newest alarm, if it is open; else -1
	closed [subjects]int64 // the newest row that closes one; -1: none
	rows   [subjects]store.AlarmRow
}

var noAlarms = alarms{newest: -1, open: [subjects]int64{-1, -1}, closed: [subjects]int64{-1, -1}}

func (a *alarms) isOpen() bool { return a.open[aboutLog] >= 0 || a.open[aboutRows] >= 0 }

// lost reports whether an alarm that was open is gone without having been closed.
func (a *alarms) lost(now *alarms) bool {
	for of, seq := range a.open {
		if seq >= 0 && now.open[of] < seq && now.closed[of] < seq {
			return true
		}
	}
	return false
}

// readAlarms finds out which alarms of an application are open. list gives the newest rows.
func readAlarms(key *seal.App, list func(limit int) ([]store.AlarmRow, error)) (alarms, error) {
	for limit := 16; ; limit *= 8 {
		rows, err := list(limit)
		if err != nil {
			return alarms{}, err
		}
		if a, all := alarmsOf(key, rows); all || len(rows) < limit {
			return a, nil
		}
	}
}

// alarmsOf is readAlarms of these rows. It reports false if older ones may say more.
func alarmsOf(key *seal.App, rows []store.AlarmRow) (a alarms, all bool) {
	a = noAlarms
	seen := [subjects]bool{}
	for i := range rows {
		row := &rows[i]
		a.newest = max(a.newest, row.Seq)
		of, _, closes := alarmReason(key, row)
		if !seen[of] && closes {
			a.closed[of] = row.Seq
		} else if !seen[of] {
			a.open[of], a.rows[of] = row.Seq, *row
		}
		seen[of] = true
	}
	return a, seen[aboutLog] && seen[aboutRows]
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

// Alarms makes alarms of rows, newest first, and of those that close them: a row closes all before it
// that are about the same and that no other row has closed.
func Alarms(key *seal.App, rows []store.AlarmRow) []Alarm {
	var list []Alarm
	var closing [subjects]Alarm
	for i := range rows {
		row := &rows[i]
		of, reason, closes := alarmReason(key, row)
		if closes {
			closing[of] = Alarm{ClosedAt: store.Instant(row.At), ClosedBy: id.Credential(row.Actor), Reason: reason}
			continue
		}
		a := closing[of]
		a.Number, a.RaisedAt, a.Damage = row.Seq, store.Instant(row.At), row.Damage
		if a.Damage == "" {
			a.Damage = "an alarm was closed without the application's key"
		}
		list = append(list, a)
	}
	return list
}

// MustHaveAlarm fails with fault.NotFound if the application has no open alarm that CloseAlarm would close.
func (s *Sequencer) MustHaveAlarm(ctx context.Context, app id.App, ofLog bool) error {
	now, err := s.storedAlarms(ctx, app)
	if err == nil && now.open[aboutLog] < 0 && (ofLog || now.open[aboutRows] < 0) {
		err = store.NotFound("alarm")
	}
	return err
}

// CloseAlarm closes an alarm. If one about rows is open it is that, so that whoever has seen only that
// does not close one about the log that came meanwhile: closing that takes what is there as the state of
// the log. ofLog asks for the latter in any case. It fails with fault.NotFound if there is none.
func CloseAlarm(tx store.Tx, key *seal.App, by id.Credential, at time.Time, reason string, ofLog bool) (Alarm, error) {
	a, err := readAlarms(key, tx.AlarmList)
	if err != nil {
		return Alarm{}, err
	}
	of := aboutRows
	if ofLog || a.open[of] < 0 {
		of = aboutLog
	}
	if a.open[of] < 0 {
		return Alarm{}, store.NotFound("alarm")
	}
	row := store.AlarmRow{
		Seq: a.newest + 1, At: at.UnixMilli(), Actor: string(by),
		Reason: key.SealLabel(alarmLabel(of, a.newest+1), []byte(reason)),
	}
	if err := tx.AlarmInsert(row); err != nil {
		return Alarm{}, err
	}
	return Alarms(key, []store.AlarmRow{row, a.rows[of]})[0], nil
}

// alarmReason tells what a row is about. It decrypts why the row closes alarms, and reports false if it
// closes none.
func alarmReason(key *seal.App, row *store.AlarmRow) (of about, reason string, closes bool) {
	if row.Damage != "" {
		if len(row.Root) == 0 {
			return aboutRows, "", false
		}
		return aboutLog, "", false
	}
	for of = range about(subjects) {
		if plain, err := key.OpenLabel(alarmLabel(of, row.Seq), row.Reason); err == nil {
			return of, string(plain), true
		}
	}
	return aboutLog, "", false
}

// alarmLabel binds a reason to its place and to what is closed.
func alarmLabel(of about, seq int64) string {
	label := "alarm " + strconv.FormatInt(seq, 10)
	if of == aboutRows {
		label += " about rows"
	}
	return label
}

// Visit does at once for one application what the next sweep would. It reports whether there is
// an open alarm then.
func (s *Sequencer) Visit(ctx context.Context, app id.App) (alarmed bool, err error) {
	err = s.visit(ctx, app)
	known := s.alarmsOf(app)
	return known.isOpen(), err
}

// recall reads the alarms of an application that this process has not looked at.
func (s *Sequencer) recall(ctx context.Context, app id.App) error {
	s.mu.Lock()
	_, known := s.alarms[app]
	s.mu.Unlock()
	if known {
		return nil
	}
	return s.readAlarms(ctx, app)
}

// readAlarms reads an application's alarms. It raises one where an open one is gone.
func (s *Sequencer) readAlarms(ctx context.Context, app id.App) error {
	was := s.alarmsOf(app) // before the stored ones: another goroutine may raise one meanwhile
	now, err := s.storedAlarms(ctx, app)
	if err != nil {
		return err
	}
	if was.lost(&now) {
		s.mu.Lock()
		s.alarms[app] = now
		s.mu.Unlock()
		return s.raise(ctx, app, alarmRemoved)
	}
	s.know(ctx, app, now)
	return nil
}

// storedAlarms reads an application's alarms from the store.
func (s *Sequencer) storedAlarms(ctx context.Context, app id.App) (alarms, error) {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return alarms{}, err
	}
	return readAlarms(key, func(limit int) ([]store.AlarmRow, error) { return s.cfg.Store.AlarmList(ctx, app, limit) })
}

// know remembers an application's alarms.
func (s *Sequencer) know(ctx context.Context, app id.App, now alarms) {
	s.mu.Lock()
	was, known := s.alarms[app]
	if !known {
		was = noAlarms
	}
	if now.newest < was.newest {
		s.mu.Unlock()
		return // another goroutine knows more
	}
	s.alarms[app] = now
	if known && now.closed[aboutLog] > was.closed[aboutLog] {
		delete(s.seen, app) // the operator has seen to it
		delete(s.blocked, app)
	}
	if last := &now.rows[aboutLog]; now.open[aboutLog] >= 0 && last.Size > s.seen[app].Size && len(last.Root) == len(audit.Hash{}) {
		s.seen[app] = audit.Tree{Size: last.Size, Root: audit.Hash(last.Root)}
	}
	s.mu.Unlock()
	for of := range now.open {
		switch is, had := now.open[of] >= 0, was.open[of] >= 0; {
		case is && !had:
			s.cfg.Log.ErrorContext(ctx, "an application has an alarm; custodex audit acknowledge closes it",
				"app", app, "damage", now.rows[of].Damage)
		case had && !is:
			s.cfg.Log.InfoContext(ctx, "an alarm of an application was closed", "app", app, "about", about(of).String())
		}
	}
}

func (s *Sequencer) alarmsOf(app id.App) alarms {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, known := s.alarms[app]; known {
		return a
	}
	return noAlarms
}

// RaiseAlarm stores an alarm about rows of an application, unless one is open. The log goes on.
func (s *Sequencer) RaiseAlarm(ctx context.Context, app id.App, damage string) error {
	if err := s.recall(ctx, app); err != nil {
		return err
	}
	return s.raiseFor(ctx, app, aboutRows, store.AlarmRow{Damage: damage}, "rows_altered")
}

// raise stores an alarm about a log unless one is open.
func (s *Sequencer) raise(ctx context.Context, app id.App, d Damage) error {
	seen := s.lastSeen(app)
	return s.raiseFor(ctx, app, aboutLog, store.AlarmRow{Damage: string(d), Size: seen.Size, Root: bytes.Clone(seen.Root[:])}, "audit_damaged")
}

// raiseFor stores an alarm; code is the kind of the damage in the log of the system application.
func (s *Sequencer) raiseFor(ctx context.Context, app id.App, of about, row store.AlarmRow, code string) error {
	if known := s.alarmsOf(app); known.open[of] >= 0 {
		return nil
	}
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	row.At = s.cfg.Now().UnixMilli()
	var now alarms
	raised := false
	err = s.cfg.Store.Update(ctx, app, func(tx store.Tx) error {
		var err error
		now, err = readAlarms(key, tx.AlarmList)
		raised = now.open[of] < 0 // else another process was faster
		if err != nil || !raised {
			return err
		}
		if err := tx.AlarmInsert(row); err != nil {
			return err
		}
		now, err = readAlarms(key, tx.AlarmList)
		return err
	})
	if err != nil {
		return err
	}
	s.know(ctx, app, now)
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
