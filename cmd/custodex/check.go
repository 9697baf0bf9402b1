package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
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
	Resume    string `name:"resume" placeholder:"FILE" help:"File that keeps how far the check is and how many findings it had; a check that finds it goes on after the last application that was finished."`
}

// errDamage is the failure of a check that found something.
var errDamage = errors.New("what is stored is not what was written")

// Run checks the database. The exit code is 1 with findings, those of earlier runs of a resumed check
// too, and 2 if it could not be checked. What was found until then is printed all the same.
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
	report := checkReport{Findings: []check.Finding{}}
	after, err := c.finished(&report)
	if err != nil {
		return unchecked(err)
	}
	show, end := statusLine(env.err)
	err = server.Check(ctx, cfg, check.Config{
		Rate: c.Rate,
		Found: func(f check.Finding) {
			report.now++
			if env.json {
				report.Findings = append(report.Findings, f)
				return
			}
			end()
			_ = env.printf("%s %s %s %s: %s\n", f.App, f.Table, f.ID, f.Kind, plain(f.Text))
		},
		Progress: func(p check.Progress) {
			show(fmt.Sprintf("%s %s %s %d of %d; findings: %d", bar(p.Done, p.Of), p.App, p.Stage, p.Done, p.Of, report.now))
		},
		Done: func(app id.App) error {
			report.Applications++
			if c.Resume == "" {
				return nil
			}
			return writePrivate(c.Resume, fmt.Appendf(nil, "%s %d\n", app, report.Earlier+report.now))
		},
	}, id.App(c.App), after)
	end()
	if err == nil && c.App != "" {
		report.Applications = 1
	}
	if err == nil || env.json { // in text the findings were printed as they came
		err = errors.Join(err, env.printChecked(&report))
	}
	if err != nil {
		return unchecked(err)
	}
	if c.Resume != "" {
		if err := os.Remove(c.Resume); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unchecked(err)
		}
	}
	if report.Earlier+report.now > 0 {
		return errDamage
	}
	return nil
}

// checkReport is the result for programs.
type checkReport struct {
	Applications int             `json:"applications"`     // that were checked, this time
	Findings     []check.Finding `json:"findings"`         // of this time
	Earlier      int             `json:"earlier_findings"` // how many the runs had that this one goes on after

	now int // how many findings this run has
}

func (e *environment) printChecked(r *checkReport) error {
	if e.json {
		return e.printJSON(r)
	}
	earlier := ""
	if r.Earlier > 0 {
		earlier = fmt.Sprintf("; findings of earlier runs: %d", r.Earlier)
	}
	return e.printf("Applications checked: %d; findings: %d%s\n", r.Applications, r.now, earlier)
}

// unchecked is the failure of a check that could not be made.
func unchecked(err error) error {
	err = advised(err)
	if h, ok := errors.AsType[*hinted](err); ok {
		return &hinted{h.error, h.hint, exitUsage}
	}
	return &hinted{err, "nothing is known about the rows that were not checked", exitUsage}
}

// finished gives the last application that an earlier check finished, and puts the number of findings
// until then into the report. The file has both on a line.
func (c *checkCmd) finished(r *checkReport) (id.App, error) {
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
	name, number, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	app := id.App(name)
	if app != id.System {
		app, err = id.ParseApp(name)
	}
	if err == nil {
		r.Earlier, err = strconv.Atoi(number)
	}
	if err != nil || r.Earlier < 0 {
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
