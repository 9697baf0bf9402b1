package scratchpg

import (
	"errors"
	"fmt"
	"syscall"
)

// freeze holds the server first, so that it starts no child between the look and the signal.
func (s *server) freeze() error {
	pid := s.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze postgres: %w", err)
	}
	family := children(pid)
	if len(family) == 0 {
		return errors.Join(errors.New("freeze postgres: its processes cannot be found"), s.thaw())
	}
	return signal(family, syscall.SIGSTOP)
}

// thaw lets all go on, the server last. One that is not frozen does not notice.
func (s *server) thaw() error {
	pid := s.cmd.Process.Pid
	return signal(append(children(pid), pid), syscall.SIGCONT)
}

// signal sends to each. One that has ended by itself meanwhile needs none.
func signal(pids []int, what syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, what); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal %v to process %d of postgres: %w", what, pid, err)
		}
	}
	return nil
}
