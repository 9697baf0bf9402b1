package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
	"custodex.dev/internal/store/storetest"
)

func open(t testing.TB) *sqlite.Store {
	t.Helper()
	return initialised(t, filepath.Join(t.TempDir(), "custodex.db"))
}

func initialised(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	return reopen(t, path)
}

func reopen(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}
