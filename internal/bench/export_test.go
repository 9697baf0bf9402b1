package bench

import (
	"context"
	"encoding/json"
	"time"

	"custodex.dev/internal/job"
	"custodex.dev/internal/redact"
)

// Histogram, Load and Wire open to the tests what nobody else needs.
type Histogram = histogram

func NewHistogram() Histogram { return newHistogram() }

func (h *histogram) Add(d time.Duration)                    { h.add(d) }
func (h *histogram) Merge(other *histogram)                 { h.merge(other) }
func (h *histogram) Quantile(q float64) time.Duration       { return h.quantile(q) }
func (h *histogram) Seen() (count int64, max time.Duration) { return h.count(), h.max }

type Load struct {
	Workers      int
	Warm, Length time.Duration
	Rate         float64
}

type Tally struct {
	*Histogram
	Errors, Unsent int64
	First          error
	Elapsed        time.Duration
}

func (l Load) Run(ctx context.Context, do func(worker int) error) (Tally, error) {
	t, err := load{l.Workers, l.Warm, l.Length, l.Rate}.run(ctx, func(worker int) (task, error) {
		return func() error { return do(worker) }, nil
	})
	return Tally{&t.histogram, t.errors, t.unsent, t.first, t.elapsed}, err
}

type Wire struct{ *wire }

func NewWire(ctx context.Context, base, key, secret string) (Wire, error) {
	to, err := newEndpoint(base, key, redact.NewSecret(secret))
	if err != nil {
		return Wire{}, err
	}
	return Wire{newWire(ctx, to)}, nil
}

func (w Wire) Call(method, path string, body []byte, want int, headers ...string) error {
	return w.call(method, path, body, want, headers...)
}
func (w Wire) Answer() (status int, body, link string, total int) {
	return w.status, string(w.body), w.link, w.total
}
func (w Wire) Close() { w.close() }

// Loader is the kind of the job that fills.
var Loader job.Kind = loader{}

// LoadParameters are those of such a job.
func LoadParameters(seed uint64, from, count int) []byte {
	b, err := json.Marshal(loadParameters{seed, from, count})
	if err != nil {
		panic(err)
	}
	return b
}

// Names are the operations.
var Names = names

var ErrUnsent = errUnsent
