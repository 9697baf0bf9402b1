package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/seal"
)

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := seal.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the new key has mode %v, %v, want 0600", info.Mode(), err)
	}
	first, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := first.Wrap(t.Context(), 1, fixed(1))
	if err != nil {
		t.Fatal(err)
	}
	second, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Unwrap(t.Context(), 1, wrapped); err != nil || !bytes.Equal(got, fixed(1)) {
		t.Errorf("read again, the key unwraps %x, %v", got, err)
	}

	// Another new key is another key.
	other := filepath.Join(t.TempDir(), "master.key")
	if err := seal.CreateKeyFile(other); err != nil {
		t.Fatal(err)
	}
	third, err := seal.OpenKeyFile(other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = third.Unwrap(t.Context(), 1, wrapped)
	refused(t, "another master key", err)
}

// Who loses the master key loses all, so nothing may write over one: not even over a file that is none.
func TestCreateKeyFileNeverOverwrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"key": "custodex-master-key-v1 x\n", "empty": "", "other": "notes"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := seal.CreateKeyFile(path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("CreateKeyFile over %s: %v, want one that is %v", name, err, fs.ErrExist)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%s is now %q, %v", name, got, err)
		}
	}
	target := filepath.Join(dir, "nowhere")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := seal.CreateKeyFile(link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateKeyFile through a link: %v", err)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("CreateKeyFile wrote through a link")
	}
	if err := seal.CreateKeyFile(filepath.Join(dir, "no", "folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("CreateKeyFile in no folder: %v", err)
	}
}

func TestOpenKeyFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := base64.StdEncoding.EncodeToString(fixed(1))
	good := "custodex-master-key-v1 " + key + "\n"
	tests := []struct {
		name, content string
		mode          os.FileMode
		want          string // in the error; "" if the file is good
	}{
		{"good", good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"without a line end", strings.TrimSpace(good), 0o600, ""},
		{"with a line end of Windows", strings.TrimSpace(good) + "\r\n", 0o600, ""},
		{"for the group to read", good, 0o640, "chmod 600"},
		{"for all to read", good, 0o644, "chmod 600"},
		{"for all to write", good, 0o602, "chmod 600"},
		{"for the group to run", good, 0o610, "chmod 600"},
		{"empty", "", 0o600, "is not a master key"},
		{"of spaces", " \n ", 0o600, "is not a master key"},
		{"a bare key", key, 0o600, "is not a master key"},
		{"of a later version", strings.Replace(good, "v1", "v2", 1), 0o600, "is not a master key"},
		{"another file", "-----BEGIN PRIVATE KEY-----\n" + key, 0o600, "is not a master key"},
		{"without its key", "custodex-master-key-v1", 0o600, "is not a master key"},
		{"cut short", good[:len(good)-10], 0o600, "is damaged"},
		{"cut to its header", "custodex-master-key-v1 =\n", 0o600, "is damaged"},
		{"with a wrong sign", strings.Replace(good, key[5:6], "*", 1), 0o600, "is damaged"},
		{"with a short key", "custodex-master-key-v1 " + base64.StdEncoding.EncodeToString(fixed(1)[:31]), 0o600, "is damaged"},
		{"with a long key", "custodex-master-key-v1 " + base64.StdEncoding.EncodeToString(append(fixed(1), 1)), 0o600, "is damaged"},
		{"with two keys", good + good, 0o600, "is damaged"},
	}
	for i, tt := range tests {
		path := filepath.Join(dir, strings.Repeat("k", i+1))
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil { // WriteFile's mode passes through the umask
			t.Fatal(err)
		}
		source, err := seal.OpenKeyFile(path)
		if tt.want == "" {
			if err != nil {
				t.Errorf("a file %s: %v", tt.name, err)
			}
			continue
		}
		if err == nil || source != nil {
			t.Errorf("a file %s opened", tt.name)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("a file %s: %v, want its name and %q", tt.name, err, tt.want)
		}
		if strings.Contains(err.Error(), key[:8]) || strings.Contains(err.Error(), key[len(key)-8:]) {
			t.Errorf("a file %s: the error tells the key: %v", tt.name, err)
		}
	}
	if _, err := seal.OpenKeyFile(filepath.Join(dir, "absent")); err == nil || !strings.Contains(err.Error(), "restore it from your backup") {
		t.Errorf("no file: %v, want what to do about it", err)
	}
	if _, err := seal.OpenKeyFile(dir); err == nil {
		t.Error("a folder opened as a key")
	}
}
