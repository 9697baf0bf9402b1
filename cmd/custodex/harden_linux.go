package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// harden keeps the memory of the process, which holds keys and personal data, from core
// dumps, and from other processes of the same user: they cannot attach to it or read
// /proc/PID/mem. The superuser still can.
func harden() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}
