package server

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"custodex.dev/internal/config"
)

// After mendModes nobody else can read or write the database or replace it, whatever the
// modes were, and nothing is changed that was right.
func TestFieldC14Modes(t *testing.T) {
	t.Parallel()
	tests := []struct{ folder, file, wantFolder, wantFile fs.FileMode }{
		{0o700, 0o600, 0o700, 0o600},
		{0o755, 0o600, 0o755, 0o600}, // others may look, and open nothing
		{0o777, 0o644, 0o700, 0o600},
		{0o770, 0o660, 0o700, 0o600},
		{0o702, 0o602, 0o700, 0o600},
		{0o770 | fs.ModeSetgid, 0o660, 0o770 | fs.ModeSetgid, 0o600}, // a volume of Kubernetes
		{0o777 | fs.ModeSetgid, 0o600, 0o770 | fs.ModeSetgid, 0o600},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		database := filepath.Join(dir, databaseFile)
		for _, path := range []string{database, database + "-wal", database + ".lock"} {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.file); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, tt.folder); err != nil {
			t.Fatal(err)
		}
		mended, err := mendModes(config.Config{DataDir: dir})
		if err != nil {
			t.Fatalf("mendModes(%v, %v) = %v", tt.folder, tt.file, err)
		}
		if wrong := tt.folder != tt.wantFolder || tt.file != tt.wantFile; wrong != (len(mended) > 0) {
			t.Errorf("mendModes(%v, %v) says %q", tt.folder, tt.file, mended)
		}
		for path, want := range map[string]fs.FileMode{dir: tt.wantFolder, database: tt.wantFile, database + "-wal": tt.wantFile, database + ".lock": tt.wantFile} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode() &^ fs.ModeDir; got != want {
				t.Errorf("after mendModes(%v, %v) %s has mode %v, want %v", tt.folder, tt.file, filepath.Base(path), got, want)
			}
		}
	}
}
