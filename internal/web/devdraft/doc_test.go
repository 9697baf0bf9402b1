package devdraft_test

import (
	"encoding/json"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/devdraft"
)

// TestPage holds the page against the routes, and against every error message and
// status in the transcripts.
func TestPage(t *testing.T) {
	t.Parallel()
	page := dialect.ReadPage(t, "../../../doc/api-devdraft.md")
	page.Routes(devdraft.Routes())
	dialect.Answers(t, `(?m)^< (\{"statusCode":.*\})$`, 100, func(file string, m []string) {
		var body struct {
			StatusCode json.Number
			Message    any
		}
		if err := json.Unmarshal([]byte(m[1]), &body); err != nil {
			t.Fatalf("%s: %s: %v", file, m[1], err)
		}
		page.Contains(file, "| "+body.StatusCode.String()+" |")
		messages, ok := body.Message.([]any)
		if !ok {
			messages = []any{body.Message}
		}
		for _, message := range messages {
			for part := range strings.SplitSeq(message.(string), "; ") {
				if body.StatusCode != "503" {
					page.Tells(file, part)
				}
			}
		}
	}, "testdata")
}
