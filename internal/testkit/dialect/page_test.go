package dialect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"custodex.dev/internal/testkit/dialect"
)

// complaints counts what a page does not tell, instead of failing.
type complaints struct {
	testing.TB
	list []string
}

func (c *complaints) Helper() {}
func (c *complaints) Errorf(format string, a ...any) {
	c.list = append(c.list, fmt.Sprintf(format, a...))
}

func TestPageTells(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	text := "| 400 | `… must be a number`, `Customer with id '…' not found`, `whole` | `…`, `a … b` |"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for sentence, want := range map[string]bool{
		"take must be a number":              true,
		"take must be a number!":             false,
		"must be a number":                   false, // … stands for some text
		"Customer with id 'x' not found":     true,
		"Customer with id 'x' was not found": false,
		"whole":                              true,
		"who":                                false,
		"a or b":                             false, // a template of two letters tells nothing
		"anything":                           false,
	} {
		c := &complaints{TB: t}
		dialect.ReadPage(c, path).Tells("a test", sentence)
		if got := len(c.list) == 0; got != want {
			t.Errorf("Tells(%q) = %t, want %t: %v", sentence, got, want, c.list)
		}
	}
}
