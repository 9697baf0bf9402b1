package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The memory of a server cannot be dumped, nor read by another process of its user.
func TestFieldC13NotDumpable(t *testing.T) {
	if err := harden(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) })
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if dumpable != 0 || err != nil {
		t.Errorf("dumpable = %d, %v, want 0", dumpable, err)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core != (unix.Rlimit{}) {
		t.Errorf("core limit = %v, %v, want 0", core, err)
	}
}
