package scratchpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// EnvURL names the environment variable with the address of a superuser on a server to use
	// instead of starting one.
	EnvURL = "CUSTODEX_TEST_POSTGRES_URL"
	// EnvNeed names the environment variable that, set to "required", turns a missing server
	// from a skipped test into a failed one.
	EnvNeed = "CUSTODEX_TEST_POSTGRES"
	// Required is the value of EnvNeed that does so.
	Required = "required"
)

// databaseLimit bounds making or dropping one database; both wait for checkpoints of other tests.
const databaseLimit = time.Minute

// shared is the server of this test process, started by the first test that needs one. Nobody stops
// it: its watchdog does, when the process ends.
var shared = sync.OnceValues(func() (*Cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return Start(ctx)
})

// NewDatabase makes an empty database for one test and returns its address as a superuser reaches
// it. The database is dropped when the test ends, whoever is still connected.
//
// The server is the one that CUSTODEX_TEST_POSTGRES_URL names, else one that the tests of this
// process share. Without PostgreSQL on this machine the test is skipped, or fails if
// CUSTODEX_TEST_POSTGRES is "required"; any other trouble fails it.
func NewDatabase(t testing.TB) string {
	t.Helper()
	return newDatabase(t, shared)
}

// NewCluster starts a server for one test alone, to be killed and restarted, and stops it when the
// test ends. It skips and fails as NewDatabase does, and never uses CUSTODEX_TEST_POSTGRES_URL.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	c, err := Start(ctx)
	if err != nil {
		giveUp(t, err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop the scratch PostgreSQL: %v", err)
		}
	})
	return c
}

func newDatabase(t testing.TB, start func() (*Cluster, error)) string {
	t.Helper()
	admin := os.Getenv(EnvURL)
	if admin == "" {
		c, err := start()
		if err != nil {
			giveUp(t, err)
		}
		admin = c.URL("")
	}
	name := "custodex_" + strings.ToLower(rand.Text()[:16])
	address, err := withDatabase(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	// template0 and locale C, so that a server set up by hand gives the same order of text as ours.
	create := "CREATE DATABASE " + name +
		" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
	if err := execute(admin, create); err != nil {
		t.Fatalf("make a database for this test: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop this test's database: %v", err)
		}
	})
	return address
}

// giveUp ends a test that cannot have a server.
func giveUp(t testing.TB, err error) {
	t.Helper()
	absent := errors.Is(err, ErrNoServer) || errors.Is(err, ErrNoPooler)
	if absent && os.Getenv(EnvNeed) != Required {
		t.Skipf("not run on PostgreSQL: %v", err)
	}
	t.Fatalf("PostgreSQL for this test: %v", err)
}

// withDatabase replaces the database in a server's address.
func withDatabase(address, name string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// The address holds a password, so neither it nor the parser's error is shown.
		return "", fmt.Errorf("%s is not a postgres:// address", EnvURL)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// execute runs one statement over a connection of its own.
func execute(address, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), databaseLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
