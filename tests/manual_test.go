package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// verbInGo is how a Go test of this folder runs a verb.
var verbInGo = regexp.MustCompile(`(?:run|refused|program)\(t, (?:"hunter2", )?(?:append\(\[\]string\{)?"([a-z]+)"(?:, "([a-z]+)")?`)

// TestPolicyManualIsRun wants every command of doc/operating.md to be run by a test of this
// folder, a script or a Go test: the verb, and each of its flags somewhere.
func TestPolicyManualIsRun(t *testing.T) {
	t.Parallel()
	tried := triedText(t)
	page, err := os.ReadFile(filepath.Join(root, operatingPage))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, line := range typed(string(page)) {
		m := ourProgram.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		seen++
		words := strings.Fields(m[1])
		verb := words[0]
		if len(words) > 1 && strings.Contains(tried, "custodex "+verb+" "+words[1]+" ") {
			verb += " " + words[1]
		}
		if !strings.Contains(tried, "custodex "+verb+" ") {
			t.Errorf("%s says %q, and no test runs custodex %s", operatingPage, line, verb)
		}
		for _, flag := range flagWord.FindAllStringSubmatch(line, -1) {
			if !strings.Contains(tried, "--"+flag[1]) {
				t.Errorf("%s says %q, and no test uses --%s", operatingPage, line, flag[1])
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d commands were found: this test looks in the wrong place", seen)
	}
}

// triedText has what the scripts and the Go tests of this folder run, verbs as "custodex verb ".
func triedText(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, pattern := range []string{"testdata/*.txtar", "*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name == "manual_test.go" || name == "commands_test.go" {
				continue // they speak of verbs and run none
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString(strings.ReplaceAll(string(b), "\n", " \n"))
			for _, m := range verbInGo.FindAllStringSubmatch(string(b), -1) {
				text.WriteString("custodex " + m[1] + " " + m[2] + " \n")
			}
		}
	}
	return text.String()
}
