package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"custodex.dev/internal/tenant"
)

// printJSON prints a result for programs.
func (e *environment) printJSON(v any) error {
	encoder := json.NewEncoder(e.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// printf prints a result for people.
func (e *environment) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(e.out, format, args...)
	return err
}

// table prints rows in columns.
func (e *environment) table(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t ")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// printFields prints names and values, one pair a line. Empty values are left out.
func (e *environment) printFields(pairs ...string) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\n", pairs[i], plain(pairs[i+1])); err != nil {
			return err
		}
	}
	return w.Flush()
}

// plain replaces control characters, so that a text that somebody else chose cannot
// control the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if tenant.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// formatOptional gives fallback for a time that is not set.
func formatOptional(t *time.Time, fallback string) string {
	if t == nil {
		return fallback
	}
	return formatTime(*t)
}

// list is how every list looks with --json.
type list[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

func listOf[T any](data []T) list[T] {
	if data == nil {
		data = []T{}
	}
	return list[T]{Data: data}
}
