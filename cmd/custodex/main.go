// Command custodex is the server and everything an operator does with it. A verb
// is a file: dev, init, serve, migrate, app, key, audit, config, bench, ready,
// version.
//
// Results go to standard output, everything else to standard error; the exit code
// is 0, 1 for a failure, 2 for wrong usage. It holds no rule: verbs that manage
// speak HTTP to a running server, the others go through internal/server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end, the second one ends.
	context.AfterFunc(ctx, stop)
	code := run(ctx, &environment{
		out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
