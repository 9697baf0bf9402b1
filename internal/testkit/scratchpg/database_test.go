package scratchpg_test

import (
	stdcontext "context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit/scratchpg"
)

func TestNewDatabaseIsFreshAndDropped(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("first", func(t *testing.T) {
		address = scratchpg.NewDatabase(t)
		conn := connect(t, address)
		execute(t, conn, "CREATE TABLE mine (n integer)")
		if got := queryText(t, conn, "SHOW lc_collate"); got != "C" {
			t.Errorf("lc_collate = %s, want C", got)
		}

		other := connect(t, scratchpg.NewDatabase(t))
		if got := queryText(t, other, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'mine'"); got != "0" {
			t.Error("a second database holds the table of the first")
		}
	})
	if conn, err := pgx.Connect(context(), address); err == nil {
		conn.Close(context())
		t.Error("the database is still there after its test")
	}
}

func TestNewDatabaseUsesTheNamedServer(t *testing.T) {
	c := scratchpg.NewCluster(t)
	t.Setenv(scratchpg.EnvURL, c.URL(""))
	start := func() (*scratchpg.Cluster, error) { return nil, errors.New("must not start one") }

	got, err := url.Parse(scratchpg.NewDatabaseFor(t, start))
	if err != nil {
		t.Fatal(err)
	}
	want, err := url.Parse(c.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	want.Path = got.Path
	if got.String() != want.String() {
		t.Errorf("NewDatabase() = %s, want it on %s", got, want)
	}
	if !strings.HasPrefix(got.Path, "/custodex_") {
		t.Errorf("database = %s, want a name of its own", got.Path)
	}
}

func TestNewDatabaseWithoutServer(t *testing.T) {
	absent := fmt.Errorf("look: %w", scratchpg.ErrNoServer)
	broken := errors.New("initdb: no space left")
	tests := []struct {
		name, url, need, want string
		start                 error
	}{
		{"absent", "", "", "skip", absent},
		{"absent and required", "", scratchpg.Required, "fatal", absent},
		{"broken is never skipped", "", "", "fatal", broken},
		{"no address", "mysql://user:hidden@db", "", "fatal", nil},
		{"no server at the address", "postgres://user:hidden@127.0.0.1:1/x", "", "fatal", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(scratchpg.EnvURL, tt.url)
			t.Setenv(scratchpg.EnvNeed, tt.need)
			fake := &fakeTB{TB: t}
			done := make(chan struct{})
			go func() { // Skip and Fatal end their goroutine.
				defer close(done)
				scratchpg.NewDatabaseFor(fake, func() (*scratchpg.Cluster, error) { return nil, tt.start })
			}()
			<-done
			if fake.outcome != tt.want {
				t.Errorf("outcome = %s (%s), want %s", fake.outcome, fake.text, tt.want)
			}
			if strings.Contains(fake.text, "hidden") {
				t.Errorf("the message shows the password: %s", fake.text)
			}
		})
	}
}

// fakeTB records how a test was ended.
type fakeTB struct {
	testing.TB
	outcome, text string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Skipf(format string, args ...any) { f.end("skip", fmt.Sprintf(format, args...)) }

func (f *fakeTB) Fatalf(format string, args ...any) { f.end("fatal", fmt.Sprintf(format, args...)) }

func (f *fakeTB) Fatal(args ...any) { f.end("fatal", fmt.Sprint(args...)) }

func (f *fakeTB) end(outcome, text string) {
	f.outcome, f.text = outcome, text
	runtime.Goexit()
}

func TestFindBinaries(t *testing.T) {
	root := t.TempDir()
	install := func(dir string, names ...string) string {
		full := filepath.Join(root, dir)
		if err := os.MkdirAll(full, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(full, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return full
	}
	install("lib/9.6/bin", "initdb", "postgres")
	newest := install("lib/15/bin", "initdb", "postgres")
	install("lib/17/bin", "postgres") // Without initdb: not a server.
	inPath := install("path", "initdb", "postgres")
	clientOnly := install("client", "psql")
	links := install("links")
	if err := os.Symlink(filepath.Join(newest, "postgres"), filepath.Join(links, "postgres")); err != nil {
		t.Fatal(err)
	}
	pattern := filepath.Join(root, "lib/*/bin")
	tests := []struct {
		name, path, pattern, want string
		err                       error
	}{
		{"newest by number", clientOnly, pattern, newest, nil},
		{"PATH first", inPath, pattern, inPath, nil},
		{"through a link", links, filepath.Join(root, "none/*"), newest, nil},
		{"nothing", clientOnly, filepath.Join(root, "none/*"), "", scratchpg.ErrNoServer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			got, err := scratchpg.FindBinaries(tt.pattern)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FindBinaries() = %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// context is the one of every call here: the test's own time limit is enough.
func context() stdcontext.Context { return stdcontext.Background() }

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func queryText(t *testing.T, conn *pgx.Conn, query string, args ...any) string {
	t.Helper()
	var got string
	if err := conn.QueryRow(context(), query, args...).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}
