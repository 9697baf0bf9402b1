package tests

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var sqlInManual = regexp.MustCompile("(?s)```sql\n(  ATTACH .*?)```")

// repair runs the statements of the manual that copy one customer from a backup.
func (in *installation) repair(t *testing.T, backup, app, seq string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, operatingPage))
	if err != nil {
		t.Fatal(err)
	}
	found := sqlInManual.FindSubmatch(page)
	if found == nil {
		t.Fatal("the manual has no statements that copy a customer")
	}
	here := strings.NewReplacer("/path/to/copy.db", filepath.Join(backup, "custodex.db"), "app_…", app, "= 123", "= "+seq)
	in.execOn(t, here.Replace(string(found[1])))
}

// A customer whose row was altered is copied from a backup with the statements of the manual. Then
// it is as it was in the backup, in every column. What the manual says of one that was changed since
// the backup is true: its history does not meet its row, and custodex check says that it was put back.
func TestManualRepairsOneCustomer(t *testing.T) {
	t.Parallel()
	for name, changed := range map[string]bool{"as in the backup": false, "changed since": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t, "sqlite")
			p := in.start(t)
			ask := func(method, path string, body any, want int) answer {
				t.Helper()
				a, err := p.call(t.Context(), method, path, body)
				if err != nil || a.status != want {
					t.Fatalf("%s %s = %d %s (%v), want %d", method, path, a.status, a.body, err, want)
				}
				return a
			}
			var c customerJSON
			decode(t, ask("POST", "/api/v0/customers", map[string]any{
				"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+442079460000", "email": "ada@shop.example",
			}, http.StatusCreated).body, &c)
			path := "/api/v0/customers/" + c.ID
			ask("PATCH", path, map[string]string{"last_name": "King"}, http.StatusOK)
			before := ask("GET", path, nil, http.StatusOK)
			backup := filepath.Join(t.TempDir(), "backup")
			run(t, "backup", "--data", in.dir, "--out", backup)
			if changed {
				ask("PATCH", path, map[string]string{"email": "countess@shop.example", "status": "DEACTIVATED"}, http.StatusOK)
			}
			p.kill()

			in.execOn(t, "UPDATE customer SET type = type + 1, sealed = zeroblob(length(sealed)) WHERE app_id = '"+in.AppID+"'")
			p = in.start(t)
			ask("GET", path, nil, http.StatusInternalServerError)
			p.kill()
			in.repair(t, backup, in.AppID, "1")

			p = in.start(t)
			after := ask("GET", path, nil, http.StatusOK)
			if string(after.body) != string(before.body) || after.header.Get("ETag") != before.header.Get("ETag") {
				t.Errorf("the customer is %s, want %s", after.body, before.body)
			}
			history := map[bool]int{false: http.StatusOK, true: http.StatusInternalServerError}[changed]
			ask("GET", path+"/history", nil, history)
			p.kill()
			found, err := program(t, "check", "--data", in.dir).Output()
			failed, ok := errors.AsType[*exec.ExitError](err)
			if says := strings.Contains(string(found), "put_back"); says != changed || changed != (ok && failed.ExitCode() == 1) || !changed && err != nil {
				t.Errorf("custodex check: %v\n%s", err, found)
			}
		})
	}
}
