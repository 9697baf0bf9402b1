package devdraft_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/web/devdraft"
)

const apiPage = "../../../doc/api-devdraft.md"

var errorBody = regexp.MustCompile(`(?m)^< (\{"statusCode":.*\})$`)

// TestPage holds the page against the routes, and against every error message and
// status in the transcripts.
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
	for _, route := range devdraft.Routes() {
		has("`" + route + "`")
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range errorBody.FindAllSubmatch(data, -1) {
			var body struct {
				StatusCode json.Number
				Message    any
			}
			if err := json.Unmarshal(m[1], &body); err != nil {
				t.Fatalf("%s: %s: %v", file, m[1], err)
			}
			has("| " + body.StatusCode.String() + " |")
			messages, ok := body.Message.([]any)
			if !ok {
				messages = []any{body.Message}
			}
			for _, message := range messages {
				for part := range strings.SplitSeq(message.(string), "; ") {
					if body.StatusCode != "503" {
						has(shortened(part))
					}
					seen++
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("the transcripts hold only %d messages: this test looks in the wrong place", seen)
	}
}

// shortened is a message as the page writes it.
func shortened(message string) string {
	for _, start := range []string{"Request body", "Query string"} {
		if rest, ok := strings.CutPrefix(message, start+" "); ok && rest != "is empty" && rest != "is too large" {
			return "`… " + rest + "`"
		}
	}
	if _, rest, ok := strings.Cut(message, " must be a member of the body"); ok {
		return "`… must be a member of the body" + rest + "`"
	}
	if start, _, ok := strings.Cut(message, "values: "); ok {
		return "`" + start + "values: …`"
	}
	if start, rest, ok := strings.Cut(message, "with id '"); ok {
		_, end, _ := strings.Cut(rest, "'")
		return "`" + start + "with id '…'" + end + "`"
	}
	if strings.HasPrefix(message, "Header ") {
		return "`Header … was sent more than once`"
	}
	return "`" + message + "`"
}
