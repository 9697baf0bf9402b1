package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/store/sqlite"
)

// The tests below take the files of a database while it is open, as a killed process
// leaves them or as a copy finds them. Reading them here would drop SQLite's locks on
// them, so a process of its own copies them.

// running is an open store with rows that are only in its write-ahead log.
func running(t *testing.T) (*sqlite.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	for range 5 {
		addApp(t, s)
	}
	return s, path
}

// refusesLog opens the database and wants the sentence about a foreign log, and the file
// and its log as they were.
func refusesLog(t *testing.T, path string) {
	t.Helper()
	before := contents(t, path)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err == nil {
		_ = s.Close(t.Context())
		t.Fatal("Open takes a database with the log of another")
	}
	if !strings.Contains(err.Error(), "does not belong to it") || !strings.Contains(sqlite.Advice(err), "custodex restore") {
		t.Errorf("Open = %v (%s), want a sentence about the log", err, sqlite.Advice(err))
	}
	if _, err := sqlite.Migrate(t.Context(), path); err == nil || !strings.Contains(err.Error(), "does not belong") {
		t.Errorf("Migrate = %v", err)
	}
	if contents(t, path) != before {
		t.Error("a refused database was changed")
	}
}

func contents(t *testing.T, path string) [2]string {
	t.Helper()
	var all [2]string
	for i, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		all[i] = string(b)
	}
	return all
}

// opens wants so many applications.
func opens(t *testing.T, path string, want int) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := applications(t, path); got != want {
		t.Errorf("%d applications, want %d", got, want)
	}
}

func applications(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM application").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// vacuum copies a database that may be open, as custodex backup does.
func vacuum(t *testing.T, path, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
}

// TestFieldC3ForeignLog: SQLite replays whatever log lies beside a file. A backup that was
// copied over the file of a killed server came up with the rows of the server, or damaged.
func TestFieldC3ForeignLog(t *testing.T) {
	t.Parallel()
	s, path := running(t)
	dir := t.TempDir()
	killed := func(name string) string { // what a server killed now leaves
		to := filepath.Join(dir, name)
		copyOpen(t, path, to)
		copyOpen(t, path+"-wal", to+"-wal")
		return to
	}
	early := filepath.Join(dir, "early.db") // the file alone, some logs ago
	copyOpen(t, path, early)
	backup := filepath.Join(dir, "backup.db")
	vacuum(t, path, backup)

	// Case 1: the log belongs to the file, before and after a copy of it into the file.
	opens(t, killed("killed.db"), 5)
	addApp(t, s)
	s.Checkpoint(t)
	opens(t, killed("copied.db"), 6)
	addApp(t, s)
	whole := killed("whole.db")
	opens(t, whole, 7)

	// Case 2: a copy by VACUUM INTO over the file of a killed server.
	over := killed("over.db")
	move(t, backup, over)
	refusesLog(t, over)

	// Case 3: as D6, an early copy of the file and a late copy of its log.
	s.Checkpoint(t)
	addApp(t, s)
	late := killed("late.db")
	move(t, early, late)
	refusesLog(t, late)

	// Case 4: the log of one database beside another.
	_, other := running(t)
	mixed := killed("mixed.db")
	copyOpen(t, other, mixed)
	refusesLog(t, mixed)

	// Case 5: an empty file beside a log, for which SQLite would delete the log.
	if err := os.Truncate(killed("emptied.db"), 0); err != nil {
		t.Fatal(err)
	}
	refusesLog(t, filepath.Join(dir, "emptied.db"))
}

// TestFieldC3EveryMoment: whenever the server is killed, its own log is taken.
func TestFieldC3EveryMoment(t *testing.T) {
	t.Parallel()
	s, path := running(t)
	for i := range 40 {
		addApp(t, s)
		if i%3 == 0 {
			s.Checkpoint(t)
		}
		if i%7 == 0 {
			s.Restart()
		}
		to := filepath.Join(t.TempDir(), "killed.db")
		copyOpen(t, path, to)
		copyOpen(t, path+"-wal", to+"-wal")
		opens(t, to, 6+i)
	}
}

// TestFieldC3QuickCheck: after an unclean end, damaged pages are found at the start.
func TestFieldC3QuickCheck(t *testing.T) {
	t.Parallel()
	s, path := running(t)
	s.Checkpoint(t)
	addApp(t, s)
	to := filepath.Join(t.TempDir(), "killed.db")
	copyOpen(t, path, to)
	copyOpen(t, path+"-wal", to+"-wal")
	f, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(2 * 4096); at < info.Size(); at += 4096 { // page 1 has the epoch, 2 is a table
		if _, err := f.WriteAt([]byte("no page of a b-tree"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	opened, err := sqlite.Open(t.Context(), sqlite.Config{Path: to})
	if err == nil {
		_ = opened.Close(t.Context())
		t.Fatal("Open takes a damaged database after an unclean end")
	}
	if !strings.Contains(sqlite.Advice(err), "restore") {
		t.Errorf("Open = %v (%s)", err, sqlite.Advice(err))
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// copyOpen copies a file of an open database.
func copyOpen(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp %s: %v %s", from, err, out)
	}
}
