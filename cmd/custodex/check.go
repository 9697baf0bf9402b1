package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"custodex.dev/internal/check"
	"custodex.dev/internal/id"
	"custodex.dev/internal/server"
)

type checkCmd struct {
	schemaFlags
	MasterKey string `name:"master-key" placeholder:"FILE"`
	App       string `name:"app" placeholder:"APP" help:"Check only this application."`
	Rate      int    `name:"rate" default:"0" placeholder:"N" help:"Rows to read a second. 0: as many as can be."`
	Resume    string `name:"resume" placeholder:"FILE" help:"File that keeps how far the check is; a check that finds it goes on after the last application that was finished."`
}

// errDamage is the failure of a check that found something.
var errDamage = errors.New("what is stored is not what was written")

// Run checks the database. The exit code is 1 with findings, and 2 if it could not be checked.
func (c *checkCmd) Run(ctx context.Context, env *environment) error {
	flags := c.values()
	flags.MasterKeyFile = c.MasterKey
	cfg, err := validated(c.load(env, &flags))
	if err != nil {
		return unchecked(err)
	}
	if c.Rate < 0 || c.App != "" && c.Resume != "" {
		return usage("--rate must be 0 or more, and --app goes without --resume", "see custodex check --help")
	}
	after, err := c.finished()
	if err != nil {
		return unchecked(err)
	}
	show, end := statusLine(env.err)
	report := checkReport{Findings: []check.Finding{}}
	err = server.Check(ctx, cfg, check.Config{
		Rate: c.Rate,
		Found: func(f check.Finding) {
			report.Findings = append(report.Findings, f)
			if !env.json {
				end()
				_ = env.printf("%s %s %s %s: %s\n", f.App, f.Table, f.ID, f.Kind, plain(f.Text))
			}
		},
		Progress: func(p check.Progress) {
			show(fmt.Sprintf("%s %s %s %d of %d; findings: %d", bar(p.Done, p.Of), p.App, p.Stage, p.Done, p.Of, len(report.Findings)))
		},
		Done: func(app id.App) error {
			report.Applications++
			if c.Resume == "" {
				return nil
			}
			return os.WriteFile(c.Resume, []byte(app+"\n"), 0o600)
		},
	}, id.App(c.App), after)
	end()
	if err != nil {
		return unchecked(err)
	}
	if c.App != "" {
		report.Applications = 1
	}
	if c.Resume != "" {
		if err := os.Remove(c.Resume); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unchecked(err)
		}
	}
	if err := env.printChecked(&report); err != nil || len(report.Findings) == 0 {
		return err
	}
	return errDamage
}

// checkReport is the result for programs.
type checkReport struct {
	Applications int             `json:"applications"` // that were checked, this time
	Findings     []check.Finding `json:"findings"`
}

func (e *environment) printChecked(r *checkReport) error {
	if e.json {
		return e.printJSON(r)
	}
	return e.printf("Applications checked: %d; findings: %d\n", r.Applications, len(r.Findings))
}

// unchecked is the failure of a check that could not be made.
func unchecked(err error) error {
	err = advised(err)
	if h, ok := errors.AsType[*hinted](err); ok {
		return &hinted{h.error, h.hint, exitUsage}
	}
	return &hinted{err, "nothing is known about the rows that were not checked", exitUsage}
}

// finished gives the last application that an earlier check finished.
func (c *checkCmd) finished() (id.App, error) {
	if c.Resume == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.Resume)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	app := id.App(strings.TrimSpace(string(text)))
	if app != id.System {
		app, err = id.ParseApp(string(app))
	}
	if err != nil {
		return "", fmt.Errorf("%s is not a file of custodex check --resume", c.Resume)
	}
	return app, nil
}

// bar draws how far something is.
func bar(done, of int64) string {
	const width = 20
	n := 0
	if of > 0 {
		n = int(width * min(done, of) / of)
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "]"
}
