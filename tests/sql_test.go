package tests

import (
	"regexp"
	"strings"
	"testing"
)

// star matches a SELECT of all columns, of one table or of several. Such a statement changes its
// meaning when a migration adds a column, and the previous release must run on the new schema.
var star = regexp.MustCompile(`(?i)\bSELECT\s+(?:(?:ALL|DISTINCT)\s+)?(?:[^;"` + "`" + `()]*,\s*)?(?:\w+\.)?\*`)

func TestPolicyNoSelectStar(t *testing.T) {
	t.Parallel()
	for _, f := range sourceFiles(t, ".go", ".sql") {
		if f.path == "tests/sql_test.go" {
			continue
		}
		for _, at := range star.FindAllIndex(f.text, -1) {
			line := 1 + strings.Count(string(f.text[:at[0]]), "\n")
			t.Errorf("%s:%d: name the columns instead of %q", f.path, line, f.text[at[0]:at[1]])
		}
	}
}

func TestPolicyNoSelectStarRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want bool
	}{
		{"SELECT * FROM t", true},
		{"select\n\t*\nfrom t", true},
		{"SELECT c.* FROM customers c", true},
		{"SELECT a, c.* FROM customers c", true},
		{"SELECT DISTINCT * FROM t", true},
		{"SELECT EXISTS (SELECT * FROM t)", true},
		{"SELECT count(*) FROM t", false},
		{"SELECT a * 2 FROM t", false},
		{"SELECT a, b FROM t; -- 2 * 3", false},
	}
	for _, tt := range tests {
		if got := star.MatchString(tt.text); got != tt.want {
			t.Errorf("%q forbidden = %t, want %t", tt.text, got, tt.want)
		}
	}
}
