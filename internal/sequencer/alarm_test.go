package sequencer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// tampering is what somebody with rights to the database and without a key can do.
var tampering = map[string][]string{
	"tree": {"DELETE FROM audit_tree"},
	"tree and tiles, drop the last": {
		"DELETE FROM audit_tree", "DELETE FROM audit_tile",
		"DELETE FROM audit WHERE seq = 5", "UPDATE head SET entries = 5",
	},
	"tiles": {"DELETE FROM audit_tile"},
	"drop":  {"DELETE FROM audit WHERE seq = 2"},
	"drop the last": {
		"DELETE FROM audit WHERE seq = 5", "UPDATE head SET entries = 5",
	},
	"drop and renumber": {
		"DELETE FROM audit WHERE seq = 2", "UPDATE audit SET seq = 2 WHERE seq = 5", "UPDATE head SET entries = 5",
	},
	"swap": {
		"UPDATE audit SET seq = 100 WHERE seq = 2", "UPDATE audit SET seq = 2 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 100",
	},
	"overwrite": {
		"DELETE FROM audit WHERE seq = 2",
		"INSERT INTO audit SELECT app_id, 2, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE seq = 4",
	},
	"copy": {
		"INSERT INTO audit SELECT app_id, 6, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE seq = 4",
		"UPDATE head SET entries = 7",
	},
}

// logTables are the tables of an audit log and their columns.
var logTables = map[string]string{
	"audit":      "app_id, seq, at, actor, action, outcome, targets, detail, personal, mac",
	"audit_tree": "app_id, size, checkpoint",
	"audit_tile": "app_id, level, n, hashes",
}

// keepLog copies the audit logs as they are.
func keepLog(t *testing.T, db testkit.Database) {
	t.Helper()
	for table, columns := range logTables {
		db.Exec(t, fmt.Sprintf("CREATE TABLE kept_%[1]s AS SELECT %[2]s FROM %[1]s", table, columns))
	}
	db.Exec(t, "CREATE TABLE kept_head AS SELECT app_id, entries FROM head")
}

// putBackLog makes the audit logs what they were.
func putBackLog(t *testing.T, db testkit.Database) {
	t.Helper()
	for table, columns := range logTables {
		db.Exec(t, "DELETE FROM "+table, fmt.Sprintf("INSERT INTO %[1]s (%[2]s) SELECT %[2]s FROM kept_%[1]s", table, columns))
	}
	db.Exec(t, "UPDATE head SET entries = (SELECT k.entries FROM kept_head AS k WHERE k.app_id = head.app_id)")
}

// An alarm was gone after a restart. It stays until an operator closes it, and is raised again
// while the log is damaged.
func TestFieldC1AlarmSurvivesRestarts(t *testing.T) {
	t.Parallel()
	for name, changes := range tampering {
		for _, engine := range testkit.Engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				e.record(t, 5)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				e.restart(t, st, func() {
					keepLog(t, db)
					db.Exec(t, changes...)
				})
				e.Look(t.Context(), e.app)
				e.wantAlarm(t, "after the damage")
				e.restart(t, st, func() {})
				e.wantAlarm(t, "after a restart")
				if open := e.closeAlarm(t); !open {
					e.Look(t.Context(), e.app) // as the next check does
				}
				e.wantAlarm(t, "closed over a damaged log")
				e.restart(t, st, func() {
					putBackLog(t, db)
				})
				e.wantAlarm(t, "put right")
				if h := e.Health(); h.Stopped != 0 {
					t.Errorf("put right, Health = %+v", h)
				}
				if open := e.closeAlarm(t); open {
					t.Error("an alarm was raised over a log that was put right")
				}
				e.restart(t, st, func() {})
				e.Look(t.Context(), e.app)
				if _, err := e.Visit(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if h := e.Health(); h.Alarms != 0 || h.Stopped != 0 {
					t.Errorf("put right and closed, Health = %+v", h)
				}
			})
		}
	}
}

