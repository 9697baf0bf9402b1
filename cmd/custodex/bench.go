package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"custodex.dev/internal/bench"
	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
)

type benchCmd struct {
	Data        string        `name:"data" placeholder:"DIR" help:"Folder for the database, kept and used again by the next run. Default: one in the current folder that is removed at the end. With --database-url: for the master key and credentials."`
	DatabaseURL redact.Secret `name:"database-url" placeholder:"URL" help:"Measure on this empty PostgreSQL database, or on that of an earlier run; needs --data."`
	URL         string        `name:"url" placeholder:"URL" help:"Measure a running server, with --client-key. Customers are added to it."`
	ClientKey   string        `name:"client-key" placeholder:"KEY" help:"Key for --url, made with --rate-limit 0."`
	SecretFile  string        `name:"client-secret-file" placeholder:"FILE" help:"File that holds the secret of --client-key."`

	Customers   int      `name:"customers" default:"10000" placeholder:"N" help:"Customers to fill the application with."`
	Seconds     float64  `name:"seconds" default:"5" placeholder:"S" help:"How long to measure each operation."`
	Connections int      `name:"connections" default:"32" placeholder:"C" help:"Connections at once; searches use 8 at most."`
	Rate        float64  `name:"rate" placeholder:"R" help:"Open loop: R requests a second are due, and wait if the server is behind. Default: closed loop, as fast as they are answered."`
	Only        []string `name:"only" placeholder:"NAME,…" help:"Measure only these operations, as fetch,search,create."`

	NoComparison bool `name:"no-audit-comparison" help:"Do not measure again on a server without audit."`
}

// Run measures and prints a table.
func (c *benchCmd) Run(ctx context.Context, env *environment) (err error) {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if cfg.Data == "" && cfg.URL == "" {
		if cfg.Data, err = os.MkdirTemp(".", "custodex-bench-*"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(cfg.Data)) }()
	}
	if err := cfg.Validate(); err != nil {
		return usage(err.Error(), "see custodex bench --help")
	}
	if cfg.URL == "" {
		release := tuneRuntime(env, cfg.DatabaseURL.IsZero())
		defer release()
	}
	show, clear := statusLine(env.err)
	cfg.Status = show
	report, err := bench.Run(ctx, cfg)
	clear()
	interrupted := errors.Is(err, context.Canceled)
	if len(report.Rows) > 0 || interrupted {
		err = errors.Join(err, env.printBench(report))
	}
	switch {
	case interrupted:
		return withHint(errors.New("interrupted"), c.whatStays())
	case err != nil:
		return err
	}
	for _, row := range report.Rows {
		if row.Errors > 0 {
			return withHint(fmt.Errorf("%s: %d of %d requests failed, the first: %s", row.Name, row.Errors, row.Requests, row.Error),
				"figures of a row with errors mean little")
		}
	}
	return nil
}

// whatStays tells what an interrupted run leaves for the next one.
func (c *benchCmd) whatStays() string {
	switch {
	case c.URL != "":
		return "the customers that were made stay on the server; the next run goes on with them"
	case c.Data != "":
		return "the next run with this --data goes on with the customers that are there"
	}
	return "nothing is kept; with --data the next run goes on with the customers that are there"
}

// config converts the flags to a configuration.
func (c *benchCmd) config() (cfg bench.Config, err error) {
	switch {
	case c.URL != "" && (c.Data != "" || !c.DatabaseURL.IsZero()):
		return cfg, usage("--url excludes --data and --database-url", "a server that runs has its database")
	case c.URL != "" && (c.ClientKey == "" || c.SecretFile == ""):
		return cfg, usage("--url needs --client-key and --client-secret-file", "custodex key create --rate-limit 0 makes one")
	case !c.DatabaseURL.IsZero() && c.Data == "":
		return cfg, usage("--database-url needs --data", "a folder for the master key and credentials; the next run needs them")
	}
	cfg = bench.Config{
		Data: c.Data, DatabaseURL: c.DatabaseURL, URL: c.URL, ClientKey: c.ClientKey,
		Customers: c.Customers, Length: time.Duration(c.Seconds * float64(time.Second)), Connections: c.Connections,
		Rate: c.Rate, Only: c.Only, NoComparison: c.NoComparison, Version: programVersion(),
	}
	if c.URL != "" {
		cfg.ClientSecret, err = config.ReadPrivate(c.SecretFile)
		return cfg, err
	}
	cfg.Program, err = os.Executable()
	return cfg, err
}

// statusLine shows what is being done on one line of a terminal, which is empty
// again after the end. Elsewhere it shows nothing.
func statusLine(w io.Writer) (show func(string), end func()) {
	nothing := func(string) {}
	f, ok := w.(*os.File)
	if !ok {
		return nothing, func() {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nothing, func() {}
	}
	show = func(line string) { _, _ = fmt.Fprintf(w, "\r\x1b[K%s", line) }
	return show, func() { show("") }
}
