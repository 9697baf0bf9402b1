package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"custodex.dev/internal/seal"
)

// masterKey is the name of the master key in a data folder.
const masterKey = "master.key"

// MasterKey is the URL of the master key, or the path of its file.
func (c *Config) MasterKey() string {
	if c.MasterKeyFile != "" {
		return c.MasterKeyFile
	}
	return filepath.Join(c.DataDir, masterKey)
}

// KeyFile is the path of the master key; "" if it is no file.
func (c *Config) KeyFile() string {
	path, _ := seal.KeyPath(c.MasterKey())
	return path
}

// Validate gives every zero field its default and then checks what a server needs.
// The error lists everything that is wrong, one sentence a line, each with what to
// set. Validate reads no file.
func (c *Config) Validate() error {
	def := Default()
	for _, s := range settings() {
		if v := s.of(c); v.IsZero() {
			v.Set(s.of(&def))
		}
	}
	return errors.Join(
		c.ValidateDatabase(),
		c.checkKey(),
		checkAddr("addr", c.Addr),
		checkAddr("manage-addr", c.ManageAddr),
		checkPair("tls-cert", c.TLSCert, "tls-key", c.TLSKey),
		checkPair("manage-tls-cert", c.ManageTLSCert, "manage-tls-key", c.ManageTLSKey),
		c.checkNumbers(),
		c.checkLog(),
	)
}

func (c *Config) checkKey() error {
	if !c.DatabaseURL.IsZero() && c.MasterKeyFile == "" {
		return errors.New("database-url requires a master key; set --master-key FILE")
	}
	if _, ok := seal.KeyPath(c.MasterKey()); !ok {
		return errors.New("master-key is not of a kind that this release knows; set the path of a file, or file:PATH")
	}
	return nil
}

// ValidateDatabase checks that exactly one database is set, for verbs that need
// nothing else.
func (c *Config) ValidateDatabase() error {
	switch {
	case c.DatabaseURLFile != "":
		return errors.New("database-url-file was not read; config.Load does that")
	case c.DataDir == "" && c.DatabaseURL.IsZero():
		return errors.New("no database is set; use --data DIR for SQLite or --database-url URL for PostgreSQL")
	case c.DataDir != "" && !c.DatabaseURL.IsZero():
		return errors.New("data and database-url exclude each other; set one")
	case c.DatabaseURL.IsZero():
		return nil
	}
	// The parser's error would show the URL, password and all.
	u, err := url.Parse(c.DatabaseURL.Reveal())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Path == "" || u.Path == "/" {
		return errors.New("database-url must look like postgres://user@host/database")
	}
	return nil
}

func checkAddr(name, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%s must be a host and a port, as 127.0.0.1:8080 or :8080", name)
	}
	return nil
}

func checkPair(certName, cert, keyName, key string) error {
	switch {
	case cert != "" && key == "":
		return fmt.Errorf("%s needs %s", certName, keyName)
	case cert == "" && key != "":
		return fmt.Errorf("%s needs %s", keyName, certName)
	}
	return nil
}

func (c *Config) checkNumbers() error {
	var wrong []error
	for _, s := range settings() {
		if v := s.of(c); v.CanInt() && s.name != "log-level" && v.Int() < 0 {
			wrong = append(wrong, fmt.Errorf("%s must not be negative", s.name))
		}
	}
	if c.MaxBody > 64<<20 {
		wrong = append(wrong, errors.New("max-body must be at most 67108864 (64 MiB)"))
	}
	if c.JobShare > 100 {
		wrong = append(wrong, errors.New("job-share must be at most 100"))
	}
	if limit := c.MaxSearches(); c.MaxRequests > 0 && c.SearchSlots > limit {
		wrong = append(wrong, fmt.Errorf("search-slots must be at most half of max-requests, which is %d", limit))
	}
	return errors.Join(wrong...)
}

// MaxSearches is how many of the concurrent requests may be searches: half of all, so
// that slow searches leave room for other requests.
func (c *Config) MaxSearches() int { return max(c.MaxRequests/2, 1) }

func (c *Config) checkLog() error {
	if c.LogFormat != "json" && c.LogFormat != "text" {
		return errors.New("log-format must be json or text")
	}
	return nil
}
