package tests

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fieldRows are the numbers of reports by users and testers that are mended. Each has a test with
// its number in the name, so that whoever reads a report finds what keeps it mended.
const fieldRows = `
	A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15
	B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 B15 B16 B17
	C1 C2 C3 C6 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18
	D1 D2 D3 D4 D5 D6
	E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15 E16`

// TestPolicyFieldRows looks for a test of each row: a function, a script, a transcript, or a case of
// a table.
func TestPolicyFieldRows(t *testing.T) {
	t.Parallel()
	for _, row := range missingRows(strings.Fields(fieldRows), sourceFiles(t, ".go", ".txt", ".txtar")) {
		t.Errorf("no test is named after the row %s", row)
	}
}

var (
	rowInName = regexp.MustCompile(`(?m)^func Test\w*?Field([A-E]\d+)(?:\D|$)`)
	rowInCase = regexp.MustCompile(`"Field([A-E]\d+), `)
	rowInFile = regexp.MustCompile(`^field_([a-e]\d+)(?:_\w+)?\.(?:txt|txtar)$`)
)

func missingRows(rows []string, files []sourceFile) []string {
	named := map[string]bool{}
	for _, f := range files {
		if m := rowInFile.FindStringSubmatch(path.Base(f.path)); m != nil {
			named[strings.ToUpper(m[1])] = true
		}
		if !f.isTest() || f.path == "tests/rows_test.go" {
			continue
		}
		for _, pattern := range []*regexp.Regexp{rowInName, rowInCase} {
			for _, m := range pattern.FindAllSubmatch(f.text, -1) {
				named[string(m[1])] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row string) bool { return named[row] })
}

func TestPolicyFieldRowsRule(t *testing.T) {
	t.Parallel()
	got := missingRows([]string{"A1", "A2", "A3", "A4", "B1", "B2"}, []sourceFile{
		{"internal/x/x_test.go", []byte("func TestFieldA1Words(t *testing.T) {\n}\n// TestFieldA4 is gone.\nfunc TestStoreFieldB12(t *testing.T) {\n")},
		{"internal/x/x.go", []byte("func TestFieldA4(t *testing.T) {\n")},
		{"internal/x/testdata/field_a2.txt", nil},
		{"internal/x/testdata/field_b10.txt", nil},
		{"tests/y_test.go", []byte("\t\t\"FieldA3, a habit\": 1,\n")},
	})
	if want := []string{"A4", "B1", "B2"}; !slices.Equal(got, want) {
		t.Errorf("missingRows = %q, want %q", got, want)
	}
}
