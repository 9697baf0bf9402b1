package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"custodex.dev/internal/config"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/server"
)

// cli is the command line: kong builds verbs, flags and help from it.
type cli struct {
	JSON bool `name:"json" help:"Print results as JSON, for programs."`

	Dev      devCmd      `cmd:"" help:"Start a server with everything inside, for a first look or a test."`
	Init     initCmd     `cmd:"" help:"Prepare a database for production: schema, master key, first operator key."`
	Serve    serveCmd    `cmd:"" help:"Serve a prepared database."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the schema of a prepared database up to this release."`
	Backup   backupCmd   `cmd:"" help:"Copy the SQLite database of a data folder, while it is served."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup in the place of the SQLite database of a data folder."`
	App      appCmd      `cmd:"" help:"Manage applications."`
	Job      jobCmd      `cmd:"" help:"See and steer jobs: long work on an application."`
	Key      keyCmd      `cmd:"" help:"Manage the keys of an application."`
	Event    eventCmd    `cmd:"" help:"List and follow what changes in an application."`
	Audit    auditCmd    `cmd:"" help:"Read, export and verify the audit log of an application."`
	Check    checkCmd    `cmd:"" help:"Compare the rows of the database with the audit log, their checksums and keys. It only reads."`
	Config   configCmd   `cmd:"" help:"Explain the settings."`
	Bench    benchCmd    `cmd:"" help:"Measure: fill an application with customers and send requests."`
	Selftest selftestCmd `cmd:"" help:"Try a running server from outside, as an attacker would, and report."`
	Ready    readyCmd    `cmd:"" help:"Ask a server whether it is ready, for probes."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// environment is what a verb gets from outside, beside the context.
type environment struct {
	out, err io.Writer
	lookup   func(string) (string, bool)
	environ  func() []string // NAME=value of every variable; nil: none
	json     bool            // print results as JSON
	setFlags []string        // names of the flags on the command line
}

// names lists the variables of the environment.
func (e *environment) names() []string {
	if e.environ == nil {
		return nil
	}
	var names []string
	for _, pair := range e.environ() {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
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
		kong.TypeMapper(reflect.TypeFor[time.Duration](), sentences),
		kong.TypeMapper(reflect.TypeFor[netip.Prefix](), sentences),
		kong.TypeMapper(reflect.TypeFor[slog.Level](), sentences),
		kong.TypeMapper(reflect.TypeFor[bool](), switches{}),
		kong.KindMapper(reflect.Int, sentences),
		kong.KindMapper(reflect.Int64, sentences),
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

// sentences reads the value of a flag as the same setting is read elsewhere. A wrong
// value is answered with the expected form, and not with what a parser says.
var sentences = kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("value", &text); err != nil {
		return err
	}
	return config.Set(target, text)
})

// switches reads a flag that may stand without a value, as sentences does if it has one.
type switches struct{}

// IsBool says that the flag needs no value.
func (switches) IsBool() bool { return true }

// Decode reads the flag.
func (switches) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		target.SetBool(true)
		return nil
	}
	return config.Set(target, fmt.Sprint(ctx.Scan.Pop().Value))
}

// describe gives a flag its help, with the variable that sets it too. That of a setting
// is the first sentence of the manual; its variable is always CUSTODEX_ and its name.
func describe(v *kong.Value) string {
	if v.Help == "" {
		return config.Summary(v.Name) + "."
	}
	if len(v.Tag.Envs) > 0 {
		return v.Help + " Variable: " + strings.Join(v.Tag.Envs, ", ") + "."
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

// advised adds to an error of opening or preparing a database what its cause asks for.
// Without a known cause there is no hint: a wrong one could make things worse.
func advised(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*hinted](err); ok {
		return err
	}
	if hint := server.Advice(err); hint != "" {
		return withHint(err, hint)
	}
	return err
}

// sentence is the text of an error without the kinds and codes of faults, which say
// nothing to an operator.
func sentence(err error) string {
	text := err.Error()
	for inner := err; ; {
		f, ok := errors.AsType[*fault.Error](inner)
		if !ok {
			return text
		}
		cause := f.Unwrap()
		if cause == nil {
			return strings.Replace(text, f.Error(), f.Message, 1)
		}
		text = strings.Replace(text, f.Error(), cause.Error(), 1)
		inner = cause
	}
}

// fail prints an error and its hint, and gives the exit code.
func (e *environment) fail(err error) int {
	code := exitFailed
	_, _ = fmt.Fprintf(e.err, "custodex: %s\n", sentence(err))
	if h, ok := errors.AsType[*hinted](err); ok {
		code = h.code
		_, _ = fmt.Fprintf(e.err, "hint: %s\n", h.hint)
	}
	return code
}
