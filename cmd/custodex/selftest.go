package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"custodex.dev/internal/config"
	"custodex.dev/internal/selftest"
)

type selftestCmd struct {
	operatorFlags
	URL      string `name:"url" placeholder:"URL" help:"Address of the applications' listener. Default: the dev server's."`
	Database string `name:"database-url-file" placeholder:"FILE" help:"File with a PostgreSQL URL of the server's runtime role. With it, row-level security is tried past the server."`
}

// errFindings is the failure of a self-test that found something.
var errFindings = errors.New("the self-test found what a stranger should not be able to do")

// Run tries the server and prints the report. With findings the exit code is 1. They are
// printed also if the test could not go on.
func (c *selftestCmd) Run(ctx context.Context, env *environment) error {
	op, err := c.connect(env)
	if err != nil {
		return err
	}
	cfg := selftest.Config{URL: c.URL, Manage: op.Manage, Progress: func(done, total int, name string) {
		fmt.Fprintf(env.err, "%d/%d %s\n", done, total, name)
	}}
	if cfg.URL == "" {
		dev, err := readDevCredentials(c.Data)
		if err != nil {
			return usage("missing flags: --url=URL", "the address of the applications' listener, as https://host:port")
		}
		cfg.URL = dev.URL
	}
	if c.Database != "" {
		if cfg.DatabaseURL, err = config.ReadPrivate(c.Database); err != nil {
			return err
		}
	}
	report, failed := selftest.Run(ctx, cfg)
	if failed != nil && report.Findings() == 0 {
		return explain(failed)
	}
	report.Version = programVersion()
	if env.json {
		err = env.printJSON(report)
	} else {
		err = env.printFindings(&report)
	}
	switch {
	case err != nil:
		return err
	case failed != nil: // perhaps because of what was found
		return explain(failed)
	case report.Findings() > 0:
		return errFindings
	}
	return nil
}

// printFindings prints a report for people.
func (e *environment) printFindings(r *selftest.Report) error {
	if err := e.printFields("Server", r.Server, "Tested by", "custodex "+r.Version, "From", formatTime(r.Began), "To", formatTime(r.Ended),
		"Requests", strconv.Itoa(r.Requests), "Findings", strconv.Itoa(r.Findings())); err != nil {
		return err
	}
	rows := [][]string{}
	for _, c := range r.Checks {
		outcome := "nothing found"
		switch {
		case c.Skipped != "":
			outcome = "skipped: " + c.Skipped
		case len(c.Findings) > 0:
			outcome = strconv.Itoa(len(c.Findings)) + " findings"
		}
		rows = append(rows, []string{c.Name, strconv.Itoa(c.Tried), outcome, c.About})
	}
	if err := e.printf("\n"); err != nil {
		return err
	}
	if err := e.table([]string{"CHECK", "TRIED", "OUTCOME", "WHAT"}, rows); err != nil {
		return err
	}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if err := e.printf("\n%s: %s\n  got:  %s\n  want: %s\n", c.Name, plain(f.What), plain(f.Got), plain(f.Want)); err != nil {
				return err
			}
		}
		for _, request := range c.Untried {
			if err := e.printf("\n%s: %s was refused as invalid, so it was not tried\n", c.Name, plain(request)); err != nil {
				return err
			}
		}
	}
	return nil
}
