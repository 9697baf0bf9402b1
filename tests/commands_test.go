package tests

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPolicyCommandsInPages looks up every command that our Markdown tells readers to type: targets
// of make, verbs and flags of custodex, scripts, programs, and the tests that a pattern of go test
// has to match. A pattern that matches no test ends with "ok" and shows nothing.
func TestPolicyCommandsInPages(t *testing.T) {
	t.Parallel()
	known := knownCommands(t)
	seen := 0
	for _, f := range sourceFiles(t, ".md") {
		complaints, n := commandComplaints(f, known)
		seen += n
		for _, complaint := range complaints {
			t.Error(complaint)
		}
	}
	if seen < 100 {
		t.Errorf("only %d commands were found: this test looks in the wrong place", seen)
	}
}

// commands is what a reader can type.
type commands struct {
	targets map[string]bool            // of make
	verbs   map[string]map[string]bool // of custodex, as "key create", with their flags
	exists  func(path string) bool     // scripts and packages
	tests   func(folder string) []string
}

var (
	codeInText    = regexp.MustCompile("`([^`\n]+)`")
	makeCommand   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)\b`)
	scriptCommand = regexp.MustCompile(`(?:^|\s)(script/[a-z-]+)`)
	goRun         = regexp.MustCompile(`\bgo run (\./[a-z/]+)`)
	goTest        = regexp.MustCompile(`\bgo test (?:-\S+ )*((?:\./[a-z/.]+ )+)-run (?:'([^']+)'|(\S+))`)
	ourProgram    = regexp.MustCompile(`(?:^|[\s/])custodex ([a-z][^|;&()]*)`)
	flagWord      = regexp.MustCompile(`(?:^|[\s(])--([a-z][a-z-]*)`)
	codeBlock     = regexp.MustCompile("(?ms)^\\s*```(\\w*)\n(.*?)^\\s*```")
	continued     = regexp.MustCompile(`\\\n\s*`)
)

