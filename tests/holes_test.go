package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/selftest"
)

// sourceEdit is one change of a source file: what stands there once, and what is there instead.
type sourceEdit struct{ file, old, new string }

// planted is a guard that a build can do without.
type planted struct {
	name  string
	check string // of the self-test, that must find it
	edits []sourceEdit
}

// swapped is a use case that works on the data of whoever came first.
func swapped(name, file, action string) planted {
	call := "\to, err := s.authorize(ctx, caller, " + action
	return planted{name, "isolation", []sourceEdit{
		{"internal/records/" + file, call, fmt.Sprintf("\tcaller.App = hole.Swap(%q, caller.App)\n", name) + call},
	}}
}

// without is a condition that does not hold if the guard is missing.
func without(name, check, file, condition string) planted {
	before, rest, _ := strings.Cut(condition, "§")
	return planted{name, check, []sourceEdit{{file, before + rest, before + fmt.Sprintf("!hole.Open(%q) && ", name) + rest}}}
}

const unasked = "the statements of SQLite do not ask whose the customer is"

// plantedHoles are the guards, each in the program's own source. The first edit tells the others who
// the victim is.
var plantedHoles = []planted{
	{"none", "", []sourceEdit{{"internal/records/write.go", "\to, err := s.authorize(ctx, caller, authz.CustomerCreate)",
		"\thole.Saw(caller.App)\n\to, err := s.authorize(ctx, caller, authz.CustomerCreate)"}}},
	swapped("a fetch does not ask whose the customer is", "read.go", "action"),
	swapped("a list shows another application's customers", "list.go", "authz.CustomerList"),
	swapped("an update does not ask whose the customer is", "update.go", "authz.CustomerUpdate"),
	swapped("a deletion does not ask whose the customer is", "delete.go", "authz.CustomerDelete"),
	swapped("a fetch does not ask whose the group is", "groups.go", "authz.GroupFetch"),
	swapped("a list does not ask whose the transactions are", "items.go", "authz.TransactionList"),
	swapped("a fetch does not ask whose the address is", "liquidation.go", "authz.AddressFetch"),
	{unasked, "isolation", []sourceEdit{
		{"internal/store/sqlite/customers.go", "store.NotFound(\"customer\"), query, []any", fmt.Sprintf("store.NotFound(\"customer\"), hole.SQL(%q, query), []any", unasked)},
		{"internal/store/sqlite/items.go", "store.NotFound(\"customer\"), `\n\t\tSELECT seq\n\t\tFROM customer\n\t\tWHERE app_id = ?\n\t\t\tAND customer_id = ?`",
			fmt.Sprintf("store.NotFound(\"customer\"), hole.SQL(%q, `\n\t\tSELECT seq\n\t\tFROM customer\n\t\tWHERE app_id = ?\n\t\t\tAND customer_id = ?`)", unasked)},
		{"internal/store/sqlite/delete.go", "t.exec(query, ", fmt.Sprintf("t.exec(hole.SQL(%q, query), ", unasked)},
	}},
	{"an idempotency key is not bound to its application", "idempotency", []sourceEdit{
		{"internal/records/idempotency.go", "\tscope, fingerprint []byte\n", "\tscope, fingerprint []byte\n\tplain string\n"},
		{"internal/records/idempotency.go", "\t\tfingerprint: o.key", "\t\tplain: o.caller.Origin.Dialect + string(o.action) + target + key,\n\t\tfingerprint: o.key"},
		{"internal/records/idempotency.go", "\tused, err := tx.IdempotencyGet(i.scope)\n",
			"\tif body, ok := hole.Kept(\"an idempotency key is not bound to its application\", i.plain); ok {\n" +
				"\t\treturn Reply{Body: body, Replayed: true}, i.op.entry(audit.Done, nil), nil\n\t}\n" +
				"\tused, err := tx.IdempotencyGet(i.scope)\n"},
		{"internal/records/idempotency.go", "\treturn tx.IdempotencyPut(", "\thole.Keep(i.plain, a.Body)\n\treturn tx.IdempotencyPut("},
	}},
	{"a cursor is not bound to its application", "cursors", []sourceEdit{
		{"internal/records/cursor.go", "page.Text(c, o.key.SealCursor)", "page.Text(c, o.sealUnlessHole)"},
		{"internal/records/cursor.go", "o.listName(), o.key.OpenCursor)", "o.listName(), o.openUnlessHole)"},
		{"internal/records/cursor.go", "// sealCursor gives", "const cursorHole = \"a cursor is not bound to its application\"\n\n" +
			"func (o *operation) sealUnlessHole(plain []byte) []byte {\n\tif hole.Open(cursorHole) {\n\t\treturn plain\n\t}\n\treturn o.key.SealCursor(plain)\n}\n\n" +
			"func (o *operation) openUnlessHole(b []byte) ([]byte, error) {\n\tif hole.Open(cursorHole) {\n\t\treturn b, nil\n\t}\n\treturn o.key.OpenCursor(b)\n}\n\n// sealCursor gives"},
	}},
	{"a token needs no signature", "tokens", []sourceEdit{{"internal/credential/token.go", "\tif failure, found := errors.AsType[ourFailure](bad); found {",
		"\tif hole.Open(\"a token needs no signature\") && errors.Is(bad, jwt.ErrTokenSignatureInvalid) {\n\t\tbad = nil\n\t}\n" +
			"\tif failure, found := errors.AsType[ourFailure](bad); found {"}}},
	{"the secret is not compared", "credentials", []sourceEdit{{"internal/credential/verifier.go", "\treturn match == 1 && ",
		"\tif hole.Open(\"the secret is not compared\") {\n\t\tmatch = 1\n\t}\n\treturn match == 1 && "}}},
	{"a key opens every API", "credentials", []sourceEdit{{"internal/credential/verifier.go", "k.live(now) && k.Kind.Opens(in.Kind)",
		"k.live(now) && (k.Kind.Opens(in.Kind) || hole.Open(\"a key opens every API\") && k.Kind != tenant.Operator)"}}},
	{"a revoked key stays good", "revocation", []sourceEdit{{"internal/credential/verifier.go", "return k.ID != \"\" && !k.altered && k.Live(now)",
		"return k.ID != \"\" && (k.Live(now) || hole.Open(\"a revoked key stays good\"))"}}},
	without("a key may do everything", "scopes", "internal/records/operation.go", "\tif §!authz.Allow("),
	{"the limit is not kept", "limits", []sourceEdit{{"internal/limit/limit.go", "\tif w.lease > 0 {", "\tif w.lease > 0 || hole.Open(\"the limit is not kept\") {"}}},
	{"a read leaves no entry", "log", []sourceEdit{{"internal/records/operation.go", "\tif err := o.s.store.Record(ctx, ",
		"\tif hole.Open(\"a read leaves no entry\") && e.Outcome == audit.Done {\n\t\treturn result\n\t}\n\tif err := o.s.store.Record(ctx, "},
		{"internal/store/disclose.go", "\treturn s.Record(", "\tif hole.Open(\"a read leaves no entry\") {\n\t\treturn nil\n\t}\n\treturn s.Record("}}},
	{"a change leaves no entry", "log", []sourceEdit{{"internal/records/operation.go", "\t\ttx.AuditAppend(sequencer.NewRow(o.key, entry))\n",
		"\t\tif !hole.Open(\"a change leaves no entry\") {\n\t\t\ttx.AuditAppend(sequencer.NewRow(o.key, entry))\n\t\t}\n"}}},
	{"a refused secret leaves no entry", "log", []sourceEdit{{"internal/records/operation.go", "\te := o.entry(outcome, targets)\n",
		"\tif hole.Open(\"a refused secret leaves no entry\") && f.Kind == fault.Unauthenticated {\n\t\treturn err\n\t}\n\te := o.entry(outcome, targets)\n"}}},
	{"a deleted customer is still shown", "deletion", []sourceEdit{{"internal/store/sqlite/delete.go", "\tt.batch.touched = append(t.batch.touched, customerKey{t.app, cust})\n",
		"\tif !hole.Open(\"a deleted customer is still shown\") {\n\t\tt.batch.touched = append(t.batch.touched, customerKey{t.app, cust})\n\t}\n"}}},
}