// restart runs a new process after the change.
func (e *testEnv) restart(t *testing.T, st store.Store, change func()) {
	t.Helper()
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	change()
	e.start(t, st)
}

func (e *testEnv) wantAlarm(t *testing.T, when string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); e.Health().Alarms != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s Health = %+v, want an alarm", when, e.Health())
		}
	}
}

// closeAlarm closes the alarm as an operator does, and reports whether another is open then.
func (e *testEnv) closeAlarm(t *testing.T) (open bool) {
	t.Helper()
	err := e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
		_, err := sequencer.CloseAlarm(tx, e.key, "cred_abcdefghijkmnpqr", time.Now(), "I know why", false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	open, err = e.Visit(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// A log that went back was noticed by processes that had seen more, and by none that was started
// later. The alarm remembers what they saw.
func TestFieldC1RollbackIsRemembered(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			st := db.NewStore(t)
			e := newEnv(t, st)
			e.record(t, 2)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			keepLog(t, db)
			e.record(t, 3)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			putBackLog(t, db)
			if _, err := e.Visit(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			e.wantAlarm(t, "rolled back")
			e.restart(t, st, func() {})
			e.record(t, 4)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			if h, n := e.Health(), e.sequenced(t); h.Stopped != 1 || n != 3 {
				t.Errorf("Health = %+v with %d entries signed, want one stopped and 3 signed", h, n)
			}
			if open := e.closeAlarm(t); open {
				t.Error("the alarm is open again after an operator has taken the log as it is")
			}
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Error(err)
			}
			e.wantAllSequenced(t, "acknowledged,")
		})
	}
}

// Nobody without the key can close an alarm, also not by removing it under a running process.
func TestFieldC1AlarmIsNotClosedWithSQL(t *testing.T) {
	t.Parallel()
	const insert = "INSERT INTO audit_alarm (app_id, seq, at, damage, size, root, actor, reason) "
	for name, changes := range map[string][]string{
		"closed without a reason":     {insert + "SELECT app_id, 1, at, '', 0, root, 'cred_x', root FROM audit_alarm"},
		"closed with an old reason":   {insert + "SELECT app_id, 3, at, '', 0, root, 'cred_x', reason FROM audit_alarm WHERE seq = 1"},
		"removed":                     {"DELETE FROM audit_alarm"},
		"told to be about rows":       {"UPDATE audit_alarm SET root = substr(root, 1, 0)"},
		"removed with those before":   {"DELETE FROM audit_alarm WHERE seq >= 0"},
		"damage taken out of its row": {"UPDATE audit_alarm SET damage = ''"},
	} {
		for _, engine := range testkit.Engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				e.record(t, 5)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				db.Exec(t, "DELETE FROM audit_tree")
				if name == "closed with an old reason" {
					if _, err := e.Visit(t.Context(), e.app); err != nil {
						t.Fatal(err)
					}
					e.closeAlarm(t) // and it is raised again
				}
				if open, err := e.Visit(t.Context(), e.app); err != nil || !open {
					t.Fatalf("Visit = %t, %v, want an alarm", open, err)
				}
				db.Exec(t, changes...)
				if open, err := e.Visit(t.Context(), e.app); err != nil || !open {
					t.Errorf("Visit = %t, %v, want the alarm", open, err)
				}
				e.restart(t, st, func() {})
				e.wantAlarm(t, "after a restart")
			})
		}
	}
}

