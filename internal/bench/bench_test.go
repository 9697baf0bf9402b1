package bench_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/bench"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/testkit"
)

func config(t *testing.T) bench.Config {
	t.Helper()
	return bench.Config{
		Data: filepath.Join(t.TempDir(), "bench"), Customers: 500, Length: 100 * time.Millisecond, Connections: 4, Version: "test",
	}
}

// checkRows wants these operations, each with figures that can be.
func checkRows(t *testing.T, r bench.Report, want ...string) {
	t.Helper()
	var names []string
	for _, row := range r.Rows {
		names = append(names, row.Name)
		if row.Errors != 0 || row.Error != "" || row.Unsent != 0 {
			t.Errorf("%s: %d errors, the first: %s", row.Name, row.Errors, row.Error)
		}
		if row.Requests < 1 || row.PerSecond <= 0 || row.P50MS <= 0 || row.P99MS < row.P50MS || row.MaxMS < row.P99MS || row.Connections < 1 {
			t.Errorf("%s: these figures cannot be: %+v", row.Name, row)
		}
		if off := strings.Contains(row.With, "AUDIT OFF"); off != strings.HasSuffix(row.Name, "-unaudited") {
			t.Errorf("%s was measured with: %s", row.Name, row.With)
		}
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			length := cfg.Length
			cfg.Length = 4 * length // a machine that is busy with other tests may stall for a while
			if engine == "postgres" {
				cfg.DatabaseURL = redact.NewSecret(testkit.NewDatabase(t, engine).URL)
			}
			r, err := bench.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, r, bench.Names...)
			if r.Engine != engine || r.Customers != 500 || r.Fill.Customers != 500 || r.Fill.PerSecond <= 0 || (r.FsyncsPerSecond > 0) != (engine == "sqlite") {
				t.Errorf("report of %s, %d customers, fill %+v, %g fsyncs/s", r.Engine, r.Customers, r.Fill, r.FsyncsPerSecond)
			}
			if a := r.Index; a.Bytes < 500*10 || a.ReadyMS <= 0 || a.TextPerCustomer < 20 || a.TextPerCustomer > 80 ||
				a.ProcessBytes <= 0 || a.DroppedBytes <= 0 {
				t.Errorf("index = %+v", a)
			}
			var priced []string
			for _, a := range r.Audit {
				priced = append(priced, a.Name)
				if a.Share <= 0 {
					t.Errorf("with audit %s is done at %g of the rate without", a.Name, a.Share)
				}
			}
			if diff := cmp.Diff([]string{"fetch", "list", "update", "create"}, priced); diff != "" {
				t.Errorf("operations whose audit has a price (-want +got):\n%s", diff)
			}

			// A later run goes on with what is there, and measures what is asked for.
			made := r.Rows[slices.Index(bench.Names, "create")].Requests
			cfg.Length = length
			cfg.Customers, cfg.Only, cfg.NoComparison, cfg.Rate = 500+int(made)+3000, []string{"fetch", "search-rare"}, true, 50
			r, err = bench.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, r, "fetch", "search-rare")
			if r.Customers != cfg.Customers || r.Fill.Customers > 3000 {
				t.Errorf("the second run: %d customers of %d, of which %d are new", r.Customers, cfg.Customers, r.Fill.Customers)
			}
			if row := r.Rows[0]; row.Loop != "open" || row.Rate != 50 || row.Requests != 5 {
				t.Errorf("an open loop of 50/s for 0.1 s: %+v", row)
			}
		})
	}
}

func TestRunOverURL(t *testing.T) {
	t.Parallel()
	srv := testkit.NewServer(t, testkit.Options{})
	cfg := config(t)
	cfg.Data, cfg.URL, cfg.ClientKey, cfg.ClientSecret = "", srv.URL, srv.Key.PublicKey, srv.Key.Secret
	r, err := bench.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	checkRows(t, r, slices.DeleteFunc(slices.Clone(bench.Names), func(name string) bool { return strings.HasSuffix(name, "-unaudited") })...)
	if r.Engine != "url" || r.Customers != 500 || r.Start != nil {
		t.Errorf("report of %s, %d customers, start %+v", r.Engine, r.Customers, r.Start)
	}
}

func TestRunOverURLNeedsAKeyWithoutLimit(t *testing.T) {
	t.Parallel()
	srv := testkit.NewServer(t, testkit.Options{RateLimit: 10})
	cfg := config(t)
	cfg.Data, cfg.URL, cfg.ClientKey, cfg.ClientSecret = "", srv.URL, srv.Key.PublicKey, srv.Key.Secret
	if _, err := bench.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "rate limit") {
		t.Errorf("Run with a limited key = %v, want advice", err)
	}
}

// Interrupted, it stops its server and reports what it has.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Only = []string{"fetch", "list"}
	cfg.NoComparison = true
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Status = func(line string) {
		if strings.Contains(line, "measuring list") {
			cancel()
		}
	}
	r, err := bench.Run(ctx, cfg)
	if !errors.Is(err, context.Canceled) || r.Engine != "sqlite" || r.Customers != 500 {
		t.Fatalf("Run = %+v, %v, want %v", r, err, context.Canceled)
	}
	checkRows(t, r, "fetch")
	cfg.Status = nil
	r, err = bench.Run(t.Context(), cfg)
	if err != nil || r.Fill != nil {
		t.Errorf("the next run = %v, fill %+v; want the database free and full", err, r.Fill)
	}
}

// It fills no database but its own.
func TestRunRefusesADatabaseOfSomebodyElse(t *testing.T) {
	t.Parallel()
	srv := testkit.NewServer(t, testkit.Options{})
	srv.Stop(t)
	cfg := config(t)
	cfg.Data = srv.Database.Dir
	if _, err := bench.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "not made by custodex bench") {
		t.Errorf("Run = %v, want a refusal", err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "bench.json")); err == nil {
		t.Error("it left credentials there")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bench.Config){
		"nowhere":     func(c *bench.Config) { c.Data = "" },
		"two places":  func(c *bench.Config) { c.URL = "http://localhost" },
		"customers":   func(c *bench.Config) { c.Customers = 0 },
		"length":      func(c *bench.Config) { c.Length = time.Millisecond },
		"connections": func(c *bench.Config) { c.Connections = 5000 },
		"rate":        func(c *bench.Config) { c.Rate = -1 },
		"operation":   func(c *bench.Config) { c.Only = []string{"fetch", "fly"} },
	} {
		cfg := config(t)
		change(&cfg)
		if err := cfg.Validate(); err == nil {
			t.Errorf("%s: nothing is wrong with %+v", name, cfg)
		}
	}
}
