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
	if n := len(metricInRules.FindAllString(rules, -1)); n < 7 {
		t.Errorf("only %d metrics were found", n)
	}
	for _, complaint := range ruleComplaints(rules, known) {
		t.Error(complaint)
	}
	commands := knownCommands(t)
	for _, name := range []string{"custodex.service", "nginx.conf"} {
		for _, complaint := range exampleComplaints(deployFile(t, name), known, commands) {
			t.Errorf("%s: %s", name, complaint)
		}
	}
}

var (
	metricInRules = regexp.MustCompile(`custodex_[a-z_]+`)
	codesInRules  = regexp.MustCompile(`code=~?"([a-z_|]+)"`)
	programInUnit = regexp.MustCompile(`custodex (serve|init) [^\n…]*`)
)

// ruleComplaints looks up what alerts name.
func ruleComplaints(rules string, known names) []string {
	var found []string
	for _, metric := range metricInRules.FindAllString(rules, -1) {
		if !known.metrics[strings.TrimSuffix(metric, "_bucket")] {
			found = append(found, "an alert names the metric "+metric+", which does not exist")
		}
	}
	for _, m := range codesInRules.FindAllStringSubmatch(rules, -1) {
		for code := range strings.SplitSeq(m[1], "|") {
			if !known.codes[code] {
				found = append(found, "an alert names the fault code "+code+", which does not exist")
			}
		}
	}
	if strings.Count(rules, "- alert:") != strings.Count(rules, "expr:") || strings.Contains(rules, "\t") {
		found = append(found, "the rules are not well formed")
	}
	return found
}

// exampleComplaints looks up the variables and commands of an example.
func exampleComplaints(text string, known names, commands commands) []string {
	var found []string
	for _, name := range variableWord.FindAllString(text, -1) {
		if !known.variables[name] {
			found = append(found, "names the variable "+name+", which does not exist")
		}
	}
	for _, line := range programInUnit.FindAllString(text, -1) {
		if !commands.takes(strings.TrimPrefix(line, "custodex ")) {
			found = append(found, "custodex has no such verb or flag: "+line)
		}
	}
	return found
}

func TestPolicyDeployExamplesRule(t *testing.T) {
	t.Parallel()
	known := names{
		metrics: map[string]bool{"custodex_faults_total": true}, codes: map[string]bool{"key_revoked": true},
		variables: map[string]bool{"CUSTODEX_ADDR": true},
	}
	for rules, want := range map[string]string{
		`- alert: A` + "\n" + `  expr: custodex_faults_total{code=~"key_revoked"} > 0`: "",
		`custodex_faults_total_bucket`:                       "",
		`custodex_fault_total`:                               "the metric custodex_fault_total",
		`custodex_faults_total{code=~"key_revoked|no_such"}`: "the fault code no_such",
		`custodex_faults_total{code="no_such"}`:              "the fault code no_such",
		`- alert: A`:                                         "not well formed",
	} {
		got := strings.Join(ruleComplaints(rules, known), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("ruleComplaints(%q) = %q, want %q", rules, got, want)
		}
	}
	verbs := commands{verbs: map[string]map[string]bool{"serve": {"addr": true}}}
	for text, want := range map[string]string{
		"Environment=CUSTODEX_ADDR=:80\nExecStart=/usr/bin/custodex serve --addr :80": "",
		"Environment=CUSTODEX_ADDRESS=:80":                                            "CUSTODEX_ADDRESS",
		"ExecStart=/usr/bin/custodex serve --port 80":                                 "no such verb or flag",
	} {
		got := strings.Join(exampleComplaints(text, known, verbs), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("exampleComplaints(%q) = %q, want %q", text, got, want)
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
	recipe := unitRecipe(unit)
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

// unitRecipe gives what the unit's comment says, without the marks of a comment.
func unitRecipe(unit string) string {
	var lines []string
	for _, m := range regexp.MustCompile(`(?m)^#   (.+)$`).FindAllStringSubmatch(unit, -1) {
		lines = append(lines, m[1])
	}
	return strings.Join(lines, "\n")
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
	values := unitEnvironment(unit, dropIn)
	for name, value := range values {
		values[name] = moved.Replace(value)
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

// unitEnvironment is what a unit and its drop-in set.
func unitEnvironment(unit, dropIn string) map[string]string {
	values := map[string]string{}
	for _, m := range unitSets.FindAllStringSubmatch(unit+"\n"+dropIn, -1) {
		values[m[1]] = m[2]
	}
	for _, m := range unitUnsets.FindAllStringSubmatch(dropIn, -1) {
		delete(values, m[1])
	}
	return values
}
