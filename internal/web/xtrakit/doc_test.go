package xtrakit_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/xtrakit"
)

// TestPage holds the page against the routes, and against every message and status in
// the transcripts.
func TestPage(t *testing.T) {
	t.Parallel()
	page := dialect.ReadPage(t, "../../../doc/api-xtrakit.md")
	page.Routes(xtrakit.Routes())
	count := regexp.MustCompile(`[0-9]+$`)
	dialect.Answers(t, `(?m)^< \{"status":200,"message":"([^"]*)"`, 50, func(file string, m []string) {
		page.Tells(file, count.ReplaceAllString(m[1], "N"))
	}, "testdata")
	dialect.Answers(t, `(?m)^< (\{"status":[45].*\})$`, 100, func(file string, m []string) {
		var body struct {
			Status json.Number
			Error  string
		}
		if err := json.Unmarshal([]byte(m[1]), &body); err != nil {
			t.Fatalf("%s: %s: %v", file, m[1], err)
		}
		page.Contains(file, "| "+body.Status.String()+" |")
		problems, several := strings.CutPrefix(body.Error, "Validation failed: ")
		switch {
		case several:
			for problem := range strings.SplitSeq(problems, "; ") {
				member, rest, _ := strings.Cut(problem, " ")
				page.Tells(file, member)
				page.Tells(file, rest)
			}
		case body.Status != "503":
			// One sentence of the page is about both filters of a period.
			page.Tells(file, strings.Replace(body.Error, "updated_at must", "created_at must", 1))
		}
	}, "testdata")
}
