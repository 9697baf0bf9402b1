package bench

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Report is the result of a benchmark. A figure that could not be measured is zero and
// left out of the JSON.
type Report struct {
	Version    string    `json:"version"`
	Began      time.Time `json:"began"`
	System     string    `json:"system"`
	Processors int       `json:"processors"`
	Engine     string    `json:"engine"` // sqlite, postgres or url
	Customers  int       `json:"customers"`

	// FsyncsPerSecond is how many times a second the disk under the SQLite database
	// makes 4 KiB durable.
	FsyncsPerSecond float64 `json:"fsyncs_per_second,omitempty"`

	Start *Start `json:"start,omitempty"`
	Fill  *Fill  `json:"fill,omitempty"`
	Index *Index `json:"index,omitempty"`
	Rows  []Row  `json:"rows"`

	// Audit compares the operations that were also measured without audit.
	Audit []AuditShare `json:"audit,omitempty"`
}

// AuditShare is the rate of an operation with audit, as a share of that without: 1 if
// audit costs nothing.
type AuditShare struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// auditShares compares the closed loops. In an open loop the rate is given.
func (r *Report) auditShares() (shares []AuditShare) {
	per := map[string]float64{}
	for _, row := range r.Rows {
		if row.Loop != "closed" {
			continue
		}
		per[row.Name] = row.PerSecond
		if name, ok := strings.CutSuffix(row.Name, "-unaudited"); ok && row.PerSecond > 0 {
			shares = append(shares, AuditShare{name, round(per[name] / row.PerSecond)})
		}
	}
	return shares
}

// Start is the start of a server process on an empty SQLite database.
type Start struct {
	FirstAnswerMS float64 `json:"first_answer_ms"`
	RestBytes     int64   `json:"rest_bytes,omitempty"` // resident memory a second later
}

// Fill is how the missing customers were added.
type Fill struct {
	Customers int     `json:"customers"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
}

// Index is the search index in memory.
type Index struct {
	ReadyMS          float64 `json:"ready_ms"` // from the first search until it was there; over a URL, until that was answered
	Bytes            int64   `json:"bytes,omitempty"`
	BytesPerCustomer float64 `json:"bytes_per_customer,omitempty"`
	TextPerCustomer  float64 `json:"text_bytes_per_customer,omitempty"` // names and e-mail, in a sample

	// ProcessBytes is the resident memory of this process at the end, without garbage,
	// and DroppedBytes after the index was dropped.
	ProcessBytes int64 `json:"process_bytes,omitempty"`
	DroppedBytes int64 `json:"dropped_bytes,omitempty"`
}

// Row is one operation.
type Row struct {
	Name        string  `json:"name"`
	What        string  `json:"what"`
	With        string  `json:"with"` // what was on
	Loop        string  `json:"loop"` // closed or open
	Connections int     `json:"connections"`
	Rate        float64 `json:"rate,omitempty"` // requests a second that were due
	Requests    int64   `json:"requests"`
	Errors      int64   `json:"errors"`
	Error       string  `json:"error,omitempty"`  // the first
	Unsent      int64   `json:"unsent,omitempty"` // among the errors: due, and given up
	PerSecond   float64 `json:"per_second"`
	P50MS       float64 `json:"p50_ms"`
	P99MS       float64 `json:"p99_ms"`
	MaxMS       float64 `json:"max_ms"`

	// IndexBytes and ProcessBytes are what the search index and this process, which
	// is server and load generator in one, held afterwards.
	IndexBytes   int64 `json:"index_bytes,omitempty"`
	ProcessBytes int64 `json:"process_bytes,omitempty"`
}

func rowOf(op operation, l load, t *tally, with string, memory func() (index, process int64)) Row {
	row := Row{
		Name: op.name, What: op.what, With: with, Loop: "closed", Connections: l.workers, Rate: l.rate,
		Requests: t.count(), Errors: t.errors, Unsent: t.unsent,
		PerSecond: round(float64(t.count()-t.errors) / t.elapsed.Seconds()),
		P50MS:     ms(t.quantile(0.5)), P99MS: ms(t.quantile(0.99)), MaxMS: ms(t.max),
	}
	if l.rate > 0 {
		row.Loop = "open"
	}
	if t.first != nil {
		row.Error = t.first.Error()
	}
	row.IndexBytes, row.ProcessBytes = memory()
	return row
}

func ms(d time.Duration) float64 { return round(d.Seconds() * 1000) }

// round gives whole numbers, and three significant digits of numbers below 100.
// Infinity and NaN are 0.
func round(v float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	if math.Abs(v) < 100 {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64) // it has just been a number
		return v
	}
	return math.Round(v)
}
