package tests

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// inlineLink and referenceLink are the two ways in which Markdown names a target.
	inlineLink    = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	referenceLink = regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s+<?([^\s>]+)>?`)
	fencedCode    = regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```")
	inlineCode    = regexp.MustCompile("`[^`\n]*`")
	notInAnchor   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	headingLine   = regexp.MustCompile(`(?m)^#{1,6}\s+(.+?)\s*#*$`)
)

// TestPolicyDocLinks follows every link in our Markdown that leads to a file or heading of ours.
func TestPolicyDocLinks(t *testing.T) {
	t.Parallel()
	for _, f := range sourceFiles(t, ".md") {
		for _, target := range linkTargets(string(f.text)) {
			if complaint := checkLink(f, target); complaint != "" {
				t.Errorf("%s: link to %s: %s", f.path, target, complaint)
			}
		}
	}
}

// linkTargets returns what a Markdown text links to, code left out.
func linkTargets(text string) []string {
	text = fencedCode.ReplaceAllString(text, "")
	text = inlineCode.ReplaceAllString(text, "code")
	var targets []string
	for _, pattern := range []*regexp.Regexp{inlineLink, referenceLink} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			targets = append(targets, m[1])
		}
	}
	return targets
}

// checkLink says what is wrong with a link, or nothing. Links out of the project are not followed:
// the test must pass without a network.
func checkLink(from sourceFile, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "not a link"
	}
	if u.Scheme != "" || u.Host != "" {
		return ""
	}
	file := path.Join(path.Dir(from.path), u.Path)
	if u.Path == "" {
		file = from.path
	}
	switch {
	case strings.HasPrefix(u.Path, "/"):
		return "begin it where the page is, not with a slash"
	case file == ".." || strings.HasPrefix(file, "../"):
		return "leads out of the project"
	}
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		if info, statErr := os.Stat(filepath.Join(root, file)); statErr == nil && info.IsDir() {
			return ""
		}
		return "no such file"
	}
	if u.Fragment != "" && path.Ext(file) == ".md" && !hasAnchor(string(text), u.Fragment) {
		return "no such heading"
	}
	return ""
}

// hasAnchor reports whether a heading of the page gets this anchor on the usual hosts: lower case,
// punctuation dropped, spaces to dashes.
func hasAnchor(page, anchor string) bool {
	page = fencedCode.ReplaceAllString(page, "")
	for _, m := range headingLine.FindAllStringSubmatch(page, -1) {
		plain := notInAnchor.ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(plain, " ", "-") == anchor {
			return true
		}
	}
	return false
}

func TestPolicyDocLinksRule(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"[layers](layers_test.go)", ""},
		{"[up](../go.mod)", ""},
		{"[folder](testdata/)", ""},
		{"[gone](nowhere.md)", "no such file"},
		{"[titled](nowhere.md \"a title\")", "no such file"},
		{"[ref]: nowhere.md", "no such file"},
		{"[out](../../etc/passwd)", "leads out"},
		{"[rooted](/doc/x.md)", "with a slash"},
		{"[web](https://example.com/nowhere.md)", ""},
		{"`[code](nowhere.md)` and\n```\n[code](nowhere.md)\n```\n", ""},
	}
	for _, tt := range tests {
		from := sourceFile{path: "tests/README.md", text: []byte(tt.text)}
		var got []string
		for _, target := range linkTargets(tt.text) {
			got = append(got, checkLink(from, target))
		}
		joined := strings.Join(got, "\n")
		if (tt.want == "") != (joined == "") || !strings.Contains(joined, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, joined, tt.want)
		}
	}
	page := "# The layers\n\n## 2 A field, a route: `how`\n"
	for anchor, want := range map[string]bool{"the-layers": true, "2-a-field-a-route-how": true, "layers": false} {
		if got := hasAnchor(page, anchor); got != want {
			t.Errorf("hasAnchor(%q) = %t, want %t", anchor, got, want)
		}
	}
}
