package scratchpg_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit/scratchpg"
)

// ownerEnv makes the test binary play a process that starts a cluster and does not stop it. The
// value says how the process ends.
const ownerEnv = "CUSTODEX_SCRATCHPG_TEST_OWNER"

func TestMain(m *testing.M) {
	if end := os.Getenv(ownerEnv); end != "" {
		os.Exit(own(end))
	}
	os.Exit(m.Run())
}

// own starts a cluster, says where it is, and ends without a Stop: by itself, or by a kill that
// nobody can clean up after.
func own(end string) int {
	c, err := scratchpg.Start(context())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(c.DataDir())
	fmt.Println(strings.Trim(fmt.Sprint(c.Pids()), "[]"))
	switch end {
	case "exit":
		return 0
	case "freeze":
		if err := c.Freeze(); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	select {}
}

func TestStartIsDurable(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	want := map[string]string{
		"data_checksums": "on", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"max_connections": "200", "server_encoding": "UTF8",
	}
	got := map[string]string{}
	conn := connect(t, c.URL(""))
	for name := range want {
		got[name] = queryText(t, conn, "SELECT current_setting($1)", name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestPasswordIsNeeded(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	config, err := pgx.ParseConfig(c.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	config.Password = "guess"
	if conn, err := pgx.ConnectConfig(context(), config); err == nil {
		conn.Close(context())
		t.Error("the server let a wrong password in; any user of this machine could be superuser")
	}
}

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	conn := connect(t, c.URL(""))
	execute(t, conn, "CREATE TABLE kept (n integer)")
	execute(t, conn, "INSERT INTO kept VALUES (1)")
	pids := c.Pids()
	if len(pids) < 2 {
		t.Fatalf("Pids() = %v, want the server and its children", pids)
	}

	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if scratchpg.Alive(pid) {
			t.Errorf("process %d lives on after Kill", pid)
		}
	}
	if err := conn.Ping(context()); err == nil {
		t.Error("a session outlived Kill")
	}
	if err := c.Kill(); err != nil {
		t.Errorf("second Kill: %v, want nothing to do", err)
	}

	if err := c.Restart(context()); err != nil {
		t.Fatal(err)
	}
	if got := queryText(t, connect(t, c.URL("")), "SELECT count(*)::text FROM kept"); got != "1" {
		t.Errorf("committed rows after the crash = %s, want 1", got)
	}
	log, err := os.ReadFile(c.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "not properly shut down; automatic recovery in progress") {
		t.Errorf("the log does not tell of a recovery, so Kill was no crash:\n%s", log)
	}
}

func TestFreezeAndThaw(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	conn := connect(t, c.URL(""))
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- conn.Ping(context()) }()
	select {
	case err := <-answer:
		t.Errorf("a frozen server answers: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil {
		t.Errorf("the question to the frozen server, after it went on: %v", err)
	}
}

func TestRestartWhileRunning(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	address := c.URL("")
	if err := c.Restart(context()); err != nil {
		t.Fatal(err)
	}
	connect(t, address)
	log, err := os.ReadFile(c.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), "automatic recovery") {
		t.Errorf("Restart of a running server crashed it:\n%s", log)
	}
}

func TestStopRemovesEverything(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"running", "killed", "frozen"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			scratchpg.Need(t)
			c, err := scratchpg.Start(context())
			if err != nil {
				t.Fatal(err)
			}
			pids := c.Pids()
			switch state {
			case "killed":
				err = c.Kill()
			case "frozen":
				err = c.Freeze()
			}
			if err != nil {
				t.Error(err)
			}
			if err := c.Stop(); err != nil {
				t.Fatal(err)
			}
			mustBeGone(t, c.DataDir(), pids)
		})
	}
}

func TestOwnerEndsWithoutStop(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"exit", "kill", "freeze"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			scratchpg.Need(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), ownerEnv+"="+end)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan()
			dir := lines.Text()
			lines.Scan()
			pids := numbers(t, lines.Text())
			if len(pids) == 0 {
				t.Fatalf("the owner has not started a cluster: %s", dir)
			}
			if end == "kill" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // Killed, as asked, or ended well.
			waitUntil(t, "the folder is removed", func() bool {
				_, err := os.Stat(dir)
				return os.IsNotExist(err)
			})
			mustBeGone(t, dir, pids)
		})
	}
}

func numbers(t *testing.T, line string) []int {
	t.Helper()
	var found []int
	for _, field := range strings.Fields(line) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, n)
	}
	return found
}

func mustBeGone(t *testing.T, dir string, pids []int) {
	t.Helper()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("Stat(%s) = %v, want that it is gone", dir, err)
	}
	for _, pid := range pids {
		waitUntil(t, fmt.Sprintf("process %d ends", pid), func() bool {
			return !scratchpg.Alive(pid)
		})
	}
}

// waitUntil polls for what another process does and tells nobody about.
func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
