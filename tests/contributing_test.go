package tests

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layerPage is where the layers are explained to readers.
const layerPage = "CONTRIBUTING.md"

// TestPolicyLayerPage compares the table in CONTRIBUTING.md with the one in layers_test.go, both
// ways, and both with the folders that exist.
func TestPolicyLayerPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, layerPage))
	if err != nil {
		t.Fatal(err)
	}
	exists := func(folder string) bool {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		return err == nil && len(files) > 0
	}
	for _, complaint := range layerPageComplaints(readLayerRows(string(page)), placements, exists) {
		t.Error(complaint)
	}
}

var layerRow = regexp.MustCompile(`(?m)^\| (\d+|tests) \| ([^|]+) \|`)

// readLayerRows reads folder → layer from the page's table.
func readLayerRows(page string) map[string]string {
	rows := map[string]string{}
	for _, m := range layerRow.FindAllStringSubmatch(page, -1) {
		for _, folder := range codeInText.FindAllStringSubmatch(m[2], -1) {
			rows[folder[1]] = m[1]
		}
	}
	return rows
}

// layerPageComplaints compares the page's rows with the table of layers and with the folders.
func layerPageComplaints(rows map[string]string, placements map[string]placement, exists func(string) bool) []string {
	var found []string
	for folder, layer := range rows {
		placement, ok := placements[folder]
		switch {
		case !exists(folder):
			found = append(found, fmt.Sprintf("%s has a row for %s, which does not exist", layerPage, folder))
		case !ok:
			found = append(found, fmt.Sprintf("%s has a row for %s, which has no layer", layerPage, folder))
		case layer != layerName(placement):
			found = append(found, fmt.Sprintf("%s puts %s on layer %s, it is on %s", layerPage, folder, layer, layerName(placement)))
		}
	}
	for folder := range placements {
		if !exists(folder) {
			found = append(found, folder+" has a layer and does not exist")
		} else if rows[folder] == "" {
			found = append(found, fmt.Sprintf("%s has no row for %s", layerPage, folder))
		}
	}
	slices.Sort(found)
	return found
}

func TestPolicyLayerPageRule(t *testing.T) {
	t.Parallel()
	rows := readLayerRows(strings.Join([]string{
		"| layer | folder | what it is for |", "| --- | --- | --- |",
		"| 2 | `a`, `b` | two packages with `c` inside |",
		"| 1 | `gone`, `stranger` | |", "| tests | `kit` | |",
	}, "\n"))
	table := map[string]placement{
		"a": {layer: 2}, "b": {layer: 3}, "gone": {layer: 1}, "kit": {layer: kit}, "quiet": {layer: 0}, "lost": {layer: 0},
	}
	exists := func(folder string) bool { return folder != "gone" && folder != "lost" }
	want := strings.Join([]string{
		"CONTRIBUTING.md has a row for gone, which does not exist",
		"CONTRIBUTING.md has a row for stranger, which has no layer",
		"CONTRIBUTING.md has no row for quiet",
		"CONTRIBUTING.md puts b on layer 2, it is on 3",
		"gone has a layer and does not exist",
		"lost has a layer and does not exist",
	}, "\n")
	if got := strings.Join(layerPageComplaints(rows, table, exists), "\n"); got != want {
		t.Errorf("complaints:\n%s\nwant:\n%s", got, want)
	}
}

// compared are the files whose policy tests hold two lists against each other, so that there is
// no rule to try.
var compared = []string{"openapi_values_test.go"}

var (
	policyRow  = regexp.MustCompile("(?m)^\\| `([a-z_]+_test\\.go)` \\|")
	policyTest = regexp.MustCompile(`(?m)^func TestPolicy\w+\(`)
	ruleTest   = regexp.MustCompile(`(?m)^func TestPolicy\w+Rule\(`)
)

// TestPolicyTable: the table of policy tests in CONTRIBUTING.md has their files, and each file
// shows that its rule can fail.
func TestPolicyTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, layerPage))
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range policyTableComplaints(string(page), sourceFiles(t, ".go")) {
		t.Error(complaint)
	}
}

func policyTableComplaints(page string, files []sourceFile) []string {
	var found []string
	rows := map[string]bool{}
	for _, m := range policyRow.FindAllStringSubmatch(page, -1) {
		rows[m[1]] = true
	}
	for _, f := range files {
		name := path.Base(f.path)
		if path.Dir(f.path) != "tests" || !policyTest.Match(f.text) {
			continue
		}
		if !rows[name] {
			found = append(found, fmt.Sprintf("%s has no row for %s", layerPage, f.path))
		}
		if !ruleTest.Match(f.text) && !slices.Contains(compared, name) {
			found = append(found, f.path+" has no test that its rule can fail, named TestPolicy…Rule")
		}
		delete(rows, name)
	}
	for name := range rows {
		found = append(found, fmt.Sprintf("%s has a row for %s, which has no policy test", layerPage, name))
	}
	slices.Sort(found)
	return found
}

func TestPolicyTableRule(t *testing.T) {
	t.Parallel()
	page := "| `a_test.go` | a |\n| `b_test.go` | b |\n| `gone_test.go` | c |\n"
	got := policyTableComplaints(page, []sourceFile{
		{"tests/a_test.go", []byte("func TestPolicyA(t *testing.T) {\n}\nfunc TestPolicyARule(t *testing.T) {\n")},
		{"tests/b_test.go", []byte("func TestPolicyB(t *testing.T) {\n")},
		{"tests/c_test.go", []byte("func TestPolicyC(t *testing.T) {\n}\nfunc TestPolicyCRule(t *testing.T) {\n")},
		{"tests/d_test.go", []byte("func TestD(t *testing.T) {\n")},
	})
	want := []string{
		"CONTRIBUTING.md has a row for gone_test.go, which has no policy test",
		"CONTRIBUTING.md has no row for tests/c_test.go",
		"tests/b_test.go has no test that its rule can fail, named TestPolicy…Rule",
	}
	if !slices.Equal(got, want) {
		t.Errorf("policyTableComplaints = %q, want %q", got, want)
	}
}
