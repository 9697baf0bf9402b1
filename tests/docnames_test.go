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

	"custodex.dev/internal/config"
)

// Names is what our pages may mention, each kind as a set.
type names struct {
	settings, variables, members map[string]bool
	metrics                      map[string]bool
	tests                        map[string]bool
	codes                        map[string]bool // of faults
	exists                       func(path string) bool
}

// TestPolicyNamesInPages looks up what our Markdown names: settings, environment variables,
// metrics, fault codes, files and tests. A page that outlives what it describes fails here.
func TestPolicyNamesInPages(t *testing.T) {
	t.Parallel()
	known := knownNames(t)
	named := 0
	for _, f := range sourceFiles(t, ".md") {
		if f.path == changelogPage {
			continue // it tells of names that are gone
		}
		complaints, n := nameComplaints(f, known)
		named += n
		for _, complaint := range complaints {
			t.Error(complaint)
		}
	}
	if named < 120 {
		t.Errorf("only %d names were found: this test looks in the wrong place", named)
	}
}

// operatingPage describes every setting and every metric.
const operatingPage = "doc/operating.md"

// TestPolicyEveryNameHasItsPage is the way back: each setting and each metric is in operating.md.
func TestPolicyEveryNameHasItsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, operatingPage))
	if err != nil {
		t.Fatal(err)
	}
	known := knownNames(t)
	for _, complaint := range undescribed(string(page), known) {
		t.Error(complaint)
	}
}

// undescribed lists the settings without a heading and the metrics without a mention.
func undescribed(page string, known names) []string {
	var found []string
	for setting := range known.settings {
		if !strings.Contains(page, "\n#### "+setting+"\n") {
			found = append(found, fmt.Sprintf("%s does not describe the setting %s", operatingPage, setting))
		}
	}
	for metric := range known.metrics {
		if !regexp.MustCompile(metric + `\b`).MatchString(page) {
			found = append(found, fmt.Sprintf("%s does not describe the metric %s", operatingPage, metric))
		}
	}
	slices.Sort(found)
	return found
}

var (
	settingWord  = regexp.MustCompile("\\bsettings? `([a-z][a-z-]*)`(?: and `([a-z][a-z-]*)`)?")
	variableWord = regexp.MustCompile(`\bCUSTODEX_[A-Z_]+[A-Z]\b`)
	metricWord   = regexp.MustCompile(`\bcustodex_[a-z][a-z_]+[a-z]\b`)
	pathWord     = regexp.MustCompile(`^(?:\.{0,2}/)?[A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)*\.(?:go|md|sql|json|txt|txtar|yml|yaml|mod|sum|conf|gz)$`)
	folderWord   = regexp.MustCompile(`^(?:\./)?(?:internal|cmd|tests|doc|script|tools|client)(?:/[A-Za-z0-9_.-]+)+/?$`)
	codeRow      = regexp.MustCompile("(?m)^\\| [45]\\d\\d \\| [^|]* \\| ((?:`[a-z_]+`(?:, )?)+) \\|$")
	testWord     = regexp.MustCompile(`^(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*$`)
)

// notOurs are database roles and names that look like a metric or a file, and files that the
// program or a user makes.
var notOurs = map[string]bool{
	"custodex_runtime": true, "custodex_owner": true, "custodex_server": true,
	"log.jsonl": true, "kept.txt": true, "result.json": true, "manifest.json": true,
}

// nameComplaints looks up the names in one page, and says how many there are.
func nameComplaints(f sourceFile, known names) (found []string, n int) {
	check := func(kind, name string, ok bool) {
		n++
		if !ok && !notOurs[name] {
			found = append(found, fmt.Sprintf("%s names the %s %s, which does not exist", f.path, kind, name))
		}
	}
	text := string(f.text)
	for _, m := range settingWord.FindAllStringSubmatch(text, -1) {
		for _, name := range m[1:] {
			if name != "" {
				check("setting", name, known.settings[name])
			}
		}
	}
	for _, name := range variableWord.FindAllString(text, -1) {
		check("variable", name, known.variables[name])
	}
	for _, name := range metricWord.FindAllString(text, -1) {
		check("metric", name, known.metrics[name])
	}
	for _, row := range codeRow.FindAllStringSubmatch(text, -1) {
		for _, m := range codeInText.FindAllStringSubmatch(row[1], -1) {
			check("fault code", m[1], known.codes[m[1]])
		}
	}
	for _, m := range codeInText.FindAllStringSubmatch(fencedCode.ReplaceAllString(text, ""), -1) {
		name := m[1]
		switch {
		case strings.ContainsAny(name, "*<") || strings.Contains(name, "NNNN"):
			// a pattern, not a name
		case testWord.MatchString(name):
			check("test", name, known.tests[name])
		case pathWord.MatchString(name) || folderWord.MatchString(name):
			beside := path.Join(path.Dir(f.path), name)
			check("file", name, known.exists(name) || known.exists(beside) || known.exists("internal/"+name) ||
				!strings.Contains(name, "/") && known.exists("*/"+name))
		}
	}
	return found, n
}

