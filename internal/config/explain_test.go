package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"custodex.dev/internal/config"
)

var update = flag.Bool("update", false, "rewrite the settings in doc/operating.md")

const (
	manual = "../../doc/operating.md"
	begin  = "<!-- settings: written by make golden from internal/config/config.go -->\n"
	end    = "<!-- end of settings -->\n"
)

// TestManual keeps the settings in doc/operating.md what the comments say.
func TestManual(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, e := range config.Explain() {
		def := "none"
		if e.Default != "" {
			def = "`" + e.Default + "`"
		}
		fmt.Fprintf(&b, "\n#### %s\n\n`--%s`, `%s`, `\"%s\"`; default: %s.\n\n%s\n", e.Name, e.Name, e.Env, e.Member, def, e.Text)
	}
	want := b.String() + "\n"
	page, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has lost its marks %q and %q", manual, begin, end)
	}
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s does not say what the comments say; run make golden", manual)
	}
	if err := os.WriteFile(manual, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestExplain wants something to read about every setting, within what Validate
// holds.
func TestExplain(t *testing.T) {
	t.Parallel()
	all := config.Explain()
	if len(all) < 20 {
		t.Fatalf("Explain gives %d settings", len(all))
	}
	defaults := map[string]string{
		"addr": "127.0.0.1:8080", "idle-timeout": "2m", "idempotency-ttl": "24h", "request-timeout": "30s",
		"max-body": "65536", "log-level": "info", "conceal": "false", "data": "", "database-url": "",
	}
	for _, e := range all {
		if len(e.Text) < 20 || !strings.HasSuffix(e.Text, ".") {
			t.Errorf("%s: %q says too little", e.Name, e.Text)
		}
		if want, ok := defaults[e.Name]; ok && e.Default != want {
			t.Errorf("default of %s = %q, want %q", e.Name, e.Default, want)
		}
	}
	if got := config.Summary("tls-key"); got != "Private key, PEM, of tls-cert" {
		t.Errorf("Summary(tls-key) = %q", got)
	}
}
