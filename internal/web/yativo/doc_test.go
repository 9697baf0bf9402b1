package yativo_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/yativo"
)

// jsonAnswer finds the status and the JSON body of an answer.
const jsonAnswer = `(?s)\n< (\d\d\d)[^\n]*(?:\n< [^\n@{]*)*\n< @json\n< (\{\n.*?\n< \})\n`

var placeholder = regexp.MustCompile(`\{\{[a-z0-9:_]*\}\}`)

// TestPage holds the page against the routes, and against every status, message and
// sentence in the transcripts.
func TestPage(t *testing.T) {
	t.Parallel()
	page := dialect.ReadPage(t, "../../../doc/api-yativo.md")
	page.Routes(yativo.Routes())
	dialect.Answers(t, jsonAnswer, 100, func(file string, answer []string) {
		var body struct {
			Message, Error string
			StatusCode     json.Number         `json:"status_code"`
			Errors         map[string][]string `json:"errors"`
			Data           json.RawMessage
		}
		text := placeholder.ReplaceAllString(strings.ReplaceAll(answer[2], "\n< ", "\n"), "x")
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatalf("%s: %v in %s", file, err, text)
		}
		if body.Message != "" && answer[1] != "503" {
			page.Contains(file, body.Message)
		}
		if answer[1] >= "400" {
			page.Contains(file, "| "+answer[1]+" |")
			page.Contains(file, body.Error)
		}
		var detail struct{ Error string }
		if body.StatusCode != "" && answer[1] == "400" {
			if err := json.Unmarshal(body.Data, &detail); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			page.Tells(file, detail.Error)
		}
		for _, sentences := range body.Errors {
			for _, s := range sentences {
				page.Tells(file, general(s))
			}
		}
	}, "testdata", "testdata/settings")
}

// general is a sentence as the page writes it: once for all that share it.
func general(s string) string {
	s = regexp.MustCompile(`customer address\.\w+`).ReplaceAllString(s, "customer address.number")
	s = strings.Replace(s, "The per page ", "The page ", 1)
	s = strings.Replace(s, "The app secret ", "The account id ", 1)
	s = regexp.MustCompile(`(page field must not be greater than) \d+`).ReplaceAllString(s, "$1 501")
	return s
}