// An open alarm about rows hid damage of the log that came later, and whoever closed it took a log that
// went back for the right one.
func TestAlarmAboutRowsHidesNoDamageOfTheLog(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			st := db.NewStore(t)
			e := newEnv(t, st)
			e.record(t, 2)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			keepLog(t, db)
			e.record(t, 3)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := e.RaiseAlarm(t.Context(), e.app, "credential x was altered in the database"); err != nil {
					t.Fatal(err)
				}
			}
			e.wantOpen(t, "credential x was altered in the database")
			putBackLog(t, db)
			if _, err := e.Visit(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			back := "the signed tree went back from 6 entries to 3"
			e.wantOpen(t, back, "credential x was altered in the database")
			if open := e.closeAlarm(t); !open {
				t.Error("closing the alarm about rows closed that about the log")
			}
			e.wantOpen(t, back)
			e.restart(t, st, func() {})
			e.record(t, 4)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			if h, n := e.Health(), e.sequenced(t); h.Stopped != 1 || h.Alarms != 1 || n != 3 {
				t.Errorf("Health = %+v with %d entries signed, want one stopped and 3 signed", h, n)
			}
			if err := e.RaiseAlarm(t.Context(), e.app, "another row"); err != nil {
				t.Fatal(err)
			}
			e.wantOpen(t, "another row", back)
			e.closeAlarm(t)
			if open := e.closeAlarm(t); open {
				t.Error("an alarm is open after both were closed")
			}
			e.wantOpen(t)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Error(err)
			}
			e.wantAllSequenced(t, "acknowledged,")
		})
	}
}

// wantOpen fails unless exactly these alarms are open, newest first.
func (e *testEnv) wantOpen(t *testing.T, want ...string) {
	t.Helper()
	rows, err := e.store.AlarmList(t.Context(), e.app, 100)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, a := range sequencer.Alarms(e.key, rows) {
		if a.ClosedAt.IsZero() {
			open = append(open, a.Damage)
		}
	}
	if !slices.Equal(open, want) {
		t.Errorf("open are %q, want %q", open, want)
	}
}

// The one who closes an alarm about the log with a new tree closes that, whatever else is open. Many
// alarms about rows hide none about the log.
func TestAlarmsOfBothSubjects(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	st := db.NewStore(t)
	e := newEnv(t, st)
	db.Exec(t, fmt.Sprintf("DELETE FROM audit_tree WHERE app_id = '%s'", e.app))
	if open, err := e.Visit(t.Context(), e.app); err != nil || !open {
		t.Fatalf("Visit = %t, %v, want an alarm", open, err)
	}
	for i := range 40 {
		if err := e.RaiseAlarm(t.Context(), e.app, fmt.Sprint("row ", i)); err != nil {
			t.Fatal(err)
		}
		e.closeAlarm(t)
	}
	e.wantOpen(t, "the signed tree is missing")
	e.restart(t, st, func() {})
	e.wantAlarm(t, "after a restart")
	if err := e.RaiseAlarm(t.Context(), e.app, "the last row"); err != nil {
		t.Fatal(err)
	}
	closed, err := sequencer.Alarm{}, error(nil)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	err = e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
		var err error
		closed, err = sequencer.CloseAlarm(tx, e.key, "cred_abcdefghijkmnpqr", time.Now(), "begun", true)
		return err
	})
	if err != nil || closed.Damage != "the signed tree is missing" || closed.Reason != "begun" {
		t.Errorf("CloseAlarm = %+v, %v", closed, err)
	}
	e.wantOpen(t, "the last row")
}

// The operators' own log says that an alarm was raised, once.
func TestAlarmIsToldToOperators(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	st := db.NewStore(t)
	e := newEnv(t, st)
	e.insertApp(t, id.System)
	db.Exec(t, fmt.Sprintf("DELETE FROM audit_tree WHERE app_id = '%s'", e.app))
	for range 3 {
		if open, err := e.Visit(t.Context(), e.app); err != nil || !open {
			t.Fatalf("Visit = %t, %v, want an alarm", open, err)
		}
	}
	rows, err := st.AuditRange(t.Context(), id.System, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	key, err := e.keys.Key(t.Context(), id.System)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if entry, intact := sequencer.ReadRow(id.System, key, &rows[i]); intact && entry.Action == "alarm.raise" && entry.Subject == string(e.app) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the log of the operators says %d times that an alarm was raised, want once", told)
	}
}
