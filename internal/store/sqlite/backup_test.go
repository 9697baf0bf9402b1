package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/store/migrate"
	"custodex.dev/internal/store/sqlite"
)

var backupTime = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func backUp(t *testing.T, path string) (string, sqlite.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := sqlite.Backup(t.Context(), path, dir, backupTime, "test")
	if err != nil {
		t.Fatalf("Backup = %v", err)
	}
	return dir, m
}

// TestFieldD6Backup: a copy of the file of a running server lost what was in the log. A
// backup under writers has all that was acknowledged before it began.
func TestFieldD6Backup(t *testing.T) {
	t.Parallel()
	s, path := running(t)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 5
	for range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				addApp(t, s)
				mu.Lock()
				acknowledged++
				mu.Unlock()
				if i%5 == 0 {
					s.Checkpoint(t)
				}
			}
		})
	}
	for range 4 {
		mu.Lock()
		before := acknowledged
		mu.Unlock()
		dir, m := backUp(t, path)
		file := filepath.Join(dir, "custodex.db")
		if got := applications(t, file); got < before || len(m.Logs) != got {
			t.Errorf("the backup has %d applications and a manifest of %d, want %d or more", got, len(m.Logs), before)
		}
		for name, want := range map[string]os.FileMode{dir: 0o700, file: 0o600, filepath.Join(dir, "manifest.json"): 0o600} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v, want mode %o", name, info.Mode(), err, want)
			}
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 2 {
			t.Errorf("the backup holds %q, %v", left, err)
		}
	}
	close(stop)
	writers.Wait()
}

// TestFieldC3Restore: the documented way brings the backup back, whatever the killed
// server left.
func TestFieldC3Restore(t *testing.T) {
	t.Parallel()
	s, path := running(t)
	dir, _ := backUp(t, path)
	for range 3 {
		addApp(t, s)
	}
	killed := filepath.Join(t.TempDir(), "custodex.db")
	copyOpen(t, path, killed)
	copyOpen(t, path+"-wal", killed+"-wal")
	for range 2 { // the second finds a database that was closed
		r, err := sqlite.Restore(t.Context(), killed, dir, backupTime)
		if err != nil {
			t.Fatalf("Restore = %v", err)
		}
		if len(r.Logs) != 5 || !r.CreatedAt.Equal(backupTime) || r.Program != "test" {
			t.Errorf("Restore = %+v", r)
		}
		if _, err := os.Stat(filepath.Join(r.Replaced, "custodex.db")); err != nil {
			t.Errorf("the database that was there is gone: %v", err)
		}
		if _, err := os.Stat(killed + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the old log is still there: %v", err)
		}
		opens(t, killed, 5)
	}

	// A single file that another tool copied, into a folder that is not there yet.
	fresh := filepath.Join(t.TempDir(), "new", "custodex.db")
	if r, err := sqlite.Restore(t.Context(), fresh, filepath.Join(dir, "custodex.db"), backupTime); err != nil || r.Replaced != "" {
		t.Fatalf("Restore of a file = %+v, %v", r, err)
	}
	opens(t, fresh, 5)
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	_, path := running(t)
	for _, c := range []struct {
		what  string
		spoil func(t *testing.T, dir string)
		says  string
	}{
		{"a byte that changed", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "custodex.db"), func(b []byte) []byte { b[len(b)-7] ^= 1; return b })
		}, "not the file that the manifest describes"},
		{"a copy that ended early", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "custodex.db"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "not the file that the manifest describes"},
		{"no manifest", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
				t.Fatal(err)
			}
		}, "has no manifest.json"},
		{"a manifest of another format", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "custodex-backup/1", "custodex-backup/9", 1))
			})
		}, "custodex-backup/9"},
		{"no folder", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}, "find the backup"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			dir, _ := backUp(t, path)
			c.spoil(t, dir)
			to := filepath.Join(t.TempDir(), "custodex.db")
			if err := sqlite.Init(t.Context(), to); err != nil {
				t.Fatal(err)
			}
			before := contents(t, to)
			if _, err := sqlite.Restore(t.Context(), to, dir, backupTime); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Restore = %v, want that says %q", err, c.says)
			}
			if contents(t, to) != before {
				t.Error("a refused restore changed the database")
			}
			if left, err := filepath.Glob(to + "*"); err != nil || len(left) > 2 { // and its lock
				t.Errorf("a refused restore left %q, %v", left, err)
			}
		})
	}
}

func change(t *testing.T, path string, fn func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fn(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreOfADatabaseInUse(t *testing.T) {
	t.Parallel()
	_, path := running(t)
	dir, _ := backUp(t, path)
	if _, err := sqlite.Restore(t.Context(), path, dir, backupTime); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Restore over a served database = %v", err)
	}
}

func TestRestoreRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	raw(t, path, "INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)")
	dir, m := backUp(t, path)
	if m.Schema != 9999 {
		t.Errorf("the manifest names schema %d", m.Schema)
	}
	to := filepath.Join(t.TempDir(), "custodex.db")
	if _, err := sqlite.Restore(t.Context(), to, dir, backupTime); !errors.Is(err, migrate.ErrNewer) {
		t.Errorf("Restore = %v, want %v", err, migrate.ErrNewer)
	}
}

// A restore that was killed leaves the prepared file and no database: init must not make
// an empty one.
func TestAnInterruptedRestoreIsNamed(t *testing.T) {
	t.Parallel()
	_, path := running(t)
	dir, _ := backUp(t, path)
	to := filepath.Join(t.TempDir(), "custodex.db")
	if err := os.WriteFile(to+".restoring", []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: to}); err == nil || !strings.Contains(err.Error(), "run custodex restore again") {
		t.Errorf("Open = %v", err)
	}
	if err := sqlite.Init(t.Context(), to); err == nil || !strings.Contains(err.Error(), "run custodex restore again") {
		t.Errorf("Init = %v", err)
	}
	// A second restore that finds no good backup changes nothing of that.
	if _, err := sqlite.Restore(t.Context(), to, path, backupTime); err == nil {
		t.Error("Restore of a database in use = nil, want an error")
	}
	if err := sqlite.Init(t.Context(), to); err == nil || !strings.Contains(err.Error(), "run custodex restore again") {
		t.Errorf("Init after a second restore that failed = %v", err)
	}
	change(t, filepath.Join(dir, "custodex.db"), func(b []byte) []byte { b[len(b)-7] ^= 1; return b })
	if _, err := sqlite.Restore(t.Context(), to, dir, backupTime); err == nil {
		t.Error("Restore of an altered backup = nil, want an error")
	}
	if err := sqlite.Init(t.Context(), to); err == nil || !strings.Contains(err.Error(), "run custodex restore again") {
		t.Errorf("Init after a second restore that failed = %v", err)
	}
	change(t, filepath.Join(dir, "custodex.db"), func(b []byte) []byte { b[len(b)-7] ^= 1; return b })
	if _, err := sqlite.Restore(t.Context(), to, dir, backupTime); err != nil {
		t.Fatalf("Restore = %v", err)
	}
	opens(t, to, 5)
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "custodex.db")
	if _, err := sqlite.Backup(t.Context(), path, filepath.Join(dir, "b"), backupTime, ""); !errors.Is(err, migrate.ErrNotInitialised) {
		t.Errorf("Backup of nothing = %v", err)
	}
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Backup(t.Context(), path, dir, backupTime, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("Backup into a folder that is there = %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("a refused backup removed the folder: %v", err)
	}
}
