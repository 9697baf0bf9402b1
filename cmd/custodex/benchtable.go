package main

import (
	"fmt"
	"strconv"
	"strings"

	"custodex.dev/internal/bench"
)

// printBench prints what a benchmark measured.
func (e *environment) printBench(r bench.Report) error {
	if e.json {
		return e.printJSON(r)
	}
	fields := []string{
		"Custodex", fmt.Sprintf("%s on %s, %d processors", r.Version, r.System, r.Processors),
		"Engine", r.Engine,
	}
	if r.Customers > 0 {
		fields = append(fields, "Customers", strconv.Itoa(r.Customers))
	}
	fields = append(fields, "Disk", valueOrBlank(r.FsyncsPerSecond, "fsyncs/s in the data folder"))
	if s := r.Start; s != nil {
		fields = append(fields, "Start", fmt.Sprintf("%s to the first answer, %s at rest (empty SQLite database)",
			valueOrBlank(s.FirstAnswerMS, "ms"), megabytes(s.RestBytes)))
	}
	if f := r.Fill; f != nil {
		fields = append(fields, "Fill", fmt.Sprintf("%d customers in %g s, %.0f/s", f.Customers, f.Seconds, f.PerSecond))
	}
	if x := r.Index; x != nil {
		line := fmt.Sprintf("ready %g ms after the first search", x.ReadyMS)
		if x.Bytes > 0 {
			line = fmt.Sprintf("%s, %g bytes a customer for %g of text; %s",
				megabytes(x.Bytes), x.BytesPerCustomer, x.TextPerCustomer, line)
		}
		fields = append(fields, "Index", line)
	}
	if x := r.Index; x != nil && x.DroppedBytes > 0 {
		fields = append(fields, "Memory", fmt.Sprintf("%s with the index, %s after it was dropped",
			megabytes(x.ProcessBytes), megabytes(x.DroppedBytes)))
	}
	if len(r.Audit) > 0 {
		shares := make([]string, len(r.Audit))
		for i, a := range r.Audit {
			shares[i] = fmt.Sprintf("%s %.0f %%", a.Name, 100*a.Share)
		}
		fields = append(fields, "Audit", "rates with it, of those without: "+strings.Join(shares, ", "))
	}
	if err := e.printFields(fields...); err != nil {
		return err
	}
	if len(r.Rows) == 0 {
		return nil // interrupted before the first
	}
	var rows [][]string
	for _, row := range r.Rows {
		loop := row.Loop
		if row.Rate > 0 {
			loop = fmt.Sprintf("%g/s due", row.Rate)
		}
		rows = append(rows, []string{
			row.Name, loop, strconv.Itoa(row.Connections), fmt.Sprintf("%.0f", row.PerSecond),
			fmt.Sprintf("%g", row.P50MS), fmt.Sprintf("%g", row.P99MS), fmt.Sprintf("%g", row.MaxMS),
			strconv.FormatInt(row.Errors, 10), megabytes(row.IndexBytes), megabytes(row.ProcessBytes), row.What + "; " + row.With,
		})
	}
	if err := e.printf("\n"); err != nil {
		return err
	}
	return e.table([]string{"OPERATION", "LOOP", "CONNS", "PER S", "P50 MS", "P99 MS", "MAX MS", "ERRORS", "INDEX", "PROCESS", "WHAT, AND WHAT WAS ON"}, rows)
}

// valueOrBlank formats a value with its unit, or gives "" for an unknown value.
func valueOrBlank(v float64, unit string) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%g %s", v, unit)
}

func megabytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
