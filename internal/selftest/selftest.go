package selftest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/redact"
)

// Config says which server to try. URL and Manage must be set.
type Config struct {
	URL    string         // of the applications' listener
	Manage *client.Manage // with an operator key that may create applications and keys

	// DatabaseURL, if set, is a PostgreSQL database as the server's runtime role sees it.
	DatabaseURL redact.Secret

	// HTTP makes the requests. Default: one that follows no redirects.
	HTTP *http.Client

	// Progress is told before each check.
	Progress func(done, total int, name string)

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Report is the outcome, to be kept by whoever asked for it.
type Report struct {
	Server   string    `json:"server"`
	Version  string    `json:"version"` // of the program that tested
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`
	Requests int       `json:"requests"`
	Checks   []Check   `json:"checks"`
}

// Check is one kind of attack.
type Check struct {
	Name     string    `json:"name"`
	About    string    `json:"about"`
	Tried    int       `json:"tried"`
	Skipped  string    `json:"skipped,omitempty"` // why it was not run
	Untried  []string  `json:"untried,omitempty"` // requests that the server refused as invalid before it looked anything up
	Findings []Finding `json:"findings"`
}

// Finding is an answer that there should not have been.
type Finding struct {
	What string `json:"what"` // method and route, never a value
	Got  string `json:"got"`
	Want string `json:"want"`
}

// Findings counts them over all checks.
func (r *Report) Findings() int {
	n := 0
	for _, c := range r.Checks {
		n += len(c.Findings)
	}
	return n
}

// attack is a check that can be run.
type attack struct {
	name, about string
	run         func(ctx context.Context, t *trial, c *Check) error
}

// attacks in their order: the deletion comes late because it takes the victim's data, and
// the log last because it looks for the entries of all others.
var attacks = []attack{
	{"isolation", "every route with the ids of another application", isolation},
	{"credentials", "every route with no, foreign, mixed and altered credentials", credentials},
	{"tokens", "bearer tokens that are forged, altered, cut or signed with no algorithm", tokens},
	{"cursors", "cursors that are altered, of another list or of another application", cursors},
	{"scopes", "every change with a key that may not make it", scopes},
	{"revocation", "a key of each API after it was revoked", revocation},
	{"idempotency", "another application's idempotency keys", idempotency},
	{"paths", "doubled slashes, dot segments, encoded slashes, override and forwarding headers", paths},
	{"limits", "a key that sends more than its limit", limits},
	{"deletion", "a deleted customer through every API", deletion},
	{"database", "the database as the runtime role sees it, past the server", database},
	{"log", "an entry for each access and each refused credential above, and exports that verify", auditLog},
}

// Run makes two applications, runs every check and takes back what it made. Its error says
// why the test itself could not go on; what the server does wrong is in the report, which
// holds what was found until then.
func Run(ctx context.Context, cfg Config) (report Report, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	report = Report{Server: cfg.URL, Began: cfg.Now().UTC()}
	t := &trial{cfg: cfg, base: strings.TrimRight(cfg.URL, "/")}
	defer func() {
		report.Requests, report.Ended = t.requests, cfg.Now().UTC()
		if e := t.cleanUp(context.WithoutCancel(ctx)); e != nil {
			err = errors.Join(err, fmt.Errorf("take back what the self-test made: %w", e))
		}
	}()
	if err := t.setUp(ctx); err != nil {
		return report, fmt.Errorf("set up the applications of the self-test: %w", err)
	}
	for i, a := range attacks {
		if cfg.Progress != nil {
			cfg.Progress(i, len(attacks), a.name)
		}
		c := Check{Name: a.name, About: a.about, Findings: []Finding{}}
		err := a.run(ctx, t, &c)
		if err != nil {
			c.Skipped = "it could not go on"
		}
		report.Checks = append(report.Checks, c)
		if err != nil {
			return report, fmt.Errorf("check %s: %w", a.name, err)
		}
	}
	if cfg.Progress != nil {
		cfg.Progress(len(attacks), len(attacks), "done")
	}
	return report, nil
}

// found adds a finding.
func (c *Check) found(what, got, want string) {
	c.Findings = append(c.Findings, Finding{what, got, want})
}