var (
	metricLiteral   = regexp.MustCompile(`"(custodex_[a-z_]+[a-z])"`)
	metricGauge     = regexp.MustCompile(`\b(?:gauge|counter)\("([a-z_]+)"`)
	variableLiteral = regexp.MustCompile(`"(CUSTODEX_[A-Z_]+)"`)
)

// knownNames reads the names from the source and the folders.
func knownNames(t *testing.T) names {
	t.Helper()
	known := names{
		settings: map[string]bool{}, variables: map[string]bool{}, members: map[string]bool{},
		metrics: map[string]bool{}, tests: map[string]bool{},
		codes: map[string]bool{},
	}
	for _, e := range config.Explain() {
		known.settings[e.Name], known.variables[e.Env], known.members[e.Member] = true, true, true
	}
	bases := map[string]bool{}
	for _, f := range sourceFiles(t, ".go", ".md", ".sql", ".json", ".txt", ".txtar", ".yml", ".yaml", ".mod", ".sum", ".gz") {
		bases[path.Base(f.path)] = true
		if path.Ext(f.path) != ".go" {
			continue
		}
		for _, m := range testDeclared.FindAllSubmatch(f.text, -1) {
			known.tests[string(m[1])] = true
		}
		for _, m := range variableLiteral.FindAllSubmatch(f.text, -1) {
			known.variables[string(m[1])] = true
		}
		if f.isTest() || !f.within("internal") {
			continue
		}
		for _, m := range metricLiteral.FindAllSubmatch(f.text, -1) {
			if name := string(m[1]); !notOurs[name] {
				known.metrics[name] = true
			}
		}
		for _, m := range metricGauge.FindAllSubmatch(f.text, -1) {
			known.metrics["custodex_"+string(m[1])] = true
		}
	}
	for code := range sourceCodes(t) {
		known.codes[code] = true
	}
	known.exists = func(name string) bool {
		if base, anywhere := strings.CutPrefix(name, "*/"); anywhere {
			return bases[base]
		}
		_, err := os.Stat(filepath.Join(root, name))
		return err == nil
	}
	return known
}

func TestPolicyNamesInPagesRule(t *testing.T) {
	t.Parallel()
	set := func(list ...string) map[string]bool {
		m := map[string]bool{}
		for _, name := range list {
			m[name] = true
		}
		return m
	}
	known := names{
		settings: set("max-skip", "conceal"), variables: set("CUSTODEX_ADDR"), metrics: set("custodex_faults_total"),
		codes: set("key_revoked"), tests: set("TestHere"), exists: func(name string) bool { return name == "internal/records/gate.go" },
	}
	tests := []struct{ text, want string }{
		{"the setting `max-skip` and settings `max-skip` and `conceal`", ""},
		{"the setting `max-jump`", "setting max-jump"},
		{"`CUSTODEX_ADDR`, or CUSTODEX_ADDRESS", "variable CUSTODEX_ADDRESS"},
		{"`custodex_faults_total{code}`", ""},
		{"`custodex_fault_total`", "metric custodex_fault_total"},
		{"`internal/records/gate.go`, `records/gate.go`, `internal/*/x.go`, `a.b.c`", ""},
		{"`internal/records/door.go`", "file internal/records/door.go"},
		{"`records/door.go`", "file records/door.go"},
		{"`internal/doors`", "file internal/doors"},
		{"| 409 | no | `key_revoked`, `key_revolted` |", "fault code key_revolted"},
		{"| 409 | no | `key_revoked` |", ""},
		{"`TestHere`", ""},
		{"`TestGone`", "test TestGone"},
		{"```\n`TestGone`\n```", ""},
	}
	for _, tt := range tests {
		got, _ := nameComplaints(sourceFile{"doc/x.md", []byte(tt.text)}, known)
		joined := strings.Join(got, "\n")
		if (tt.want == "") != (joined == "") || !strings.Contains(joined, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, joined, tt.want)
		}
	}
	want := []string{
		"doc/operating.md does not describe the metric custodex_faults_total",
		"doc/operating.md does not describe the setting conceal",
	}
	if got := undescribed("\n#### max-skip\n\ncustodex_faults_totals", known); !slices.Equal(got, want) {
		t.Errorf("undescribed = %q, want %q", got, want)
	}
}
