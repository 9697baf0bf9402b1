package scratchpg

import "testing"

// What the tests of this package look at from outside.
var (
	FindBinaries   = findBinaries
	NewDatabaseFor = newDatabase
)

// Pids returns the server's process and those that it has started.
func (c *Cluster) Pids() []int {
	pid := c.server.cmd.Process.Pid
	return append([]int{pid}, children(pid)...)
}

// Alive reports whether the process exists.
func Alive(pid int) bool { return alive(pid) }

// Need skips or fails a test that starts clusters by itself, if this machine has no server.
func Need(t testing.TB) {
	t.Helper()
	if _, err := findBinaries(binaryPattern); err != nil {
		giveUp(t, err)
	}
}
