package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

// TestFieldC12FullDisk: Ping found nothing wrong while every write failed for want of space. The
// server's errors are raised here by triggers, where it raises them itself on a full disk.
func TestFieldC12FullDisk(t *testing.T) {
	t.Parallel()
	for state, c := range map[string]struct {
		want *fault.Error
		says string
	}{
		"53100": {store.ErrDiskFull, "the disk of the database server has no space left"},
		"58030": {store.ErrDiskFailed, "the disk of the database server fails"},
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			address := newDatabase(t)
			s, admin := openStore(t, address), connect(t, address)
			app := newApp(t, s)
			execute(t, admin, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'could not extend file "base/1/2"' USING ERRCODE = '`+state+`'; END $$`)
			fails := func(tables ...string) {
				for _, table := range tables {
					execute(t, admin, "CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION fail()")
				}
			}
			mends := func(tables ...string) {
				for _, table := range tables {
					execute(t, admin, "DROP TRIGGER fails ON "+table)
				}
			}
			wantFull := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, c.want) || !errors.Is(err, fault.Unavailable) || fault.Of(err).RetryAfter == 0 {
					t.Errorf("%s = %v, want %v with a time to wait", what, err, c.want)
				}
				if err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "base/1/2")) {
					t.Errorf("%s = %v, want it to say %q and which file", what, err, c.says)
				}
			}
			fails("audit", "idempotency", "rate_window")
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("Ping before anything was written = %v", err)
			}
			wantFull("Record", s.Record(t.Context(), app, newEntry()))
			wantFull("Ping", s.Ping(t.Context()))
			wantFull("Update", s.Update(t.Context(), app, func(tx store.Tx) error { tx.AuditAppend(newEntry()); return nil }))
			_, err := s.RateTake(t.Context(), app, store.RateTake{Credential: "cred_x", Window: 1, Want: 1, Limit: 1})
			wantFull("RateTake", err)
			mends("audit")
			if err := s.Record(t.Context(), app, newEntry()); err != nil {
				t.Errorf("Record into a page that is there = %v", err)
			}
			wantFull("Ping while a larger row does not fit", s.Ping(t.Context()))
			mends("idempotency", "rate_window")
			for range 2 {
				if err := s.Ping(t.Context()); err != nil {
					t.Errorf("Ping with space = %v", err)
				}
			}
			if _, err := s.RateTake(t.Context(), app, store.RateTake{Credential: "cred_x", Window: 1, Want: 1, Limit: 1}); err != nil {
				t.Error(err)
			}
			var left int
			if err := admin.QueryRow(t.Context(), "SELECT count(*) FROM idempotency").Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows of tries are left, %v", left, err)
			}
		})
	}
}
