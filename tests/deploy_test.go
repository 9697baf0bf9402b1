package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// deployFile reads an example.
func deployFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPolicyDeployExamples looks up what the examples name: metrics, fault codes, settings and
// flags must exist. An alert on a metric that is gone never fires.
func TestPolicyDeployExamples(t *testing.T) {
	t.Parallel()
	known := knownNames(t)
	rules := deployFile(t, "prometheus-rules.yml")
	metrics := regexp.MustCompile(`custodex_[a-z_]+`).FindAllString(rules, -1)
	if len(metrics) < 7 {
		t.Errorf("only the metrics %q were found", metrics)
	}
	for _, metric := range metrics {
		if !known.metrics[strings.TrimSuffix(metric, "_bucket")] {
			t.Errorf("an alert names the metric %s, which does not exist", metric)
		}
	}
	codes := sourceCodes(t)
	for _, m := range regexp.MustCompile(`code=~"([a-z_|]+)"`).FindAllStringSubmatch(rules, -1) {
		for code := range strings.SplitSeq(m[1], "|") {
			if codes[code] == nil {
				t.Errorf("an alert names the fault code %s, which does not exist", code)
			}
		}
	}
	if strings.Count(rules, "- alert:") != strings.Count(rules, "expr:") || strings.Contains(rules, "\t") {
		t.Error("the rules are not well formed")
	}
	commands := knownCommands(t)
	for _, name := range []string{"custodex.service", "nginx.conf"} {
		text := deployFile(t, name)
		for _, m := range regexp.MustCompile(`CUSTODEX_[A-Z_]+`).FindAllString(text, -1) {
			if !known.variables[m] {
				t.Errorf("%s names the variable %s, which does not exist", name, m)
			}
		}
		for _, m := range regexp.MustCompile(`custodex (serve|init) [^\n…]*`).FindAllString(text, -1) {
			if !commands.takes(strings.TrimPrefix(m, "custodex ")) {
				t.Errorf("%s: custodex has no such verb or flag: %s", name, m)
			}
		}
	}
}
