package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"custodex.dev/internal/testkit/scratchpg"
)

// program is the built command; TestMain makes it.
var program string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "scratchpg-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "scratchpg")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// scratch prepares the program with a server of its own, whatever the environment of this test.
func scratch(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), scratchpg.EnvURL+"=", scratchpg.EnvNeed+"=")
	return cmd
}

func TestRunsTheCommandBesideAServer(t *testing.T) {
	t.Parallel()
	scratchpg.NewCluster(t) // Decides whether this machine can run the test.
	cmd := scratch("--", "sh", "-c", `echo "$CUSTODEX_TEST_POSTGRES $CUSTODEX_TEST_POSTGRES_URL"; exit 7`)
	out, err := cmd.Output()
	if got := code(t, err); got != 7 {
		t.Errorf("exit code = %d, want the command's 7", got)
	}
	need, address, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if need != scratchpg.Required || !strings.HasPrefix(address, "postgres://postgres:") {
		t.Errorf("environment = %q, want %q and an address", out, scratchpg.Required)
	}
}

func TestUsesTheNamedServer(t *testing.T) {
	t.Parallel()
	const address = "postgres://someone@db.example/x"
	cmd := scratch("sh", "-c", `echo "$CUSTODEX_TEST_POSTGRES_URL"`)
	cmd.Env = append(cmd.Env, scratchpg.EnvURL+"="+address)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != address {
		t.Errorf("address = %q, want the one given, %q", got, address)
	}
}

func TestPassesSignalsOn(t *testing.T) {
	t.Parallel()
	scratchpg.NewCluster(t) // Decides whether this machine can run the test.
	cmd := scratch("sh", "-c", `trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done`)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("first line = %q, want ready", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "caught" {
		t.Errorf("line after the signal = %q, want caught", lines.Text())
	}
	if got := code(t, cmd.Wait()); got != 9 {
		t.Errorf("exit code = %d, want the command's 9", got)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   []string
		want   int
		stderr string
	}{
		{"no command", nil, 2, "usage: "},
		{"only dashes", []string{"--"}, 2, "usage: "},
		{"no such command", []string{"/nowhere/at/all"}, 1, "no such file"},
		{"ended by a signal", []string{"sh", "-c", "kill -KILL $$"}, 137, ""},
		{"good", []string{"true"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := scratch(tt.args...)
			cmd.Env = append(cmd.Env, scratchpg.EnvURL+"=postgres://unused")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if got := code(t, cmd.Run()); got != tt.want {
				t.Errorf("exit code = %d, want %d", got, tt.want)
			}
			if !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("standard error = %q, want %q in it", &stderr, tt.stderr)
			}
		})
	}
}

// code is the exit code behind the error of a finished command.
func code(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatal(err)
	}
	return exit.ExitCode()
}
