// Package bench measures a server: it fills an application with believable customers,
// sends requests over HTTP and reports how fast they were answered. The server is one
// that it starts over a database of its own, or one that already runs elsewhere.
//
// What newcomers get wrong: audit cannot be switched off in the product. The rows that
// show what it costs are measured on a second server, over a store that this package
// wraps (local.go), and say so. Start from Run.
package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"custodex.dev/internal/redact"
)

// Config tells what to measure.
type Config struct {
	// Data is the folder of the database, its master key and the credentials that bench
	// made for itself. With DatabaseURL it holds only the latter two.
	Data        string
	DatabaseURL redact.Secret // PostgreSQL instead of SQLite

	// URL is the address of a running server, with a credential for it. Data and
	// DatabaseURL are then empty.
	URL          string
	ClientKey    string
	ClientSecret redact.Secret

	Customers   int           // the application is filled up to so many
	Length      time.Duration // of each measurement
	Connections int
	Rate        float64  // requests a second of an open loop; 0: closed loop
	Only        []string // operations to measure, by name or first part of it; nil: all

	// NoComparison leaves out what is measured without audit.
	NoComparison bool

	// Program is the custodex binary, whose start is measured; "" leaves that out.
	Program string
	Version string

	// Status is called from time to time with what is being done. It must not block.
	Status func(line string)
}

// target is a server with an application to measure.
type target struct {
	to      *endpoint
	with    string // what is on, for the rows
	fill    func(ctx context.Context, have, want int) error
	sample  func(ctx context.Context, n int) ([]string, error) // ids of random customers
	memory  func() (index, process int64)                      // bytes; 0: unknown
	drop    func()                                             // drops the index; nil: cannot be done
	without func() (*endpoint, func() error, error)            // a server without audit, and its end; nil: cannot be had
	close   func() error
}

// run is a running benchmark.
type run struct {
	Config
	*target
	report *Report
	have   int // customers
	stock
}

// Run measures and reports. If it fails, the report holds what was measured before. It
// leaves nothing running.
func Run(ctx context.Context, cfg Config) (report Report, err error) {
	if err := cfg.Validate(); err != nil {
		return Report{}, err
	}
	if cfg.Status == nil {
		cfg.Status = func(string) {}
	}
	report = Report{
		Version: cfg.Version, Engine: cfg.engine(), System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU(),
		Began: time.Now().UTC().Truncate(time.Second), Rows: []Row{},
	}
	r := &run{Config: cfg, report: &report}
	if r.target, err = r.connect(ctx); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.target.close()) }()
	for _, step := range []func(context.Context) error{r.machine, r.fillUp, r.prepare, r.measure, r.dropIndex} {
		if err := step(ctx); err != nil {
			return report, err
		}
	}
	report.Audit = report.auditShares()
	return report, nil
}

// engine names what is measured, for the report.
func (c *Config) engine() string {
	switch {
	case c.URL != "":
		return "url"
	case c.DatabaseURL.IsZero():
		return "sqlite"
	}
	return "postgres"
}

