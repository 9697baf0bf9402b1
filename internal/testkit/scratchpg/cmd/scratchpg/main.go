// Command scratchpg runs another command with a throwaway PostgreSQL server beside it:
//
//	go run ./internal/testkit/scratchpg/cmd/scratchpg -- go test ./...
//
// All test processes that the command starts share that server, and none of them may skip. If
// CUSTODEX_TEST_POSTGRES_URL is set already, that server is used and none is started. The exit code
// is the command's; signals are passed on to it. The server and its folder are gone afterwards.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"custodex.dev/internal/testkit/scratchpg"
)

// usageCode is the exit code for a command line that makes no sense.
const usageCode = 2

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: scratchpg -- COMMAND [ARGUMENT]...")
		return usageCode
	}
	// Caught from the start: a signal during the start of the server must not leave it behind.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)

	address := os.Getenv(scratchpg.EnvURL)
	if address == "" {
		cluster, err := scratchpg.Start(context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, "scratchpg:", err)
			return 1
		}
		defer func() {
			if err := cluster.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "scratchpg:", err)
			}
		}()
		address = cluster.URL("")
	}
	code, err := command(args, address, signals)
	if err != nil {
		fmt.Fprintln(os.Stderr, "scratchpg:", err)
	}
	return code
}

// command runs args to its end with the server's address in its environment.
func command(args []string, address string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		scratchpg.EnvURL+"="+address, scratchpg.EnvNeed+"="+scratchpg.Required)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return 1, err
			}
		case err := <-done:
			return exitCode(err)
		}
	}
}

// exitCode is what a shell would report for the command.
func exitCode(err error) (int, error) {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		if err != nil {
			return 1, err
		}
		return 0, nil
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
