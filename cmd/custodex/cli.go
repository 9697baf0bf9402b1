package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"custodex.dev/internal/config"
)

// cli is the command line: kong builds verbs, flags and help from it.
type cli struct {
	JSON bool `name:"json" help:"Print results as JSON, for programs."`

	Dev     devCmd     `cmd:"" help:"Start a server with everything inside, for a first look or a test."`
	Init    initCmd    `cmd:"" help:"Prepare a database for production: schema, master key, first operator key."`
	Serve   serveCmd   `cmd:"" help:"Serve a prepared database."`
	Migrate migrateCmd `cmd:"" help:"Bring the schema of a prepared database up to this release."`
	App     appCmd     `cmd:"" help:"Manage applications."`
	Key     keyCmd     `cmd:"" help:"Manage the keys of an application."`
	Audit   auditCmd   `cmd:"" help:"Read, export and verify the audit log of an application."`
	Config  configCmd  `cmd:"" help:"Explain the settings."`
	Bench   benchCmd   `cmd:"" help:"Measure: fill an application with customers and send requests."`
	Ready   readyCmd   `cmd:"" help:"Ask a server whether it is ready, for probes."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// environment is what a verb gets from outside, beside the context.
type environment struct {
	out, err io.Writer
	lookup   func(string) (string, bool)
	json     bool     // print results as JSON
	setFlags []string // names of the flags on the command line
}

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// run is the program. It returns the exit code.
func run(ctx context.Context, env *environment, args []string) int {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("custodex"),
		kong.Description("Custodex keeps the customer records of payment platforms."),
		kong.Writers(env.out, env.err),
		kong.Exit(func(int) { helped = true }),
		kong.ValueFormatter(describe),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	parsed, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		return env.fail(usageError(err))
	}
	env.json = c.JSON
	for _, step := range parsed.Path {
		if step.Flag != nil {
			env.setFlags = append(env.setFlags, step.Flag.Name)
		}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(env); err != nil {
		return env.fail(err)
	}
	return 0
}

// describe gives the flag of a setting its help: the first sentence of the manual.
func describe(v *kong.Value) string {
	if v.Help == "" {
		return config.Summary(v.Name) + "."
	}
	return v.Help
}

// usageError adds to an error of kong which help describes the verb.
func usageError(err error) error {
	verb := "custodex"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		if node := wrong.Context.Selected(); node != nil {
			verb = node.FullPath()
		}
	}
	return usage(err.Error(), "see "+verb+" --help")
}

// hinted is an error with advice.
type hinted struct {
	error
	hint string
	code int
}

// Unwrap gives the error without the advice.
func (h *hinted) Unwrap() error { return h.error }

// withHint adds what the reader can do about err.
func withHint(err error, hint string) error { return &hinted{err, hint, exitFailed} }

// usage is the error of a wrong command line.
func usage(text, hint string) error { return &hinted{errors.New(text), hint, exitUsage} }

// fail prints an error and its hint, and gives the exit code.
func (e *environment) fail(err error) int {
	code := exitFailed
	_, _ = fmt.Fprintf(e.err, "custodex: %v\n", err)
	if h, ok := errors.AsType[*hinted](err); ok {
		code = h.code
		_, _ = fmt.Fprintf(e.err, "hint: %s\n", h.hint)
	}
	return code
}
