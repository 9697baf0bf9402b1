package main

import (
	"fmt"
	"strings"

	"custodex.dev/internal/config"
)

type configCmd struct {
	Explain explainCmd `cmd:"" help:"Print every setting: its flag, variable, member of the file, default and meaning."`
}

type explainCmd struct{}

// Run prints the manual.
func (c *explainCmd) Run(env *environment) error {
	manual := config.Explain()
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
