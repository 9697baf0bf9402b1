package index_test

import (
	"log/slog"
	"testing"

	"custodex.dev/internal/index"
	"custodex.dev/internal/store"
)

// A build reads every row, so what it finds is all that is corrupt.
func TestBuildTellsWhatIsCorrupt(t *testing.T) {
	t.Parallel()
	m := newMemoryStore()
	for seq, name := range []string{"ada", "corrupt", "erased", "corrupt"} {
		m.put(app, int64(seq), name)
	}
	c, tracker := newCache(t, m, nil)
	current(t, c, app)
	if n := tracker.Count(); n != 2 {
		t.Errorf("%d rows are known to be corrupt, want 2", n)
	}
	m.mu.Lock()
	m.rows[app][1].Sealed = []byte("ada") // mended in the database, so it is no change
	m.mu.Unlock()
	c.Drop()
	current(t, c, app)
	if n := tracker.Count(); n != 1 {
		t.Errorf("%d rows are known to be corrupt after one was mended, want 1", n)
	}
}

// The tracker's memory is bounded for each application, and each is counted once.
func TestTrackerIsBounded(t *testing.T) {
	t.Parallel()
	tracker := index.NewCorruptTracker(slog.New(slog.DiscardHandler))
	for range 2 {
		for seq := range int64(1500) {
			tracker.Note(t.Context(), app, &store.CustomerRow{Seq: seq}, errCorrupt)
		}
	}
	tracker.Note(t.Context(), other, &store.CustomerRow{Seq: 1}, errCorrupt)
	if n := tracker.Count(); n != 1001 {
		t.Errorf("%d rows are known, want 1000 of one application and one of another", n)
	}
	tracker.Note(t.Context(), app, &store.CustomerRow{Seq: 1}, nil)
	tracker.Forget(app, 2)
	tracker.Forget(app, 2)
	if n := tracker.Count(); n != 999 {
		t.Errorf("%d rows are known after two are well, want 999", n)
	}
}
