package seal

import (
	gocontext "context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/id"
)

// KeySource wraps application keys under the master key. A file is the only source so
// far; a KMS would fit behind the same two methods. Both methods may block, and fail
// with fault.Unavailable. Unwrap fails with ErrOpen only if the key does not fit.
type KeySource interface {
	Wrap(ctx gocontext.Context, app id.App, key []byte) ([]byte, error)
	Unwrap(ctx gocontext.Context, app id.App, wrapped []byte) ([]byte, error)
}

const fileHeader = "custodex-master-key-v1 "

// CreateKeyFile writes a new random master key to path with mode 0600. It never
// overwrites a file: if there is one, it returns an error that wraps fs.ErrExist.
func CreateKeyFile(path string) error {
	var key [KeySize]byte
	_, _ = rand.Read(key[:])
	// The key is written under another name first, so that a process killed here leaves
	// no half key.
	f, err := os.CreateTemp(filepath.Dir(path), ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(fileHeader + base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil { // fails if path is there
		return err
	}
	// The name must survive a power failure, too. Not every system can sync a folder.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = errors.Join(dir.Sync(), dir.Close())
	}
	return nil
}

// OpenKeyFile reads a master key. It refuses a file that anyone but its owner can read,
// with an error that says what to do.
func OpenKeyFile(path string) (KeySource, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no master key at %s; restore it from your backup. A new key could not read what is in the database", path)
	}
	if err != nil {
		return nil, err
	}
	// Windows uses access lists and has no such modes.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("the master key %s can be read by others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(string(b)), fileHeader)
	if !ok {
		return nil, fmt.Errorf("%s is not a master key file", path)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("the master key %s is damaged; restore it from your backup", path)
	}
	return NewMasterKey(key)
}

// NewMasterKey makes a KeySource of a raw key of KeySize bytes.
func NewMasterKey(key []byte) (KeySource, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", KeySize, len(key))
	}
	return masterKey{&masterAEAD{aead}}, nil
}

type masterKey struct{ *masterAEAD }

type masterAEAD struct{ aead cipher.AEAD }

func (m masterKey) Wrap(_ gocontext.Context, app id.App, key []byte) ([]byte, error) {
	return sealWith(m.aead, nil, key, context(app, id.Customer{}, "application", "application key")), nil
}

func (m masterKey) Unwrap(_ gocontext.Context, app id.App, wrapped []byte) ([]byte, error) {
	return openWith(m.aead, nil, wrapped, context(app, id.Customer{}, "application", "application key"))
}
