package scratchpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// startLimit is how long a server may take until it answers, recovery after a crash included.
	startLimit = 60 * time.Second
	// stopLimit is how long a fast shutdown, with its checkpoint, may take.
	stopLimit = 30 * time.Second
	// pollEvery is the pause between two looks at something that sends no word when it is ready.
	pollEvery = 20 * time.Millisecond
)

// server is one run of the postgres program.
type server struct {
	cmd  *exec.Cmd
	done chan struct{} // Closed when the process has ended.
}

// launch starts the server and waits until it answers. With choosePort it picks a port, and another
// one when somebody else was quicker to take it; otherwise it keeps the one it had.
func (c *Cluster) launch(ctx context.Context, choosePort bool) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for attempt := 1; ; attempt++ {
		if choosePort {
			port, err := freePort()
			if err != nil {
				return err
			}
			c.port = port
		}
		if err := c.exec(); err != nil {
			return err
		}
		err := c.ready(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, errPortTaken) && choosePort && attempt < 5 {
			continue
		}
		return errors.Join(err, c.server.stop())
	}
}

// exec starts the program with its settings on the command line, where `ps` shows them.
func (c *Cluster) exec() error {
	log, err := os.OpenFile(c.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close()
	settings := []string{
		"-D", c.DataDir(), "-k", c.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(c.port),
		"-c", "max_connections=200",
		"-c", "shared_buffers=32MB",
	}
	cmd := c.command("postgres", settings...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s := &server{cmd: cmd, done: make(chan struct{})}
	go func() {
		// How it ended is in its log; a shutdown that we asked for is not an error.
		_ = cmd.Wait()
		close(s.done)
	}()
	c.server = s
	return nil
}

var errPortTaken = errors.New("the port is taken")

// ready waits until the server answers a query.
func (c *Cluster) ready(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL(""))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.server.done:
			tail := c.logTail()
			if bytes.Contains(tail, []byte("Address already in use")) {
				return fmt.Errorf("%w\n%s", errPortTaken, tail)
			}
			return fmt.Errorf("postgres ended instead of starting; the end of its log:\n%s", tail)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w (last: %w); the end of its log:\n%s",
				ctx.Err(), err, c.logTail())
		case <-tick.C:
		}
	}
}

func (c *Cluster) logTail() []byte {
	log, err := os.ReadFile(c.LogFile())
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(log[max(0, len(log)-2000):])
}

// freePort finds a port below the range that outgoing connections take theirs from. In that range a
// client that keeps dialling a dead server's port can be given the same port as its own, connect to
// itself, and keep the server from coming back.
func freePort() (int, error) {
	var last error
	for range 50 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("free port %d again: %w", port, err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("no free port for PostgreSQL: %w", last)
}

// stop asks for a fast shutdown and waits for it. A server that has ended already is stopped.
func (s *server) stop() error {
	select {
	case <-s.done:
		return nil
	default:
	}
	if err := s.thaw(); err != nil { // a frozen one would not hear
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop postgres: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("postgres did not stop within %s and was killed", stopLimit),
			s.kill())
	}
}

// kill ends the server and its children at once.
func (s *server) kill() error {
	select {
	case <-s.done:
		return nil
	default:
	}
	pid := s.cmd.Process.Pid
	// Stopped first, so that it starts no child between the look and the kill.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("hold postgres: %w", err)
	}
	family := children(pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill postgres: %w", err)
	}
	for _, child := range family {
		// One that ended by itself meanwhile is what we want.
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	<-s.done
	deadline := time.Now().Add(stopLimit)
	for _, child := range family {
		for alive(child) {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d of postgres survives its SIGKILL", child)
			}
			time.Sleep(pollEvery)
		}
	}
	return nil
}
