package tests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// decisionParts is what every decision says, in this order.
var decisionParts = []string{"**Question.**", "**Decision.**", "**Why.**", "**What would change our mind.**"}

var decisionName = regexp.MustCompile(`^doc/decisions/(\d{4})-[a-z0-9-]+\.md$`)

// TestPolicyDecisions holds doc/decisions to its template: numbers without gaps, and in each the
// question, the decision, the reasons, and what would change our mind.
func TestPolicyDecisions(t *testing.T) {
	t.Parallel()
	var pages []sourceFile
	for _, f := range sourceFiles(t, ".md") {
		if f.within("doc/decisions") {
			pages = append(pages, f)
		}
	}
	for _, complaint := range decisionComplaints(pages) {
		t.Error(complaint)
	}
}

func decisionComplaints(pages []sourceFile) []string {
	if len(pages) == 0 {
		return []string{"no decision was found"}
	}
	slices.SortFunc(pages, func(a, b sourceFile) int { return strings.Compare(a.path, b.path) })
	var found []string
	for i, f := range pages {
		number := fmt.Sprintf("%04d", i+1)
		if m := decisionName.FindStringSubmatch(f.path); m == nil || m[1] != number {
			found = append(found, fmt.Sprintf("%s: want the name %s-title.md", f.path, number))
		}
		if !strings.HasPrefix(string(f.text), "# "+number+" ") {
			found = append(found, fmt.Sprintf("%s: want the heading # %s …", f.path, number))
		}
		rest := string(f.text)
		for _, part := range decisionParts {
			_, after, ok := strings.Cut(rest, "\n"+part)
			if !ok {
				found = append(found, fmt.Sprintf("%s: want a paragraph %s, in its place", f.path, part))
				continue
			}
			rest = after
		}
	}
	return found
}

func TestPolicyDecisionsRule(t *testing.T) {
	t.Parallel()
	whole := "# 0001 Title\n\n" + strings.Join(decisionParts, " x\n\n") + "\n"
	tests := []struct{ path, text, want string }{
		{"doc/decisions/0001-title.md", whole, ""},
		{"doc/decisions/0002-title.md", whole, "the name 0001-"},
		{"doc/decisions/0001-title.md", strings.Replace(whole, "# 0001", "# 0002", 1), "the heading"},
		{"doc/decisions/0001-title.md", strings.Replace(whole, "mind", "plans", 1), "change our mind"},
		{"doc/decisions/0001-title.md", strings.Replace(whole, "**Why.**", "Why.", 1), "**Why.**"},
	}
	for _, tt := range tests {
		got := strings.Join(decisionComplaints([]sourceFile{{tt.path, []byte(tt.text)}}), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s %q: %q, want %q", tt.path, tt.text, got, tt.want)
		}
	}
}
