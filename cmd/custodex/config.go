package main

import (
	"fmt"
	"strings"

	"custodex.dev/internal/config"
)

type configCmd struct {
	Explain explainCmd `cmd:"" help:"Print every setting: its value here and where that comes from, its flag, variable, member of the file, default and meaning."`
}

type explainCmd struct {
	configFile
}

// Run prints the manual, with the values that a server would have that is started with
// the same file and environment.
func (c *explainCmd) Run(env *environment) error {
	manual, err := config.Effective(c.sources(env, nil))
	if err != nil {
		return withHint(err, "mend that first; doc/operating.md describes every setting")
	}
	if env.json {
		return env.printJSON(listOf(manual))
	}
	var b strings.Builder
	for _, e := range manual {
		def := e.Default
		if def == "" {
			def = "none"
		}
		fmt.Fprintf(&b, "--%s\n    %s, %q in the file; default: %s\n", e.Name, e.Env, e.Member, def)
		if e.From != "" {
			fmt.Fprintf(&b, "    here: %s, from %s\n", e.Value, e.From)
		}
		for _, line := range wrap(e.Text, 90) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		b.WriteByte('\n')
	}
	b.WriteString("Order: defaults, file (--config or CUSTODEX_CONFIG), environment, flags. Later ones win.\n")
	return env.printf("%s", b.String())
}

// wrap breaks a text into lines of at most width bytes where words allow it.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
