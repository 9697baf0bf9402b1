package tests

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/testkit/external"
)

// unitValue gives the one value that the unit has for a name.
func unitValue(t *testing.T, unit, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+name+`=(.*)$`).FindAllStringSubmatch(unit, -1)
	if len(found) != 1 {
		t.Fatalf("the unit has %d lines %s=, want one", len(found), name)
	}
	return found[0][1]
}

// TestFieldE11UnitIsAccepted asks systemd what it thinks of the example: no complaint, and little
// that a server which was taken over could do.
func TestFieldE11UnitIsAccepted(t *testing.T) {
	t.Parallel()
	analyze := external.Path(t, "systemd-analyze")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "custodex.service")
	text := edit(t, deployFile(t, "custodex.service"), "ExecStart=/usr/local/bin/custodex ", "ExecStart="+path+" ")
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--man=no", unit},
		{"security", "--offline=true", "--threshold=40", "--no-pager", unit}, // 4.0 of 10
	} {
		out, err := exec.Command(analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
	defaults, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := time.ParseDuration(unitValue(t, text, "TimeoutStopSec") + "s")
	if least := defaults.DrainTime + defaults.ShutdownTimeout; err != nil || stop <= least {
		t.Errorf("systemd kills the server after %v (%v), and its own shutdown may take %v", stop, err, least)
	}
}

// TestFieldE11UnitServes runs what the unit runs, with its environment, mask and limits, as a plain
// process: first the steps of its comment, then the server, for both databases. The limit on files is
// left out: not every machine of a test allows it.
func TestFieldE11UnitServes(t *testing.T) {
	t.Parallel()
	unit := deployFile(t, "custodex.service")
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		data := filepath.Join(t.TempDir(), "custodex")
		step := regexp.MustCompile(`(?m)^#   sudo -u custodex custodex (init .*)$`).FindStringSubmatch(unit)
		if step == nil {
			t.Fatal("the unit's comment does not say how to initialise")
		}
		if err := os.Mkdir(data, 0o700); err != nil { // install -d
			t.Fatal(err)
		}
		run(t, strings.Fields(strings.ReplaceAll(step[1], "/var/lib/custodex", data))...)
		serveUnit(t, unit, "", "/var/lib/custodex", data)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pg, etc := newPGInstallation(t), t.TempDir()
		owner := pg.file(t, "custodex_owner")
		run(t, "init", "--database-url-file", owner, "--master-key", filepath.Join(etc, "master.key"), "--operator-key-out", filepath.Join(etc, "operator.key"))
		pg.do(t, "GRANT custodex_runtime TO custodex_server")
		recipe := unitRecipe(unit)
		object := strings.ReplaceAll(unitObject.FindString(recipe), "/etc/custodex", etc)
		for name, text := range map[string]string{"server-url": pg.url("custodex_server"), "config.json": object} {
			if err := os.WriteFile(filepath.Join(etc, name), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		serveUnit(t, unit, recipe, "/etc/custodex", etc)
	})
}

// serveUnit starts ExecStart, wants it to be ready, and stops it as systemd does.
func serveUnit(t *testing.T, unit, dropIn, folder, moved string) {
	t.Helper()
	start := strings.Fields(unitValue(t, unit, "ExecStart"))
	shell := fmt.Sprintf("umask %s && ulimit -c %s && exec \"$@\"", unitValue(t, unit, "UMask"), unitValue(t, unit, "LimitCORE"))
	cmd := exec.Command("/bin/sh", append([]string{"-c", shell, "sh", program(t).Path}, start[1:]...)...)
	addr := external.FreeAddr(t)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "CUSTODEX_ADDR=127.0.0.1:0", "CUSTODEX_MANAGE_ADDR=" + addr}
	for name, value := range unitEnvironment(unit, dropIn) {
		cmd.Env = append(cmd.Env, name+"="+strings.ReplaceAll(value, folder, moved))
	}
	log := filepath.Join(t.TempDir(), "log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ready := program(t, "ready", "--url", "http://"+addr)
		if ready.Run() == nil {
			break
		}
		if said, _ := os.ReadFile(log); len(ended) > 0 || time.Now().After(deadline) {
			t.Fatalf("the unit's server is not ready:\n%s", said)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stop, err := time.ParseDuration(unitValue(t, unit, "TimeoutStopSec") + "s")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), stop)
	defer cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the unit's server ended with %v, and systemd would call it failed", err)
		}
	case <-ctx.Done():
		t.Errorf("the unit's server did not stop within TimeoutStopSec, %v", stop)
	}
	othersRead(t, moved)
}

// othersRead wants no file of the folder to be open to others.
func othersRead(t *testing.T, folder string) {
	t.Helper()
	var open []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && path != folder && info.Mode().Perm()&0o077 != 0 {
			open = append(open, path)
		}
		return err
	})
	if slices.Sort(open); err != nil || len(open) > 0 {
		t.Errorf("others can read %q (%v)", open, err)
	}
}
