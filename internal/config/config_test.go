package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
)

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestLoadOrder(t *testing.T) {
	t.Parallel()
	got, err := config.Load(config.Sources{
		File: write(t, `{"addr":":1","manage_addr":":2","max_skip":3,"conceal":true,
			"trusted_proxies":["10.0.0.0/8","192.0.2.7/32"],"idle_timeout":"1m"}`, 0o644),
		Env:      env("CUSTODEX_MANAGE_ADDR", ":20", "CUSTODEX_MAX_SKIP", "30", "CUSTODEX_CONCEAL", "false"),
		Flags:    &config.Config{Addr: "not given", MaxSkip: 300},
		SetFlags: []string{"max-skip", "json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Addr, want.ManageAddr, want.MaxSkip, want.IdleTimeout = ":1", ":20", 300, time.Minute
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	same := cmp.Options{
		cmp.Comparer(func(a, b redact.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	secret := "hunter2"
	tests := []struct {
		name string
		from config.Sources
		want string
	}{
		{"unknown member", config.Sources{File: write(t, `{"adr":":1"}`, 0o644)}, `unknown setting "adr"`},
		{"kebab member", config.Sources{File: write(t, `{"max-skip":1}`, 0o644)}, `unknown setting "max-skip"`},
		{"repeated member", config.Sources{File: write(t, `{"addr":":1","addr":":2"}`, 0o644)}, "has a member more than once"},
		{"not JSON", config.Sources{File: write(t, `addr: 1`, 0o644)}, "JSON"},
		{"absent file", config.Sources{File: filepath.Join(t.TempDir(), "none")}, "read the configuration"},
		{"object", config.Sources{File: write(t, `{"addr":{}}`, 0o644)}, "setting addr in"},
		{"number", config.Sources{Env: env("CUSTODEX_MAX_SKIP", secret)}, "CUSTODEX_MAX_SKIP: use a whole number"},
		{"duration", config.Sources{Env: env("CUSTODEX_IDLE_TIMEOUT", secret)}, "use a duration like"},
		{"network", config.Sources{Env: env("CUSTODEX_TRUSTED_PROXIES", secret)}, "use networks like"},
		{"level", config.Sources{Env: env("CUSTODEX_LOG_LEVEL", secret)}, "use debug, info"},
		{"bool", config.Sources{Env: env("CUSTODEX_CONCEAL", secret)}, "use true or false"},
		{"size", config.Sources{Env: env("CUSTODEX_MAX_BODY", secret)}, "number of bytes"},
		{"open URL file", config.Sources{Env: env("CUSTODEX_DATABASE_URL_FILE", write(t, secret, 0o644))}, "can be read by others"},
		{"two URLs", config.Sources{Env: env("CUSTODEX_DATABASE_URL_FILE", write(t, secret, 0o600),
			"CUSTODEX_DATABASE_URL", secret)}, "exclude each other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(tt.from)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Load = %v, want %q in it", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func TestLoadReadsDatabaseURLFile(t *testing.T) {
	t.Parallel()
	const url = "postgres://u:hunter2@h/db"
	c, err := config.Load(config.Sources{Env: env("CUSTODEX_DATABASE_URL_FILE", write(t, url+"\n", 0o600))})
	if err != nil || c.DatabaseURL.Reveal() != url {
		t.Fatalf("Load: URL read = %t, error %v", c.DatabaseURL.Reveal() == url, err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(shown, "hunter2") {
		t.Errorf("a printed Config shows the URL: %s", shown)
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "--master-key") {
		t.Errorf("Validate without a key = %v, want a word about --master-key", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	url := redact.NewSecret("postgres://u@h/db")
	tests := []struct {
		name string
		in   config.Config
		want string // in the error; empty: none
	}{
		{"folder alone", config.Config{DataDir: "d"}, ""},
		{"PostgreSQL with a key", config.Config{DatabaseURL: url, MasterKeyFile: "k"}, ""},
		{"nothing", config.Config{}, "no database is set"},
		{"both", config.Config{DataDir: "d", DatabaseURL: url}, "exclude each other"},
		{"no key", config.Config{DatabaseURL: url}, "requires a master key"},
		{"no URL", config.Config{DatabaseURL: redact.NewSecret("db.example"), MasterKeyFile: "k"}, "must look like postgres://"},
		{"no database name", config.Config{DatabaseURL: redact.NewSecret("postgres://h"), MasterKeyFile: "k"}, "must look like"},
		{"address without port", config.Config{DataDir: "d", Addr: "localhost"}, "addr must be a host and a port"},
		{"bad manage port", config.Config{DataDir: "d", ManageAddr: ":99999"}, "manage-addr must be"},
		{"certificate alone", config.Config{DataDir: "d", TLSCert: "c"}, "tls-cert needs tls-key"},
		{"manage key alone", config.Config{DataDir: "d", ManageTLSKey: "c"}, "manage-tls-key needs manage-tls-cert"},
		{"negative", config.Config{DataDir: "d", MaxSkip: -1, IdleTimeout: -1}, "max-skip must not be negative"},
		{"huge bodies", config.Config{DataDir: "d", MaxBody: 1 << 40}, "max-body must be at most"},
		{"searches in all places", config.Config{DataDir: "d", MaxRequests: 20, SearchSlots: 11}, "search-slots must be at most half of max-requests, which is 10"},
		{"jobs beyond all of the time", config.Config{DataDir: "d", JobShare: 101}, "job-share must be at most 100"},
		{"searches in half of the places", config.Config{DataDir: "d", MaxRequests: 20, SearchSlots: 10}, ""},
		{"default searches in few places", config.Config{DataDir: "d", MaxRequests: 31}, "which is 15"},
		{"one of each", config.Config{DataDir: "d", MaxRequests: 1, SearchSlots: 1}, ""},
		{"log format", config.Config{DataDir: "d", LogFormat: "xml"}, "log-format must be"},
		{"unread file", config.Config{DatabaseURLFile: "f"}, "was not read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.in.Validate()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Validate = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestValidateFillsDefaults(t *testing.T) {
	t.Parallel()
	c := config.Config{DataDir: "d", MaxSkip: 7}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.MaxSkip != 7 || c.MaxConns != config.Default().MaxConns || c.Addr == "" {
		t.Errorf("Validate left %+v", c)
	}
	if got, want := c.KeyFile(), filepath.Join("d", "master.key"); got != want {
		t.Errorf("KeyFile() = %s, want %s", got, want)
	}
}

func TestReadPrivate(t *testing.T) {
	t.Parallel()
	if s, err := config.ReadPrivate(write(t, "  s3cret\n", 0o600)); err != nil || s.Reveal() != "s3cret" {
		t.Errorf("ReadPrivate: right = %t, error %v", s.Reveal() == "s3cret", err)
	}
	if _, err := config.ReadPrivate(write(t, "s", 0o640)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("ReadPrivate of an open file = %v", err)
	}
	if _, err := config.ReadPrivate(write(t, "\n", 0o600)); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("ReadPrivate of an empty file = %v", err)
	}
	if _, err := config.ReadPrivate(filepath.Join(t.TempDir(), "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadPrivate of no file = %v", err)
	}
}
