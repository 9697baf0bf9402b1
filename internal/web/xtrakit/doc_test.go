package xtrakit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/web/xtrakit"
)

const apiPage = "../../../doc/api-xtrakit.md"

var (
	errorBody   = regexp.MustCompile(`(?m)^< (\{"status":[45].*\})$`)
	successBody = regexp.MustCompile(`(?m)^< \{"status":200,"message":"([^"]*)"`)
)

// TestPage holds the page against the routes, and against every message and status in
// the transcripts.
func TestPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(apiPage)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	has := func(what string) {
		if !strings.Contains(text, what) {
			t.Errorf("%s does not tell %q", apiPage, what)
		}
	}
	for _, route := range xtrakit.Routes() {
		has("`" + route + "`")
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	count := regexp.MustCompile(`[0-9]+$`)
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range successBody.FindAllSubmatch(data, -1) {
			has("`" + count.ReplaceAllString(string(m[1]), "N") + "`")
			seen++
		}
		for _, m := range errorBody.FindAllSubmatch(data, -1) {
			var body struct {
				Status json.Number
				Error  string
			}
			if err := json.Unmarshal(m[1], &body); err != nil {
				t.Fatalf("%s: %s: %v", file, m[1], err)
			}
			has("| " + body.Status.String() + " |")
			for _, said := range shortened(body.Error) {
				if body.Status != "503" {
					has(said)
				}
			}
			seen++
		}
	}
	if seen < 200 {
		t.Errorf("the transcripts hold only %d messages: this test looks in the wrong place", seen)
	}
}

// shortened is a message as the page writes it.
func shortened(message string) []string {
	if problems, ok := strings.CutPrefix(message, "Validation failed: "); ok {
		var said []string
		for problem := range strings.SplitSeq(problems, "; ") {
			member, rest, _ := strings.Cut(problem, " ")
			said = append(said, "`"+member+"`", "`"+rest+"`")
		}
		return said
	}
	for _, start := range []string{"Request body", "Query string"} {
		rest, ok := strings.CutPrefix(message, start+" ")
		whole := rest == "is empty" || strings.HasPrefix(rest, "is too l") || strings.Contains(rest, "form") || rest == "has a file"
		if ok && !whole {
			return []string{"`… " + rest + "`"}
		}
	}
	switch {
	case strings.HasPrefix(message, "Header "):
		return []string{"`Header … was sent more than once`"}
	case strings.HasPrefix(message, "updated_at"):
		return []string{"and so `updated_at`"}
	}
	return []string{"`" + message + "`"}
}
