package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/config"
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

var (
	unitSets   = regexp.MustCompile(`(?m)^Environment=([A-Z_]+)=(.*)$`)
	unitUnsets = regexp.MustCompile(`(?m)^UnsetEnvironment=([A-Z_]+)$`)
	unitObject = regexp.MustCompile(`(?m)^\{.*\}$`)
)

// TestPolicyUnitStarts reads the settings that a server under the systemd unit gets, as the unit is
// and with the drop-in that its comment has for PostgreSQL. Each must name one database.
func TestPolicyUnitStarts(t *testing.T) {
	t.Parallel()
	unit := deployFile(t, "custodex.service")
	recipe := strings.Join(regexp.MustCompile(`(?m)^#   (.+)$`).FindAllString(unit, -1), "\n")
	recipe = regexp.MustCompile(`(?m)^#   `).ReplaceAllString(recipe, "")
	for name, dropIn := range map[string]string{"SQLite": "", "PostgreSQL": recipe} {
		cfg, err := unitConfig(t, unit, dropIn)
		if err != nil {
			t.Errorf("on %s the unit's server does not start: %v", name, err)
			continue
		}
		if onSQLite := cfg.DatabaseURL.IsZero(); onSQLite != (dropIn == "") {
			t.Errorf("on %s the unit's server takes the other database", name)
		}
		if len(cfg.TrustedProxies) == 0 {
			t.Errorf("on %s the unit's server trusts no proxy", name)
		}
	}
	if _, err := unitConfig(t, unit, strings.ReplaceAll(recipe, "UnsetEnvironment", "#")); err == nil {
		t.Error("a unit with two databases passes")
	}
}

// unitConfig loads what a unit and its drop-in set, with /etc/custodex in a folder of the test.
func unitConfig(t *testing.T, unit, dropIn string) (config.Config, error) {
	t.Helper()
	etc := t.TempDir()
	moved := strings.NewReplacer("/etc/custodex", etc)
	object := moved.Replace(unitObject.FindString(dropIn))
	url := "postgres://custodex_server@db.example/custodex"
	for name, text := range map[string]string{"config.json": object, "server-url": url} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string]string{}
	for _, m := range unitSets.FindAllStringSubmatch(unit+"\n"+dropIn, -1) {
		values[m[1]] = moved.Replace(m[2])
	}
	for _, m := range unitUnsets.FindAllStringSubmatch(dropIn, -1) {
		delete(values, m[1])
	}
	cfg, err := config.Load(config.Sources{
		File: values["CUSTODEX_CONFIG"],
		Env:  func(name string) (string, bool) { value, ok := values[name]; return value, ok },
	})
	if err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}