// withHoles gives the sources with all holes, each closed unless it is named when the program starts.
func withHoles(holes []planted, read func(file string) (string, error)) (map[string]string, error) {
	texts := map[string]string{}
	for _, h := range holes {
		for _, e := range h.edits {
			text, known := texts[e.file]
			if !known {
				var err error
				if text, err = read(e.file); err != nil {
					return nil, err
				}
			}
			if n := strings.Count(text, e.old); n != 1 {
				return nil, fmt.Errorf("%s has %d places like %q, want 1: where is the guard now that is missing in %q? (plantedHoles)", e.file, n, e.old, h.name)
			}
			texts[e.file] = strings.Replace(text, e.old, e.new, 1)
		}
	}
	for file, text := range texts {
		texts[file] = strings.Replace(text, "\nimport ", "\nimport \""+module+"/internal/hole\"\n\nimport ", 1)
	}
	return texts, nil
}

func readSource(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	return string(text), err
}

// TestPolicyHoles: each guard stands where TestSelftestFindsMissingGuards takes it away.
func TestPolicyHoles(t *testing.T) {
	t.Parallel()
	if _, err := withHoles(plantedHoles, readSource); err != nil {
		t.Error(err)
	}
	names := map[string]bool{}
	for _, h := range plantedHoles {
		if names[h.name] || len(h.edits) == 0 {
			t.Errorf("the hole %q is there twice, or changes nothing", h.name)
		}
		names[h.name] = true
	}
}

