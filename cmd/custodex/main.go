// Command custodex is the server, and the tool with which operators manage it. Each verb
// has a file: dev, init, serve, migrate, backup, restore, app, job, key, event, audit, check, config,
// bench, selftest, ready, version.
//
// Results go to standard output, everything else to standard error. The exit code is 0,
// 1 after a failure, or 2 after wrong usage. The package contains no business rule: verbs
// that manage call a running server over HTTP, the others use internal/server.
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
	// The first signal starts an orderly shutdown, the second one ends the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, &environment{
		out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv, environ: os.Environ,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
