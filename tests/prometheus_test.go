package tests

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/external"
)

var (
	alertRule  = regexp.MustCompile(`(?m)^\s*- alert: (\w+)$`)
	alertQuiet = regexp.MustCompile(`alertname: (\w+), exp_alerts: \[\]`)
	alertFires = regexp.MustCompile(`alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels`)
)

// TestFieldE11AlertRules lets Prometheus check the example and try every rule on made-up figures:
// each must fire at some and stay quiet at others. Before, only the names were looked up.
func TestFieldE11AlertRules(t *testing.T) {
	t.Parallel()
	promtool := external.Path(t, "promtool")
	cases, err := os.ReadFile(filepath.Join("testdata", "prometheus-rules-test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	rules := deployFile(t, "prometheus-rules.yml")
	named := func(text string, pattern *regexp.Regexp) map[string]bool {
		found := make(map[string]bool)
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			found[m[1]] = true
		}
		return found
	}
	quiet, fires := named(string(cases), alertQuiet), named(string(cases), alertFires)
	alerts := named(rules, alertRule)
	if len(alerts) < 7 {
		t.Errorf("only %d alerts were found", len(alerts))
	}
	for alert := range alerts {
		if !quiet[alert] || !fires[alert] {
			t.Errorf("%s: tried quiet %t and firing %t, want both", alert, quiet[alert], fires[alert])
		}
	}
	dir := t.TempDir() // the cases name the rules beside them
	for name, text := range map[string]string{"prometheus-rules.yml": rules, "cases.yml": string(cases)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"check", "rules", "prometheus-rules.yml"}, {"test", "rules", "cases.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestFieldE11Metrics lets Prometheus read what a server shows.
func TestFieldE11Metrics(t *testing.T) {
	t.Parallel()
	promtool := external.Path(t, "promtool")
	s := testkit.NewServer(t, testkit.Options{})
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.ManageURL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := send(req)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("metrics: %v, %d", err, a.status)
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(a.body)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
