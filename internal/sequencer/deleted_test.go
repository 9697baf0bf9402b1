package sequencer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/testkit"
)

// Somebody with rights to the database and without a key deleted the tree and changed the
// history before the next start. It was then signed as a new log.
func TestFieldC1DeletedTreeIsNoBeginning(t *testing.T) {
	t.Parallel()
	const rest = "DELETE FROM audit_tile WHERE app_id = '%[1]s'"
	for name, changes := range map[string][]string{
		"nothing else": {},
		"drop the last": {
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 5",
			"UPDATE head SET entries = 5 WHERE app_id = '%[1]s'",
		},
		"drop one and renumber": {
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 2",
			"UPDATE audit SET seq = 2 WHERE app_id = '%[1]s' AND seq = 5",
			"UPDATE head SET entries = 5 WHERE app_id = '%[1]s'",
		},
		"swap": {
			"UPDATE audit SET seq = 100 WHERE app_id = '%[1]s' AND seq = 2",
			"UPDATE audit SET seq = 2 WHERE app_id = '%[1]s' AND seq = 3",
			"UPDATE audit SET seq = 3 WHERE app_id = '%[1]s' AND seq = 100",
		},
		"overwrite": {
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 2",
			"INSERT INTO audit SELECT app_id, 2, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%[1]s' AND seq = 4",
		},
		"drop all": {
			"DELETE FROM audit WHERE app_id = '%[1]s'",
			"UPDATE head SET entries = 0 WHERE app_id = '%[1]s'",
		},
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
				if err := e.stop(); err != nil {
					t.Fatal(err)
				}
				all := append([]string{"DELETE FROM audit_tree WHERE app_id = '%[1]s'", rest}, changes...)
				for i := range all {
					all[i] = fmt.Sprintf(all[i], e.app)
				}
				db.Exec(t, all...)
				e.start(t, st)
				e.wantStopped(t)
				e.record(t, 3)
				e.wantStopped(t)
				if n := e.sequenced(t); n != 0 {
					t.Errorf("%d entries were signed", n)
				}
			})
		}
	}
}

// wantStopped waits until sequencing has stopped, whatever is asked for.
func (e *testEnv) wantStopped(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); e.Health().Stopped != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Health = %+v, want one stopped", e.Health())
		}
	}
	if _, err := e.Sequence(t.Context(), e.app); err == nil {
		t.Error("Sequence = nil, want damage")
	}
}

// An application that release 0.1.0 has just made has no tree yet, and its replica gives it one.
// Until then it is neither signed nor damaged here.
func TestYoungApplicationMayLackItsTree(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	st := db.NewStore(t)
	e := newEnv(t, st)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	db.Exec(t, "DELETE FROM audit_tree", fmt.Sprintf("UPDATE application SET created_at = %d WHERE app_id = '%s'", now.UnixMilli(), e.app))
	s := sequencer.New(sequencer.Config{Store: st, Keys: e.keys, Now: func() time.Time { return now }})
	sequence := func(stopped int) {
		t.Helper()
		s.Notify(e.app)
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if h := s.Health(); h.Stopped != stopped || e.sequenced(t) != 0 {
			t.Errorf("Health = %+v with %d sequenced, want %d stopped and none", h, e.sequenced(t), stopped)
		}
	}
	sequence(0)
	now = now.Add(time.Minute)
	sequence(1)
}
