package yativo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/web/yativo"
)

const apiPage = "../../../doc/api-yativo.md"

// TestPage holds the page against the routes, and against every status, message and
// sentence in the transcripts.
func TestPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(apiPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	has := func(where, what string) {
		if !strings.Contains(page, what) {
			t.Errorf("%s does not tell %q, which is in %s", apiPage, what, where)
		}
	}
	for _, route := range yativo.Routes() {
		has("the routes", "`"+route+"`")
	}
	seen := 0
	for _, file := range transcripts(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range jsonAnswer.FindAllStringSubmatch(string(data), -1) {
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
				has(file, body.Message)
				seen++
			}
			if answer[1] >= "400" {
				has(file, "| "+answer[1]+" |")
				has(file, body.Error)
			}
			var detail struct{ Error string }
			if body.StatusCode != "" && answer[1] == "400" {
				if err := json.Unmarshal(body.Data, &detail); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				has(file, shortened(detail.Error))
			}
			for _, sentences := range body.Errors {
				for _, s := range sentences {
					has(file, general(s))
					seen++
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("the transcripts hold only %d texts: this test looks in the wrong place", seen)
	}
}

var (
	jsonAnswer  = regexp.MustCompile(`(?s)\n< (\d\d\d)[^\n]*(?:\n< [^\n@{]*)*\n< @json\n< (\{\n.*?\n< \})\n`)
	placeholder = regexp.MustCompile(`\{\{[a-z0-9:_]*\}\}`)
)

func transcripts(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/*.txt", "testdata/settings/*.txt"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no transcripts in %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

// shortened is the cause of a 400 as the page writes it.
func shortened(text string) string {
	for _, start := range []string{"Request body", "Query string"} {
		if rest, ok := strings.CutPrefix(text, start+" "); ok && rest != "is empty" {
			return "`… " + rest + "`"
		}
	}
	if strings.HasPrefix(text, "Header ") {
		return "`Header … was sent more than once`"
	}
	return "`" + text + "`"
}

// general is a sentence as the page writes it: once for all that share it.
func general(s string) string {
	s = regexp.MustCompile(`customer address\.\w+`).ReplaceAllString(s, "customer address.number")
	s = strings.Replace(s, "The per page ", "The page ", 1)
	s = strings.Replace(s, "The app secret ", "The account id ", 1)
	s = regexp.MustCompile(`(page field must not be greater than) \d+`).ReplaceAllString(s, "$1 501")
	return "`" + s + "`"
}
