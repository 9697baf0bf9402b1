package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/testkit"
)

// checkRun runs custodex check and gives its exit code and what it printed.
func checkRun(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &environment{out: &stdout, err: &stderr, lookup: func(string) (string, bool) { return "", false }}
	code = run(t.Context(), env, append([]string{"check"}, args...))
	t.Logf("%q: %d\n%s%s", args, code, &stdout, &stderr)
	return code, stdout.String()
}

// A check that cannot go on prints what it has found, and the one that goes on after it fails for it.
func TestCheckLosesNoFindings(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	another, _ := s.NewApp(t, "Another", 0)
	s.Stop(t)
	apps := []id.App{s.App.ID, another.ID}
	slices.Sort(apps)
	all := append([]id.App{id.System}, apps...)
	slices.Sort(all)
	finished := slices.Index(all, apps[1]) // before the second one; that of the server may be among them
	data, at := []string{"--data", s.Database.Dir}, filepath.Join(t.TempDir(), "at")

	if code, _ := checkRun(t, data...); code != 0 {
		t.Errorf("a clean database: exit code %d", code)
	}
	s.Database.Exec(t, fmt.Sprintf("UPDATE head SET customers = customers + 1 WHERE app_id = '%s'", apps[0]))
	line := string(apps[0]) + " head customers counter: "
	if code, out := checkRun(t, data...); code != exitFailed || strings.Count(out, line) != 1 {
		t.Errorf("a damaged database: exit code %d", code)
	}

	// The second application cannot be checked for a while.
	away := strings.Replace(string(apps[1]), "app_", "xpp_", 1)
	move := func(from, to string) {
		t.Helper()
		s.Database.Exec(t, "PRAGMA defer_foreign_keys = 1", fmt.Sprintf("UPDATE head SET app_id = '%s' WHERE app_id = '%s'", to, from))
	}
	move(string(apps[1]), away)
	if code, out := checkRun(t, data...); code != exitUsage || strings.Count(out, line) != 1 || strings.Contains(out, "checked") {
		t.Errorf("an interrupted check: exit code %d", code)
	}
	for _, more := range [][]string{nil, {"--resume", at}} {
		code, out := checkRun(t, slices.Concat(data, []string{"--json"}, more)...)
		var report checkReport
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitUsage {
			t.Fatalf("an interrupted check as JSON: exit code %d, %v", code, err)
		}
		if len(report.Findings) != 1 || report.Findings[0].App != apps[0] || report.Applications != finished {
			t.Errorf("an interrupted check as JSON: %+v", report)
		}
	}
	kept, err := os.ReadFile(at)
	if err != nil || string(kept) != string(all[finished-1])+" 1\n" {
		t.Errorf("the file of --resume: %q, %v", kept, err)
	}
	move(away, string(apps[1]))
	code, out := checkRun(t, slices.Concat(data, []string{"--json", "--resume", at})...)
	var report checkReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitFailed {
		t.Errorf("a resumed check: exit code %d, %v", code, err)
	}
	if len(report.Findings) != 0 || report.Earlier != 1 || report.Applications != len(all)-finished {
		t.Errorf("a resumed check: %+v", report)
	}
	if _, err := os.Stat(at); err == nil {
		t.Error("the file of --resume is there after the end")
	}
}