func TestPolicyHolesRule(t *testing.T) {
	t.Parallel()
	read := func(string) (string, error) { return "package x\n\nimport \"y\"\n\nvar a, b, b int\n", nil }
	for old, want := range map[string]string{"var a": "", "none": "0 places", ", b": "2 places"} {
		texts, err := withHoles([]planted{{"x", "log", []sourceEdit{{"x.go", old, "var hole"}}}}, read)
		switch {
		case want == "" && (err != nil || texts["x.go"] != "package x\n\nimport \"custodex.dev/internal/hole\"\n\nimport \"y\"\n\nvar hole, b, b int\n"):
			t.Errorf("withHoles: %q, %v", texts["x.go"], err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("withHoles of %q: %v, want %s", old, err, want)
		}
	}
}

// overlayOf writes changed sources, and gives the overlay for the build.
func overlayOf(t *testing.T, texts map[string]string) string {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{filepath.Join(top, "internal/hole/hole.go"): filepath.Join(top, "tests/testdata/hole/hole.go")}
	for file, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(top, file)] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// The program without one guard is found out by the self-test, by the check that is about the
// guard. The guards are removed from its own source when it is built.
func TestSelftestFindsMissingGuards(t *testing.T) {
	t.Parallel()
	texts, err := withHoles(plantedHoles, readSource)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "custodex")
	build := exec.Command("go", "build", "-overlay", overlayOf(t, texts), "-o", path, "./cmd/custodex")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program with holes: %v\n%s", err, out)
	}
	for _, h := range plantedHoles {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			report := selftestOf(t, path, h.name)
			found := map[string]int{}
			for _, c := range report.Checks {
				found[c.Name] = len(c.Findings)
				for _, f := range c.Findings {
					t.Logf("%s: %s: got %s, want %s", c.Name, f.What, f.Got, f.Want)
				}
			}
			switch {
			case h.check == "" && report.Findings() > 0:
				t.Errorf("%d findings without a hole", report.Findings())
			case h.check != "" && found[h.check] == 0:
				t.Errorf("the check %s found nothing; in all %d findings", h.check, report.Findings())
			}
		})
	}
}

// selftestOf starts a program with a hole, and runs its self-test against it.
func selftestOf(t *testing.T, path, hole string) selftest.Report {
	t.Helper()
	dir := t.TempDir()
	server := exec.Command(path, "dev", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0", "--credentials-out", "creds.json")
	server.Dir, server.Env = dir, append(os.Environ(), "PLANTED_HOLE="+hole)
	var log strings.Builder
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", log.String()[max(0, log.Len()-3000):])
		}
	}()
	waitForFile(t, filepath.Join(dir, "creds.json"))
	try := exec.Command(path, "selftest", "--json")
	try.Dir = dir
	var stderr strings.Builder
	try.Stderr = &stderr
	out, err := try.Output()
	var report selftest.Report
	if json.Unmarshal(out, &report) != nil {
		t.Fatalf("custodex selftest: %v\n%s", err, stderr.String())
	}
	return report
}

// waitForFile waits until a server has written a file that is whole.
func waitForFile(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil && json.Valid(text) {
			return
		}
	}
	t.Fatalf("no %s after a minute", path)
}
