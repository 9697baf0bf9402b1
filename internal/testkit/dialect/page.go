package dialect

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Page is a page of doc/ that describes an API.
type Page struct {
	tb         testing.TB
	path, text string
	templates  []*regexp.Regexp
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	letters  = regexp.MustCompile(`\pL`)
)

// ReadPage reads a page.
func ReadPage(tb testing.TB, path string) *Page {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Page{tb: tb, path: path, text: string(data)}
	for _, m := range codeSpan.FindAllStringSubmatch(p.text, -1) {
		// Something with little text of its own would tell nearly everything.
		if strings.Contains(m[1], "…") && len(letters.FindAllString(m[1], -1)) >= 10 {
			pattern := strings.ReplaceAll(regexp.QuoteMeta(m[1]), "…", ".+")
			p.templates = append(p.templates, regexp.MustCompile("^"+pattern+"$"))
		}
	}
	return p
}

// Routes demands that the page names each route as code.
func (p *Page) Routes(routes []string) {
	p.tb.Helper()
	for _, route := range routes {
		p.Contains("the routes", "`"+route+"`")
	}
}

// Contains demands a text as it is. The test says where it comes from.
func (p *Page) Contains(where, text string) {
	p.tb.Helper()
	if !strings.Contains(p.text, text) {
		p.tb.Errorf("%s does not tell %q, which is in %s", p.path, text, where)
	}
}

// Tells demands a sentence as code, or a template of it, in which … stands for any
// text: `… is not valid JSON` tells "Request body is not valid JSON".
func (p *Page) Tells(where, sentence string) {
	p.tb.Helper()
	if !p.tells(sentence) {
		p.tb.Errorf("%s does not tell %q, which is in %s", p.path, sentence, where)
	}
}

func (p *Page) tells(sentence string) bool {
	if strings.Contains(p.text, "`"+sentence+"`") {
		return true
	}
	for _, template := range p.templates {
		if template.MatchString(sentence) {
			return true
		}
	}
	return false
}

// Answers finds what the transcripts of some folders show, by an expression for it, and
// calls fn with the file and the submatches of each. Fewer than enough mean that the
// test looks in the wrong place.
func Answers(tb testing.TB, expression string, enough int, fn func(file string, match []string), folders ...string) {
	tb.Helper()
	re := regexp.MustCompile(expression)
	seen := 0
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
		if err != nil || len(files) == 0 {
			tb.Fatalf("no transcripts in %s: %v", folder, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			for _, m := range re.FindAllStringSubmatch(string(data), -1) {
				fn(file, m)
				seen++
			}
		}
	}
	if seen < enough {
		tb.Errorf("the transcripts hold only %d matches of %s: this test looks in the wrong place", seen, expression)
	}
}
