package seal

import (
	gocontext "context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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

// Provider wraps the keys of epochs. A server asks it at start, once to check the key and once to
// use it, and again when an epoch begins. Its methods may block, and fail with fault.Unavailable. Unwrap fails with
// ErrOpen only if the key does not fit.
type Provider interface {
	// Describe names the provider and the version of its key that wraps now. Both are stored
	// beside what it wrapped. They are no secrets.
	Describe(ctx gocontext.Context) (ref, version string, err error)

	Wrap(ctx gocontext.Context, epoch int64, key []byte) ([]byte, error)
	Unwrap(ctx gocontext.Context, epoch int64, wrapped []byte) ([]byte, error)
}

// RootOpener is a Provider that wrapped the roots of applications itself, before there were
// epochs. It opens them, and wraps no more.
type RootOpener interface {
	UnwrapRoot(ctx gocontext.Context, app id.App, wrapped []byte) ([]byte, error)
}

// OpenProvider opens the provider that a URL names: file:PATH, or PATH alone, for a file of
// CreateKeyFile.
func OpenProvider(url string) (Provider, error) {
	if path, ok := KeyPath(url); ok {
		return OpenKeyFile(path)
	}
	return nil, fmt.Errorf("the master key %s is not of a kind that this release knows; it knows file:PATH", url)
}

// KeyPath gives the path of a master key that is a file. It reports false for other URLs.
func KeyPath(url string) (path string, ok bool) {
	scheme, rest, found := strings.Cut(url, ":")
	switch {
	case !found || len(scheme) == 1 || strings.ContainsAny(scheme, `/\`): // a drive of Windows, or a path
		return url, true
	case scheme == "file":
		return rest, true
	}
	return "", false
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
func OpenKeyFile(path string) (Provider, error) {
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

// NewMasterKey makes a Provider of a raw key of KeySize bytes. It is a RootOpener.
func NewMasterKey(key []byte) (Provider, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", KeySize, len(key))
	}
	mark := hmac.New(sha256.New, key)
	mark.Write([]byte("custodex v1 master key id"))
	return masterKey{&masterAEAD{aead, hex.EncodeToString(mark.Sum(nil)[:8])}}, nil
}

type masterKey struct{ *masterAEAD }

type masterAEAD struct {
	aead cipher.AEAD
	mark string // tells keys apart, and nothing else
}

func (m masterKey) Describe(gocontext.Context) (ref, version string, err error) {
	return "file", m.mark, nil
}

func (m masterKey) Wrap(_ gocontext.Context, epoch int64, key []byte) ([]byte, error) {
	return sealInEpoch(epoch, m.aead, key, contextInEpoch(epoch, "", id.Customer{}, "key_epoch", "epoch key")), nil
}

func (m masterKey) Unwrap(_ gocontext.Context, epoch int64, wrapped []byte) ([]byte, error) {
	return openInEpoch(epoch, m.aead, nil, wrapped, contextInEpoch(epoch, "", id.Customer{}, "key_epoch", "epoch key"))
}

func (m masterKey) UnwrapRoot(_ gocontext.Context, app id.App, wrapped []byte) ([]byte, error) {
	return openWith(m.aead, nil, wrapped, context(app, id.Customer{}, "application", "application key"))
}
