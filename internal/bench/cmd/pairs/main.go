// Command pairs compares two builds of custodex: it runs `custodex bench` with one and the
// other in turn, each on a database of its own, and prints for each operation the median
// ratio of rates and of processor time a request, with an interval.
//
//	go run ./internal/bench/cmd/pairs -old ./custodex-old -new ./bin/custodex -pairs 10
//
// With -old-url, -new-url or both, a build measures the server that runs there, which may be any program
// that answers as it should: -old custodex -old-url http://127.0.0.1:9001 is one beside Custodex. The
// processor time is then that of the load alone.
//
// With -postgres, or the variable CUSTODEX_TEST_POSTGRES_URL and -engine postgres, it makes
// two databases on that server and leaves them there.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pairs:", err)
		os.Exit(1)
	}
}

// A build is one of the two programs with its database.
type build struct {
	name, program string
	url           string // of the server that it measures; "": its own
	flags         []string
}

// A sample is what one run of one operation took.
type sample struct {
	perSecond float64
	processor time.Duration // a request, of the whole process: server, load and database if inside
}

func run(ctx context.Context) error {
	older := flag.String("old", "", "program of the commit before")
	newer := flag.String("new", "", "program of the commit after")
	pairs := flag.Int("pairs", 10, "how many alternating pairs")
	seconds := flag.Int("seconds", 2, "how long each operation is measured")
	customers := flag.Int("customers", 10_000, "customers in each database")
	only := flag.String("only", "fetch,list,create,update,search", "operations, with commas between them")
	engine := flag.String("engine", "sqlite", "sqlite or postgres")
	server := flag.String("postgres", os.Getenv("CUSTODEX_TEST_POSTGRES_URL"), "URL of a superuser, for -engine postgres")
	oldURL := flag.String("old-url", "", "server that -old measures, instead of its own")
	newURL := flag.String("new-url", "", "server that -new measures")
	key := flag.String("client-key", "", "key for these servers")
	secret := flag.String("client-secret-file", "", "file with its secret")
	flag.Parse()
	if *older == "" || *newer == "" || *pairs < 1 {
		return errors.New("-old, -new and at least one pair are needed")
	}
	builds := []*build{{name: "old", program: *older, url: *oldURL}, {name: "new", program: *newer, url: *newURL}}
	for _, b := range builds {
		folder, err := os.MkdirTemp("", "pairs-"+b.name)
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		b.flags = []string{"bench", "--json", "--no-audit-comparison", "--customers", strconv.Itoa(*customers)}
		if b.url == "" {
			b.flags = append(b.flags, "--data", folder)
		} else {
			b.flags = append(b.flags, "--url", b.url, "--client-key", *key, "--client-secret-file", *secret)
		}
		if *engine == "postgres" && b.url == "" {
			database, err := createDatabase(ctx, *server, "pairs_"+b.name)
			if err != nil {
				return err
			}
			b.flags = append(b.flags, "--database-url", database)
		}
		if _, err := b.measure(ctx, "fetch", 1); err != nil { // fills the database
			return err
		}
	}
	fmt.Printf("%-14s %10s %10s   %-24s %s\n", "operation", "old/s", "new/s", "rate new/old", "processor time new/old")
	for _, operation := range strings.Split(*only, ",") {
		if err := compare(ctx, builds, operation, *pairs, *seconds); err != nil {
			return err
		}
	}
	return nil
}

// compare measures one operation in alternating pairs. The build that begins changes with
// each pair.
func compare(ctx context.Context, builds []*build, operation string, pairs, seconds int) error {
	var rates, times []float64
	var last [2]sample
	for n := range pairs {
		for i := range builds {
			i = (i + n) % len(builds)
			s, err := builds[i].measure(ctx, operation, seconds)
			if err != nil {
				return err
			}
			last[i] = s
		}
		rates = append(rates, last[1].perSecond/last[0].perSecond)
		times = append(times, float64(last[1].processor)/float64(last[0].processor))
	}
	fmt.Printf("%-14s %10.0f %10.0f   %-24s %s\n", operation, last[0].perSecond, last[1].perSecond, interval(rates), interval(times))
	return nil
}

// interval gives the median and an interval that holds the true median with at least 95 %,
// by order statistics. Fewer than six ratios allow no such interval; then it is their range.
func interval(ratios []float64) string {
	slices.Sort(ratios)
	n := len(ratios)
	median := (ratios[(n-1)/2] + ratios[n/2]) / 2
	// The true median is below the ratio of rank cut+1 with the chance that at most cut of n
	// tosses of a coin are heads.
	cut, tail, term := 0, 0.0, math.Pow(0.5, float64(n))
	for i := 0; 2*(tail+term) <= 0.05; i++ {
		tail += term
		cut = i
		term *= float64(n-i) / float64(i+1)
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", median, ratios[cut], ratios[n-1-cut])
}

// measure runs one operation once.
func (b *build) measure(ctx context.Context, operation string, seconds int) (sample, error) {
	cmd := exec.CommandContext(ctx, b.program, append(slices.Clone(b.flags), "--only", operation, "--seconds", strconv.Itoa(seconds))...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("%s: bench %s: %w", b.name, operation, err)
	}
	var report struct {
		Rows []struct {
			Name      string  `json:"name"`
			Requests  int64   `json:"requests"`
			PerSecond float64 `json:"per_second"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return sample{}, fmt.Errorf("%s: report of bench: %w", b.name, err)
	}
	var s sample
	var requests int64
	for _, row := range report.Rows {
		requests += row.Requests
		if s.perSecond == 0 {
			s.perSecond = row.PerSecond
		}
	}
	if requests == 0 {
		return sample{}, fmt.Errorf("%s: bench has no operation %q", b.name, operation)
	}
	s.processor = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()) / time.Duration(requests)
	return s, nil
}

// createDatabase makes an empty database on the server and gives its URL.
func createDatabase(ctx context.Context, server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || server == "" {
		return "", errors.New("-engine postgres needs the URL of a server")
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name += strconv.FormatInt(time.Now().Unix(), 36)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}