// typed returns what a page sets as code: the lines of shell blocks, and code within the text.
func typed(text string) []string {
	var lines []string
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		if block[1] != "" && block[1] != "sh" {
			continue
		}
		for line := range strings.Lines(continued.ReplaceAllString(block[2], " ")) {
			line, _, _ = strings.Cut(line, " #")
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	for _, m := range codeInText.FindAllStringSubmatch(fencedCode.ReplaceAllString(text, ""), -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// commandComplaints checks the commands of one page, and says how many there are.
func commandComplaints(f sourceFile, known commands) (found []string, n int) {
	check := func(line, what string, ok bool) {
		n++
		if !ok {
			found = append(found, fmt.Sprintf("%s: %q: %s", f.path, line, what))
		}
	}
	for _, line := range typed(string(f.text)) {
		for _, m := range makeCommand.FindAllStringSubmatch(line, -1) {
			check(line, "the Makefile has no target "+m[1], known.targets[m[1]])
		}
		for _, m := range scriptCommand.FindAllStringSubmatch(line, -1) {
			check(line, "no such script", known.exists(m[1]))
		}
		for _, m := range goRun.FindAllStringSubmatch(line, -1) {
			check(line, "no such package", known.exists(m[1]))
		}
		for _, m := range goTest.FindAllStringSubmatch(line, -1) {
			what, ok := matchesTests(strings.ReplaceAll(m[2]+m[3], `\|`, "|"), strings.Fields(m[1]), known.tests) // as a table writes it
			check(line, what, ok)
		}
		if m := ourProgram.FindStringSubmatch(line); m != nil {
			check(line, "custodex has no such verb or flag", known.takes(m[1]))
		}
		if flags, ok := strings.CutPrefix(line, "--"); ok {
			check(line, "no verb has this flag", known.anyTakes(strings.Fields(flags)[0]))
		}
	}
	return found, n
}

// matchesTests reports whether each alternative of a pattern matches a test in some folder, and
// each folder has a test that it matches; if not, what is missing.
func matchesTests(pattern string, folders []string, tests func(folder string) []string) (missing string, ok bool) {
	useful := map[string]bool{}
	for part := range strings.SplitSeq(pattern, "|") {
		part, err := regexp.Compile(part)
		if err != nil {
			return err.Error(), false
		}
		matched := false
		for _, folder := range folders {
			if slices.ContainsFunc(tests(folder), part.MatchString) {
				matched, useful[folder] = true, true
			}
		}
		if !matched {
			return "no test matches " + part.String(), false
		}
	}
	for _, folder := range folders {
		if !useful[folder] {
			return "no test in " + folder + " matches", false
		}
	}
	return "", true
}

// takes reports whether a command line without the program's name has a verb and flags that exist.
// A group of verbs, like `key`, may be named alone.
func (c commands) takes(line string) bool {
	words := strings.Fields(line)
	verb := words[0]
	if len(words) > 1 && c.isGroup(verb) {
		verb += " " + words[1]
	}
	flags, ok := c.verbs[verb]
	if !ok {
		return false
	}
	for _, m := range flagWord.FindAllStringSubmatch(line, -1) {
		if !flags[m[1]] && m[1] != "json" && m[1] != "help" {
			return false
		}
	}
	return true
}

// isGroup reports whether a verb has verbs of its own.
func (c commands) isGroup(verb string) bool {
	for name := range c.verbs {
		if strings.HasPrefix(name, verb+" ") {
			return true
		}
	}
	return false
}

// anyTakes reports whether some verb has the flag.
func (c commands) anyTakes(flag string) bool {
	flag, _, _ = strings.Cut(flag, "=")
	for _, flags := range c.verbs {
		if flags[flag] {
			return true
		}
	}
	return flag == "json" || flag == "cgo"
}

func TestPolicyCommandsInPagesRule(t *testing.T) {
	t.Parallel()
	structs := map[string]*ast.StructType{}
	source := "package main\n" +
		"type cli struct {\n\tServe serveCmd `cmd:\"\"`\n\tKey keyCmd `cmd:\"\"`\n}\n" +
		"type serveCmd struct {\n\tsettings\n\tOut string `name:\"out\"`\n}\n" +
		"type settings struct {\n\tFlags values `embed:\"\"`\n}\n" +
		"type keyCmd struct {\n\tCreate keyCreateCmd `cmd:\"\"`\n}\n" +
		"type keyCreateCmd struct {\n\tName string `name:\"name\"`\n}\n"
	readStructs(sourceFile{"x.go", []byte(source)}.parse(token.NewFileSet()), structs)
	known := commands{
		targets: map[string]bool{"check": true},
		verbs:   readVerbs(structs, "cli", map[string]bool{"addr": true}),
		exists:  func(path string) bool { return path == "script/fuzz" || path == "./cmd/custodex" },
		tests:   func(folder string) []string { return map[string][]string{"./tests": {"TestPolicyX"}}[folder] },
	}
	tests := []struct {
		code string
		good bool
	}{
		{"make check", true}, {"make cheque", false}, {"make", true},
		{"script/fuzz 30s", true}, {"script/buzz", false},
		{"go run ./cmd/custodex serve", true}, {"go run ./cmd/custode", false},
		{"go test ./tests -run PolicyX -v", true}, {"go test ./tests -run 'Nothing|Y'", false},
		{"go test ./tests -run 'Policy|X$'", true}, {"go test ./tests -run 'PolicyX|Y'", false},
		{"go test ./tests ./gone -run PolicyX", false},
		{"go test ./gone -run PolicyX", false}, {"go test ./...", true},
		{"custodex serve --addr :80 --out x", true}, {"custodex serve --name x", false},
		{"custodex key", true}, {"custodex key create --name x --json", true},
		{"custodex key remove", false},
		{"custodex sing", false}, {"custodex dev", false},
		{"--addr", true}, {"--adr", false}, {"--name=x", true},
	}
	for _, tt := range tests {
		for _, text := range []string{"`" + tt.code + "`", "```sh\n" + tt.code + "   # why\n```\n"} {
			if strings.HasPrefix(tt.code, "--") && strings.HasPrefix(text, "```") {
				continue
			}
			got, _ := commandComplaints(sourceFile{"doc/x.md", []byte(text)}, known)
			if (len(got) == 0) != tt.good {
				t.Errorf("%q: %q, want good = %t", text, got, tt.good)
			}
		}
	}
}
