package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages about releases.
const (
	changelogPage = "CHANGELOG.md"
	releasesPage  = "doc/releases.md"
)

// A release is a version with its day and, on the page of releases, its commit.
type release struct{ version, day, commit string }

// TestPolicyReleases reads the changelog and the page that names the commit of each release. Each
// version is on both, with the same day, newest first; the changelog's entries stand under the
// headings of Keep a Changelog. If the repository has the commits, their days are compared too.
func TestPolicyReleases(t *testing.T) {
	t.Parallel()
	var text [2]string
	for i, page := range []string{changelogPage, releasesPage} {
		data, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		text[i] = string(data)
	}
	for _, complaint := range releaseComplaints(text[0], text[1], commitDay) {
		t.Error(complaint)
	}
}

// commitDay asks git for the day of a commit, in UTC. It is empty where git does not know: in an
// archive without history, or a shallow clone.
func commitDay(commit string) string {
	cmd := exec.Command("git", "-C", root, "show", "--no-patch", "--format=%cd", "--date=format-local:%Y-%m-%d", commit)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

var (
	versionHeading = regexp.MustCompile(`^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$`)
	releaseRow     = regexp.MustCompile("(?m)^\\| (\\d+\\.\\d+\\.\\d+) \\| (\\d{4}-\\d\\d-\\d\\d) \\| `([0-9a-f]{40})` \\|")
	categories     = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
)

// releaseComplaints compares the two pages with each other and with the history.
func releaseComplaints(changelog, page string, day func(commit string) string) []string {
	var found []string
	complain := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	var written []release
	section, category := "", ""
	for line := range strings.Lines(changelog) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "## "):
			section, category = line, ""
			m := versionHeading.FindStringSubmatch(line)
			if m != nil {
				written = append(written, release{version: m[1], day: m[2]})
			} else if line != "## [Unreleased]" {
				complain("%s: %q is neither a version with its day nor [Unreleased]", changelogPage, line)
			}
		case strings.HasPrefix(line, "### "):
			category = strings.TrimPrefix(line, "### ")
			if !slices.Contains(categories, category) {
				complain("%s: %q is no category of Keep a Changelog", changelogPage, category)
			}
		case strings.HasPrefix(line, "- ") && (section == "" || category == ""):
			complain("%s: %q stands under no category", changelogPage, line)
		}
	}

	var named []release
	for _, m := range releaseRow.FindAllStringSubmatch(page, -1) {
		named = append(named, release{m[1], m[2], m[3]})
	}
	if len(named) != len(written) || len(named) == 0 {
		complain("%s has %d releases, %s has %d", changelogPage, len(written), releasesPage, len(named))
		return found
	}
	for i, r := range named {
		if w := written[i]; w.version != r.version || w.day != r.day {
			complain("%s has %s of %s where %s has %s of %s", changelogPage, w.version, w.day, releasesPage, r.version, r.day)
		}
		if got := day(r.commit); got != "" && got != r.day {
			complain("%s: the commit of %s is of %s and not of %s", releasesPage, r.version, got, r.day)
		}
		if i > 0 && named[i-1].day < r.day {
			complain("%s: %s stands below an older release", releasesPage, r.version)
		}
	}
	return found
}

var (
	nextVersion     = regexp.MustCompile(`(?m)^This section becomes (\d+\.\d+\.\d+)\.$`)
	headingVersion  = regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\] - `)
	documentVersion = regexp.MustCompile(`"info": \{[^{}]*"version": "([^"]*)"`)
)

// TestPolicyDocumentVersion: the OpenAPI documents name the release that the changelog is at.
func TestPolicyDocumentVersion(t *testing.T) {
	t.Parallel()
	log, err := os.ReadFile(filepath.Join(root, changelogPage))
	if err != nil {
		t.Fatal(err)
	}
	want, documents := describedVersion(string(log)), 0
	for _, f := range sourceFiles(t, ".json") {
		if !f.within("internal/web/openapi/document") {
			continue
		}
		documents++
		if m := documentVersion.FindSubmatch(f.text); m == nil || string(m[1]) != want {
			t.Errorf("%s: info.version is %q, want %s as in %s", f.path, m, want, changelogPage)
		}
	}
	if documents < 2 {
		t.Errorf("%d documents were found", documents)
	}
}

// describedVersion is the number that the unreleased section gets, else that of the newest release.
func describedVersion(changelog string) string {
	for _, version := range []*regexp.Regexp{nextVersion, headingVersion} {
		if m := version.FindStringSubmatch(changelog); m != nil {
			return m[1]
		}
	}
	return ""
}

func TestPolicyDocumentVersionRule(t *testing.T) {
	t.Parallel()
	const released = "## [0.3.0] - 2026-12-24\n## [0.2.0] - 2026-11-30\n"
	for log, want := range map[string]string{
		"## [Unreleased]\nThis section becomes 0.4.0.\n" + released: "0.4.0",
		"## [Unreleased]\n" + released:                              "0.3.0",
		"":                                                          "",
	} {
		if got := describedVersion(log); got != want {
			t.Errorf("describedVersion(%q) = %q, want %q", log, got, want)
		}
	}
}

func TestPolicyReleasesRule(t *testing.T) {
	t.Parallel()
	commit := strings.Repeat("0a", 20)
	log := "# Changelog\n## [Unreleased]\n### Added\n- a\n## [0.1.0] - 2026-11-20\n### Fixed\n- b\n"
	page := "| 0.1.0 | 2026-11-20 | `" + commit + "` |\n"
	tests := []struct{ log, page, day, want string }{
		{log, page, "2026-11-20", ""},
		{log, page, "", ""},
		{log, page, "2026-11-21", "is of 2026-11-21"},
		{log, strings.Replace(page, "-20", "-19", 1), "", "0.1.0 of 2026-11-20 where"},
		{log, "", "", "has 1 releases"},
		{"## 0.1.0\n", "", "", "neither a version"},
		{strings.Replace(log, "Fixed", "Mended", 1), page, "", "no category of"},
		{strings.Replace(log, "### Added\n", "", 1), page, "", "under no category"},
		{log + "## [0.0.9] - 2026-12-01\n", page + strings.Replace(strings.Replace(page, "0.1.0", "0.0.9", 1), "2026-11-20", "2026-12-01", 1), "", "below an older"},
	}
	for _, tt := range tests {
		got := strings.Join(releaseComplaints(tt.log, tt.page, func(string) string { return tt.day }), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("releaseComplaints(%q, %q) = %q, want %q", tt.log, tt.page, got, tt.want)
		}
	}
}
