package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"custodex.dev/internal/redact"
)

// private is a secret that is written to private files and printed nowhere by
// accident.
type private string

func (p private) secret() redact.Secret { return redact.NewSecret(string(p)) }

// Format prints a mask for every verb.
func (p private) Format(f fmt.State, v rune) { p.secret().Format(f, v) }

// cut parts an operator key into its public and its secret half.
func (p private) cut() (public, secret string, ok bool) { return strings.Cut(string(p), ".") }

// devCredentials is what custodex dev keeps in its data folder, readable by its
// owner alone.
type devCredentials struct {
	URL          string  `json:"url"`
	ManageURL    string  `json:"manage_url"`
	AppID        string  `json:"app_id"`
	ClientKey    string  `json:"client_key"`
	ClientSecret private `json:"client_secret"`
	OperatorKey  private `json:"operator_key"`
	RateLimit    int     `json:"rate_limit"`
}

// The files in a dev data folder that hold credentials.
func devFile(data string) string    { return filepath.Join(data, "dev-credentials.json") }
func devHeaders(data string) string { return filepath.Join(data, "dev-headers") }

// readDevCredentials reads them. Without the file it is fs.ErrNotExist.
func readDevCredentials(data string) (devCredentials, error) {
	var c devCredentials
	path := devFile(data)
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return c, fmt.Errorf("%s can be read by others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil || c.OperatorKey == "" {
		return c, fmt.Errorf("%s is damaged; custodex dev with another --data DIR starts afresh", path)
	}
	return c, nil
}

// save writes them, and the client's headers as curl reads them.
func (c devCredentials) save(data string) error {
	err := writePrivate(devFile(data), c.encode(c))
	if err != nil || c.ClientKey == "" {
		return err
	}
	return writePrivate(devHeaders(data), []byte("x-client-key: "+c.ClientKey+"\nx-client-secret: "+string(c.ClientSecret)+"\n"))
}

// export gives what --credentials-out writes.
func (c devCredentials) export() []byte {
	return c.encode(struct {
		URL          string  `json:"url"`
		ManageURL    string  `json:"manage_url"`
		AppID        string  `json:"app_id"`
		ClientKey    string  `json:"client_key"`
		ClientSecret private `json:"client_secret"`
		OperatorKey  private `json:"operator_key"`
	}{c.URL, c.ManageURL, c.AppID, c.ClientKey, c.ClientSecret, c.OperatorKey})
}

func (devCredentials) encode(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // strings and numbers alone cannot fail
	}
	return append(b, '\n')
}

// sameFile reports whether two paths lead to one file, there or not.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	if !errors.Is(errA, fs.ErrNotExist) || !errors.Is(errB, fs.ErrNotExist) {
		return false
	}
	pathA, errA := filepath.Abs(a)
	pathB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && pathA == pathB
}
