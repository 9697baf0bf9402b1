// Package scratchpg gives tests a real PostgreSQL: it starts the server binaries of this machine on
// a data folder of its own and takes everything away afterwards, also when the test process is
// killed. Durability is left as production has it (fsync, full page writes, checksums), so a test
// that kills the server says something about a server that was killed.
//
// It is imported by tests and by its own command, never by what users run. It needs a Unix.
//
// Most tests want [NewDatabase], which hands out an empty database on a server that all of them
// share. A test that kills or restarts the server wants [NewCluster]. What a newcomer gets wrong:
// databases are separate, but roles belong to the whole server, so a test that makes a role must
// name it after its database.
package scratchpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// superuser is the role that initdb makes.
const superuser = "postgres"

// A Cluster is one PostgreSQL server that belongs to this process. Its methods may be called from
// any goroutine, except that Kill, Freeze, Thaw, Restart and Stop must not overlap.
type Cluster struct {
	bin      string // Folder of the server's programs.
	dir      string // Everything of ours: data, socket, log.
	port     int
	password string
	account  *syscall.Credential
	watchdog *watchdog
	server   *server // The running server, or the one that was killed last.
}

// Start makes a new data folder and starts a server on it, on a port of 127.0.0.1 and on a Unix
// socket. It returns when the server answers a query. The context bounds the start only. The error
// is ErrNoServer when this machine has no server to start.
//
// The caller owes a Stop. If the process dies first, the server and its folder still go away.
func Start(ctx context.Context) (*Cluster, error) {
	bin, err := findBinaries(binaryPattern)
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, password: rand.Text()}
	if c.account, err = account(); err != nil {
		return nil, err
	}
	if c.dir, err = makeDir(c.account); err != nil {
		return nil, err
	}
	if c.watchdog, err = newWatchdog(c.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	if err := c.create(); err != nil {
		return nil, errors.Join(err, c.watchdog.release(c.dir))
	}
	if err := c.launch(ctx, true); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// URL returns the address of a database as a superuser reaches it. Empty means the database that
// every server has.
func (c *Cluster) URL(db string) string {
	if db == "" {
		db = "postgres"
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, c.password),
		Host:     "127.0.0.1:" + strconv.Itoa(c.port),
		Path:     "/" + db,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Program returns the path of one of PostgreSQL's programs, as pg_dump, of the server's version.
func (c *Cluster) Program(name string) string { return filepath.Join(c.bin, name) }

// DataDir is the server's data folder, for tests that read what lies on the disk.
func (c *Cluster) DataDir() string { return filepath.Join(c.dir, "data") }

// LogFile is what the server has written to its standard error, over all restarts.
func (c *Cluster) LogFile() string { return filepath.Join(c.dir, "server.log") }

// Kill ends the server as a crash would: SIGKILL to it and to every process it has started, no
// checkpoint, nothing flushed. It returns when all of them are gone. Restart brings it back.
func (c *Cluster) Kill() error { return c.server.kill() }

// Freeze stops the server and every process it has started in the middle of what they do, as a
// machine that hangs: connections stay open and nothing is answered. It needs /proc.
func (c *Cluster) Freeze() error { return c.server.freeze() }

// Thaw lets a frozen server go on where it was.
func (c *Cluster) Thaw() error { return c.server.thaw() }

// Restart starts the server again on the same folder and port, after a Kill, or after a fast
// shutdown if it still runs. It returns when the server has recovered and answers.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.server.stop(); err != nil {
		return err
	}
	return c.launch(ctx, false)
}

// Stop shuts the server down in order, ends its sessions, and removes everything it wrote.
func (c *Cluster) Stop() error {
	var err error
	if c.server != nil {
		err = c.server.stop()
	}
	return errors.Join(err, c.watchdog.release(c.dir))
}

// create runs initdb.
func (c *Cluster) create() error {
	passwordFile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(c.password), 0o600); err != nil {
		return fmt.Errorf("write the password file: %w", err)
	}
	if err := chown(passwordFile, c.account); err != nil {
		return err
	}
	// --no-sync is about initdb's own files: the server fsyncs as always.
	return c.run("initdb", "--pgdata", c.DataDir(), "--username", superuser,
		"--pwfile", passwordFile, "--auth", "scram-sha-256", "--data-checksums",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
}

// makeDir makes the folder of a cluster and gives it to the account that runs the server.
func makeDir(account *syscall.Credential) (string, error) {
	parent := os.TempDir()
	// The path of a socket has room for about a hundred bytes.
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "custodex-pg-")
	if err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if err := chown(dir, account); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

func chown(path string, account *syscall.Credential) error {
	if account == nil {
		return nil
	}
	if err := os.Chown(path, int(account.Uid), int(account.Gid)); err != nil {
		return fmt.Errorf("hand over to the server's account: %w", err)
	}
	return nil
}
