package tests

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var (
	usesLine   = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(.+?)\s*$`)
	pinnedUse  = regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	readOnly   = regexp.MustCompile(`(?m)^permissions:\n  contents: read\n`)
	moreRights = regexp.MustCompile(`(?m)^[^#\n]*(?:\bpermissions:[ \t]*[^\s#]|\b(?:write-all|read-all)\b|[a-z-]+["']?\s*:\s*["']?write\b)`)
	// An expression has no conditional operator. In "A && B || C" the empty text as B counts as
	// false, so the value is C whatever A is.
	emptyChoice = regexp.MustCompile(`&& *(?:''|false|null|0) *\|\|`)
)

// TestPolicyWorkflows wants what actionlint does not look at: actions by the hash of a commit, with
// the release beside it, and no right beyond reading.
func TestPolicyWorkflows(t *testing.T) {
	t.Parallel()
	workflows := 0
	for _, f := range sourceFiles(t, ".yml", ".yaml") {
		if !f.within(".github/workflows") {
			continue
		}
		workflows++
		for _, complaint := range workflowComplaints(f.path, string(f.text)) {
			t.Error(complaint)
		}
	}
	if workflows == 0 {
		t.Error("no workflow was found")
	}
}

func workflowComplaints(path, text string) []string {
	var found []string
	for _, m := range usesLine.FindAllStringSubmatch(text, -1) {
		if !pinnedUse.MatchString(m[1]) {
			found = append(found, fmt.Sprintf("%s: %q: want the full hash of a commit and its release, as @HASH # v1.2.3", path, m[1]))
		}
	}
	if !readOnly.MatchString(text) || moreRights.MatchString(text) {
		found = append(found, path+": want `permissions:` with `contents: read` for all jobs, and no more")
	}
	for _, m := range emptyChoice.FindAllString(text, -1) {
		found = append(found, fmt.Sprintf("%s: %q: this choice never gives its first value; turn the condition round", path, m))
	}
	return found
}

func TestPolicyWorkflowsRule(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0a", 20)
	head := "permissions:\n  contents: read\n"
	tests := []struct{ text, want string }{
		{head + "      - uses: actions/checkout@" + hash + " # v4.2.2\n", ""},
		{head + "      - uses: actions/checkout@v4\n", "full hash"},
		{head + "      - uses: actions/checkout@" + hash + "\n", "its release"},
		{head + "        uses: actions/checkout@" + hash[:10] + " # v4.2.2\n", "full hash"},
		{"jobs:\n", "contents: read"},
		{head + "jobs:\n  a:\n    permissions:\n      packages: write\n", "no more"},
		{head + "jobs:\n  a:\n    permissions:\n      packages: write # to publish\n", "no more"},
		{head + "jobs:\n  a:\n    permissions:\n      'packages' : \"write\"\n", "no more"},
		{head + "jobs:\n  a:\n    permissions: {packages: write}\n", "no more"},
		{head + "jobs:\n  a:\n    permissions: {contents: read,\n      packages: write}\n", "no more"},
		{head + "jobs:\n  a:\n    permissions: write-all\n", "no more"},
		{head + "jobs:\n  a:\n    permissions: read-all\n", "no more"},
		{head + "jobs:\n  a:\n    # permissions: write-all would be too much\n", ""},
		{"permissions: write-all\n" + head, "no more"},
		{head + "          go-version: ${{ matrix.go != 'go.mod' && matrix.go || '' }}\n", ""},
		{head + "          go-version: ${{ matrix.go == 'go.mod' && '' || matrix.go }}\n", "never gives"},
	}
	for _, tt := range tests {
		got := strings.Join(workflowComplaints("ci.yml", tt.text), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("workflowComplaints(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
