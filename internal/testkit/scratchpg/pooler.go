package scratchpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPooler means that this machine has no PgBouncer.
var ErrNoPooler = errors.New("no pgbouncer in PATH or /usr/sbin; script/install-test-tools installs it")

// PoolMode says for how long a client of PgBouncer keeps a connection to the server.
type PoolMode string

// The modes.
const (
	PoolSessions     PoolMode = "session"
	PoolTransactions PoolMode = "transaction"
)

// A Pooler is a running PgBouncer.
type Pooler struct{ host string }

// URL gives the address of a database as it is reached through the pooler.
func (p *Pooler) URL(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("the address cannot be read")
	}
	u.Host = p.host
	return u.String()
}

// NewPooler starts a PgBouncer before the server of an address, for the user of that address, with
// at most size connections to each database. It ends with the test. Without PgBouncer on this
// machine the test is skipped, or fails if CUSTODEX_TEST_POSTGRES is "required".
func NewPooler(t testing.TB, address string, mode PoolMode, size int) *Pooler {
	t.Helper()
	bin, err := findPooler()
	if err != nil {
		giveUp(t, err)
	}
	for attempt := 1; ; attempt++ {
		p, err := startPooler(t, bin, address, mode, size)
		switch {
		case err == nil:
			return p
		case !errors.Is(err, errPoolerEnded) || attempt == 5: // else its port was taken
			t.Fatalf("start PgBouncer: %v", err)
		}
	}
}

var errPoolerEnded = errors.New("it ended instead of starting")

func findPooler() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", ErrNoPooler
}

func startPooler(t testing.TB, bin, address string, mode PoolMode, size int) (*Pooler, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	account, err := account()
	if err != nil {
		return nil, err
	}
	dir, err := makeDir(account)
	if err != nil {
		return nil, err
	}
	dog, err := newWatchdog(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, dog.release(dir))
	}
	config, err := writePooler(dir, u, account, mode, port, size)
	if err != nil {
		return nil, errors.Join(err, dog.release(dir))
	}
	cmd := exec.Command(bin, config)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: dog.group(), Credential: account}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, dog.release(dir))
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it holds nothing that must be saved
		<-ended
		if err := dog.release(dir); err != nil {
			t.Errorf("stop PgBouncer: %v", err)
		}
	})
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := answers(t.Context(), u.String(), ended); err != nil {
		return nil, err
	}
	return &Pooler{host: u.Host}, nil
}

// writePooler writes the settings and the passwords.
func writePooler(dir string, u *url.URL, account *syscall.Credential, mode PoolMode, port, size int) (string, error) {
	password, _ := u.User.Password()
	config := strings.Join([]string{
		"[databases]",
		fmt.Sprintf("* = host=%s port=%s", u.Hostname(), u.Port()),
		"[pgbouncer]",
		"listen_addr = 127.0.0.1",
		"listen_port = " + strconv.Itoa(port),
		"unix_socket_dir =",
		"auth_type = scram-sha-256",
		"auth_file = " + filepath.Join(dir, "users.txt"),
		"pool_mode = " + string(mode),
		"default_pool_size = " + strconv.Itoa(size),
		"max_client_conn = 500",
		"",
	}, "\n")
	files := map[string]string{
		"pgbouncer.ini": config,
		"users.txt":     fmt.Sprintf("%q %q\n", u.User.Username(), password),
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("write PgBouncer's settings: %w", err)
		}
		if err := chown(path, account); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "pgbouncer.ini"), nil
}

// answers waits until an address answers a query.
func answers(ctx context.Context, address string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			return errPoolerEnded
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-tick.C:
		}
	}
}
