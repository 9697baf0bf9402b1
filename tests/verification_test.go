package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testCommand  = regexp.MustCompile("go test ((?:\\./[a-z/]+ )+)-run (?:'([^']+)'|([^ `]+))")
	testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestPolicyCommandsRunTests looks up every test that our Markdown tells readers to
// run: a pattern that matches none ends with "ok" and shows nothing.
func TestPolicyCommandsRunTests(t *testing.T) {
	t.Parallel()
	commands := 0
	for _, f := range sourceFiles(t, ".md") {
		for _, m := range testCommand.FindAllStringSubmatch(string(f.text), -1) {
			commands++
			pattern, err := regexp.Compile(strings.ReplaceAll(m[2]+m[3], `\|`, "|")) // as a table writes it
			if err != nil {
				t.Errorf("%s: %s: %v", f.path, m[0], err)
				continue
			}
			for _, dir := range strings.Fields(m[1]) {
				if !hasTest(t, filepath.Join("..", dir), pattern) {
					t.Errorf("%s: %s: no test in %s has such a name", f.path, m[0], dir)
				}
			}
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands were found", commands)
	}
}

func hasTest(t *testing.T, dir string, pattern *regexp.Regexp) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunction.FindAllSubmatch(text, -1) {
			if pattern.Match(m[1]) {
				return true
			}
		}
	}
	return false
}
