package scratchpg

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// watchdogScript waits until its standard input ends, which happens when the last holder of the
// other end of the pipe closes it or dies, whatever killed it. Then it stops every process that was
// put into its process group, waits for the server to let go of its folder, and removes the folder.
//
// A parent-death signal would do half of this (it removes nothing, it is Linux only, and it fires
// when the *thread* that started the server ends, which the Go runtime decides).
const watchdogScript = `
trap '' HUP INT QUIT TERM
read -r _
kill -s QUIT -- "-$$" 2>/dev/null
lock="$1/data/postmaster.pid"
n=0
while [ $n -lt 100 ] && [ -e "$lock" ] && kill -0 "$(head -n 1 "$lock")" 2>/dev/null; do
	sleep 0.05
	n=$((n+1))
done
rm -rf -- "$1"
`

// watchdog removes a cluster when its owner lets go of it or dies. Its process id is also the
// process group that the server's processes are started in.
type watchdog struct {
	cmd  *exec.Cmd
	pipe io.Closer
}

// newWatchdog starts watching over dir, which must exist.
func newWatchdog(dir string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "scratchpg-watchdog", dir)
	cmd.Dir = "/"
	// A group of its own: Ctrl-C in a terminal must not reach the one who clears up afterwards.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Output goes nowhere: `go test` waits for everyone who holds its standard output.
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to the watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, pipe: pipe}, nil
}

// group is the process group to start the server's processes in.
func (w *watchdog) group() int { return w.cmd.Process.Pid }

// release lets the watchdog finish its work and waits for it. The folder is gone when it returns.
func (w *watchdog) release(dir string) error {
	closeErr := w.pipe.Close()
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	if closeErr != nil {
		return fmt.Errorf("close the watchdog's pipe: %w", closeErr)
	}
	if _, err := os.Stat(dir); err == nil {
		return fmt.Errorf("the watchdog left %s behind", dir)
	}
	return nil
}
