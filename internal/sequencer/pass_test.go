package sequencer_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// newAppAfter makes an application whose id comes after another's.
func (e *testEnv) newAppAfter(t *testing.T, before id.App) id.App {
	t.Helper()
	for {
		if app := e.newApp(t); app > before {
			return app
		}
	}
}

// failing makes the reads of one application's tree fail.
func failing(app id.App) storetest.Hooks {
	return storetest.Hooks{Before: func(_ context.Context, method string, of id.App) error {
		if method == "TreeGet" && of == app {
			return storetest.ErrInjected
		}
		return nil
	}}
}

// An application whose key does not open ended each pass, so that no later application was
// looked at.
func TestPassGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := testkit.NewDatabase(t, "sqlite")
		st := storetest.NewHooked(db.NewStore(t))
		e := newEnv(t, st)
		bad := e.app
		e.app = e.newAppAfter(t, bad)
		var err error
		if e.key, err = e.keys.Key(t.Context(), e.app); err != nil {
			t.Fatal(err)
		}
		e.record(t, 5)
		time.Sleep(time.Second)
		if err := e.stop(); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, fmt.Sprintf("UPDATE application SET wrapped_key = x'00' WHERE app_id = '%s'", bad))
		e.forgetKeys(st)
		e.start(t, st)
		st.Set(storetest.CorruptEntry(3, func(r *store.AuditRow) { r.Actor = "cred_other" }))
		time.Sleep(5 * time.Minute)
		if h := e.Health(); h.Stopped != 1 {
			t.Errorf("Health = %+v, want one stopped", h)
		}
	})
}

// The same for a sweep, which finds entries that nobody notified about.
func TestSweepGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := storetest.NewHooked(testkit.NewStore(t, engine))
			e := newEnv(t, st)
			bad := e.app
			e.app = e.newAppAfter(t, bad)
			if err := e.stop(); err != nil {
				t.Fatal(err)
			}
			key, err := e.keys.Key(t.Context(), e.app)
			if err != nil {
				t.Fatal(err)
			}
			e.key, e.store = key, st // notifies nobody
			e.record(t, 2)
			st.Set(failing(bad))
			e.start(t, st)
			for end := time.Now().Add(20 * time.Second); e.sequenced(t) != e.entries(t); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d of %d entries are sequenced", e.sequenced(t), e.entries(t))
				}
			}
			st.Set(storetest.Hooks{})
		})
	}
}

// The signed tree of a log to which nothing is added was not looked at.
func TestIdleTreeIsVerified(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"checkpoint": "UPDATE audit_tree SET checkpoint = %[2]s WHERE app_id = '%[1]s'",
		"size":       "UPDATE audit_tree SET size = 3 WHERE app_id = '%[1]s'",
		"tree":       "DELETE FROM audit_tree WHERE app_id = '%[1]s'",
	} {
		for _, engine := range testkit.Engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				e.record(t, 5)
				if err := e.stop(); err != nil {
					t.Fatal(err)
				}
				db.Exec(t, fmt.Sprintf(change, e.app, map[string]string{"sqlite": "x'00'", "postgres": `'\x00'::bytea`}[engine]))
				e.start(t, st)
				e.wantStopped(t)
			})
		}
	}
}

// Somebody puts back the database as it was, while a server runs that has seen more. Nothing is
// added to the log.
func TestIdleRollbackIsNoticed(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"seen when it grew": false, "seen at the start": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := testkit.NewDatabase(t, "sqlite")
				st := db.NewStore(t)
				e := newEnv(t, st)
				e.record(t, 3)
				time.Sleep(time.Second)
				old, err := st.TreeGet(t.Context(), e.app)
				if err != nil {
					t.Fatal(err)
				}
				e.record(t, 3)
				time.Sleep(time.Second)
				if restart {
					if err := e.stop(); err != nil {
						t.Fatal(err)
					}
					e.start(t, st)
				}
				time.Sleep(time.Minute)
				if h := e.Health(); h != (sequencer.Health{}) {
					t.Fatalf("Health = %+v before anything was altered", h)
				}
				db.Exec(t,
					fmt.Sprintf("DELETE FROM audit WHERE app_id = '%s' AND seq >= %d", e.app, old.Size),
					fmt.Sprintf("UPDATE head SET entries = %d WHERE app_id = '%s'", old.Size, e.app),
					fmt.Sprintf("UPDATE audit_tree SET size = %d, checkpoint = x'%x' WHERE app_id = '%s'", old.Size, old.Checkpoint, e.app))
				time.Sleep(time.Minute)
				if h := e.Health(); h.Stopped != 1 {
					t.Errorf("Health = %+v, want one stopped", h)
				}
			})
		})
	}
}

// Each process compares for a second only. All entries are compared in time nevertheless.
func TestPassesBeginAnywhere(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]bool{"in a log": false, "among applications": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
				e := newEnv(t, st)
				e.rate = 1
				damaged := int64(700)
				if other {
					first := e.app
					e.record(t, 20)
					e.app = e.newAppAfter(t, first)
					key, err := e.keys.Key(t.Context(), e.app)
					if err != nil {
						t.Fatal(err)
					}
					e.key, damaged = key, 3
					e.record(t, 5)
				} else {
					e.record(t, 700)
				}
				time.Sleep(time.Second)
				app := e.app
				st.Set(storetest.Hooks{After: func(_ context.Context, method string, of id.App, result any) error {
					if rows, ok := result.(*[]store.AuditRow); ok && of == app {
						for i := range *rows {
							if (*rows)[i].Seq == damaged {
								(*rows)[i].Actor = "cred_other"
							}
						}
					}
					return nil
				}})
				for range 200 {
					if err := e.stop(); err != nil {
						t.Fatal(err)
					}
					e.start(t, st)
					time.Sleep(61 * time.Second)
					if e.Health().Stopped == 1 {
						return
					}
				}
				t.Error("an altered entry was never found")
			})
		})
	}
}

// The rate is that of all applications together.
func TestCheckRateAcrossApplications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		if err := e.stop(); err != nil {
			t.Fatal(err)
		}
		e.rate = 10
		e.start(t, st)
		for range 30 {
			e.app = e.newApp(t)
			key, err := e.keys.Key(t.Context(), e.app)
			if err != nil {
				t.Fatal(err)
			}
			e.key = key
			e.record(t, 9)
		}
		time.Sleep(5 * time.Second)
		var read int
		st.Set(storetest.Hooks{After: func(_ context.Context, _ string, _ id.App, result any) error {
			if rows, ok := result.(*[]store.AuditRow); ok {
				read += len(*rows)
			}
			return nil
		}})
		time.Sleep(65 * time.Second) // the first pass begins after a minute
		synctest.Wait()
		if read == 0 || read > 10*10+10 { // what is read at once is waited for afterwards
			t.Errorf("%d entries were compared, want some, and at most 10 a second", read)
		}
	})
}