// Validate returns an error for a configuration that Run would refuse. It reads no
// file.
func (c *Config) Validate() error {
	local := c.Data != "" || !c.DatabaseURL.IsZero()
	switch {
	case c.URL == "" && c.Data == "":
		return errors.New("a folder is needed for the database, or at least for its master key")
	case c.URL != "" && local:
		return errors.New("a server that runs has its own database")
	case c.Customers < 1 || c.Customers > 100_000_000:
		return errors.New("customers must be 1 to 100000000")
	case c.Length < 100*time.Millisecond || c.Length > 24*time.Hour:
		return errors.New("seconds must be 0.1 to 86400")
	case c.Connections < 1 || c.Connections > 1024:
		return errors.New("connections must be 1 to 1024")
	case c.Rate < 0 || c.Rate > 1_000_000:
		return errors.New("rate must be 0 to 1000000")
	}
	for _, name := range c.Only {
		if !slices.ContainsFunc(names, func(op string) bool { return selects(name, op) }) {
			return fmt.Errorf("there is no operation %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// selects reports whether a name of Config.Only means an operation.
func selects(name, op string) bool { return name == op || strings.HasPrefix(op, name+"-") }

func (c *Config) wanted(op string) bool {
	return len(c.Only) == 0 || slices.ContainsFunc(c.Only, func(name string) bool { return selects(name, op) })
}

func (r *run) connect(ctx context.Context) (*target, error) {
	if r.URL != "" {
		return r.remote(ctx)
	}
	return r.local(ctx)
}

// machine measures the disk, which the figures depend on, and the start of a server. It
// does not measure the disk of PostgreSQL, which may be another than that of the data
// folder.
func (r *run) machine(ctx context.Context) (err error) {
	if r.engine() == "sqlite" {
		r.Status("measuring the disk")
		if r.report.FsyncsPerSecond, err = fsyncRate(ctx, r.Data); err != nil {
			return fmt.Errorf("measure the disk: %w", err)
		}
	}
	if r.engine() == "url" || r.Program == "" {
		return nil
	}
	r.Status("measuring a start")
	if r.report.Start, err = measureStart(ctx, r.Program); err != nil {
		return fmt.Errorf("measure a start: %w", err)
	}
	return nil
}

// fillUp adds the customers that are missing.
func (r *run) fillUp(ctx context.Context) error {
	have, err := r.count(ctx)
	if err != nil {
		return err
	}
	if have < r.Customers {
		begun := time.Now()
		fillErr := r.fill(ctx, have, r.Customers)
		took := time.Since(begun).Seconds()
		after, err := r.count(context.WithoutCancel(ctx))
		if err := errors.Join(fillErr, err); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		r.report.Fill = &Fill{Customers: after - have, Seconds: round(took), PerSecond: round(float64(after-have) / took)}
		have = after
	}
	r.have, r.report.Customers = have, have
	return nil
}

// count asks the server how many customers there are.
func (r *run) count(ctx context.Context) (int, error) {
	w := newWire(ctx, r.to)
	defer w.close()
	if err := w.call("GET", customers+"?take=1", nil, 200, "Prefer: count=exact"); err != nil {
		return 0, fmt.Errorf("count the customers: %w", err)
	}
	if w.total < 0 {
		return 0, errors.New("the server does not say how many customers there are; is it a Custodex server?")
	}
	return w.total, nil
}

const customers = "/api/v0/customers"

// measure runs the operations one after the other.
func (r *run) measure(ctx context.Context) error {
	for _, op := range r.operations() {
		if !r.wanted(op.name) {
			continue
		}
		r.Status("measuring " + op.name)
		row, err := r.row(ctx, op)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		r.report.Rows = append(r.report.Rows, row)
	}
	return nil
}

func (r *run) row(ctx context.Context, op operation) (row Row, err error) {
	to, with := r.to, r.with
	if op.unaudited {
		end := func() error { return nil }
		if to, end, err = r.without(); err != nil {
			return row, err
		}
		defer func() { err = errors.Join(err, end()) }()
		with = "encrypted, rate-limited, AUDIT OFF (in this benchmark only)"
	}
	l := load{workers: r.Connections, warm: min(r.Length/5, time.Second), length: r.Length, rate: r.Rate}
	if op.connections > 0 {
		l.workers = min(l.workers, op.connections)
	}
	wires := make([]*wire, l.workers)
	defer func() {
		for _, w := range wires {
			w.close()
		}
	}()
	for i := range wires {
		wires[i] = newWire(ctx, to)
	}
	t, err := l.run(ctx, func(i int) (task, error) { return op.begin(wires[i], i), nil })
	if err != nil {
		return row, err
	}
	return rowOf(op, l, &t, with, r.memory), nil
}
