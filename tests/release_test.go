package tests

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// releaseKeys is keys.json of a release's data.
type releaseKeys struct {
	App           string     `json:"app_id"`
	Operator      string     `json:"operator_key"`
	Audit         string     `json:"audit_key"`
	Devdraft      releaseKey `json:"devdraft"`
	Yativo        releaseKey `json:"yativo"`
	Xtrakit       releaseKey `json:"xtrakit"`
	Rotated       releaseKey `json:"rotated"`
	RotatedBefore releaseKey `json:"rotated_before"`
	Revoked       releaseKey `json:"revoked"`
	Other         releaseKey `json:"other"`
}

type releaseKey struct {
	Public string `json:"public_key"`
	Secret string `json:"secret"`
}

// releaseAnswer is what a release answered to a GET.
type releaseAnswer struct {
	API, Path string
	Status    int
	Body      any
}

// TestDataOfReleases serves what older releases wrote. Their customers, groups, items,
// keys and audit entries are all there, their keys work, and their log still verifies.
func TestDataOfReleases(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/release-*/*/keys.json")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no data of a release: %v", err)
	}
	for _, keys := range folders {
		folder := filepath.Dir(keys)
		t.Run(strings.TrimPrefix(filepath.ToSlash(folder), "testdata/"), func(t *testing.T) {
			t.Parallel()
			var k releaseKeys
			decode(t, read(t, keys), &k)
			in := openRelease(t, folder)
			in.OperatorKey, in.AppID = k.Operator, k.App
			in.ClientKey, in.ClientSecret = k.Devdraft.Public, k.Devdraft.Secret
			run(t, append([]string{"migrate"}, in.database()[:2]...)...) // which needs no key
			p := in.start(t)
			r := &releaseCheck{process: p, keys: k}
			r.checkAnswers(t, filepath.Join(folder, "answers.jsonl.gz"))
			r.checkKeys(t)
			r.checkWrites(t)
			r.checkLog(t, filepath.Join(folder, "checkpoint"))
			r.checkSums(t)
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gunzip(t *testing.T, path string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openRelease makes an installation of a copy of a release's database.
func openRelease(t *testing.T, folder string) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir()}
	put := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(in.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if filepath.Base(folder) == "sqlite" {
		put("custodex.db", gunzip(t, filepath.Join(folder, "custodex.db.gz")))
	} else {
		in.url = scratchpg.NewDatabase(t)
		conn, err := pgx.Connect(t.Context(), in.url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		for _, sql := range []string{
			// The dump grants rights to the role, which belongs to the server and not to it.
			`DO $$ BEGIN
				IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custodex_runtime') THEN
					CREATE ROLE custodex_runtime NOLOGIN;
				END IF;
			EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
			string(gunzip(t, filepath.Join(folder, "dump.sql.gz"))),
		} {
			if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("master.key", read(t, filepath.Join(folder, "master.key")))
	return in
}

// releaseCheck compares a server with the release whose data it serves.
type releaseCheck struct {
	*process
	keys  releaseKeys
	token string // of Yativo
}

// ask sends a GET with the credentials of an API.
func (r *releaseCheck) ask(t *testing.T, api, path string) answer {
	t.Helper()
	base := r.url
	if api == "manage" {
		base = r.manageURL
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	switch api {
	case "devdraft":
		req.Header.Set("x-client-key", r.keys.Devdraft.Public)
		req.Header.Set("x-client-secret", r.keys.Devdraft.Secret)
	case "yativo":
		req.Header.Set("Authorization", "Bearer "+r.token)
	case "xtrakit":
		req.Header.Set("Authorization", "Bearer "+r.keys.Xtrakit.Public+"."+r.keys.Xtrakit.Secret)
	case "manage":
		req.Header.Set("Authorization", "Bearer "+r.keys.Operator)
	}
	a, err := send(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkAnswers repeats every request of the release. An answer may have members that
// the release did not know.
func (r *releaseCheck) checkAnswers(t *testing.T, path string) {
	t.Helper()
	login, err := r.call(t.Context(), "POST", "/api/v1/auth/login",
		map[string]string{"account_id": r.keys.Yativo.Public, "app_secret": r.keys.Yativo.Secret})
	if err != nil || login.status != 200 {
		t.Fatalf("log in: %v, %d %s", err, login.status, login.body)
	}
	var granted struct {
		Data struct {
			Token string `json:"access_token"`
		} `json:"data"`
	}
	decode(t, login.body, &granted)
	r.token = granted.Data.Token
	asked := make(map[string]int)
	for line := range bytes.Lines(gunzip(t, path)) {
		var want releaseAnswer
		decode(t, line, &want)
		got := r.ask(t, want.API, want.Path)
		var body any
		decode(t, bytes.ReplaceAll(got.body, []byte(r.url), []byte("http://custodex.test")), &body)
		if diff := cmp.Diff(want.Body, known(want.Body, body)); diff != "" || got.status != want.Status {
			t.Errorf("%s %s = %d, want %d (-want +got)\n%s", want.API, want.Path, got.status, want.Status, diff)
		}
		asked[want.API]++
	}
	for _, api := range []string{"devdraft", "yativo", "xtrakit", "manage"} {
		if asked[api] == 0 {
			t.Errorf("there is no answer of %s to compare with", api)
		}
	}
}

// known is got without the members that want does not have. When a key was last used is
// want's: that changes with every request.
func known(want, got any) any {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := make(map[string]any)
		for name, w := range want {
			if g, ok := got[name]; ok {
				out[name] = known(w, g)
			}
			if name == "last_used_at" {
				out[name] = w
			}
		}
		return out
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return got
		}
		out := make([]any, len(want))
		for i := range want {
			out[i] = known(want[i], got[i])
		}
		return out
	}
	return got
}

// checkKeys tries the keys that end and those that do not.
func (r *releaseCheck) checkKeys(t *testing.T) {
	t.Helper()
	for _, tt := range []struct {
		name string
		key  releaseKey
		want int
	}{
		{"a rotated key", r.keys.Rotated, 200},
		{"its secret before", r.keys.RotatedBefore, 401},
		{"a revoked key", r.keys.Revoked, 401},
		{"a key of another application", r.keys.Other, 200},
	} {
		a, err := r.call(t.Context(), "GET", "/api/v0/customers", nil, "x-client-key", tt.key.Public, "x-client-secret", tt.key.Secret)
		if err != nil || a.status != tt.want {
			t.Errorf("%s is answered %d, want %d (%v)", tt.name, a.status, tt.want, err)
		}
		if tt.key == r.keys.Other && string(bytes.TrimSpace(a.body)) != "[]" {
			t.Errorf("%s sees %s", tt.name, a.body)
		}
	}
}

// checkWrites changes an old customer and adds one; an e-mail is unique across both.
func (r *releaseCheck) checkWrites(t *testing.T) {
	t.Helper()
	var list []customerJSON
	decode(t, r.ask(t, "devdraft", "/api/v0/customers?name=zo%C3%AB&take=1").body, &list)
	if len(list) != 1 || list[0].Email == nil {
		t.Fatalf("the list has %d customers, want one with an e-mail", len(list))
	}
	fresh := map[string]any{"first_name": "New", "last_name": "Customer", "phone_number": "+15551234567", "email": *list[0].Email}
	for _, step := range []struct {
		method, path string
		body         map[string]any
		want         int
	}{
		{"POST", "/api/v0/customers", fresh, 409},
		{"PATCH", "/api/v0/customers/" + list[0].ID, map[string]any{"email": "changed@example.com"}, 200},
		{"POST", "/api/v0/customers", fresh, 201},
	} {
		a, err := r.call(t.Context(), step.method, step.path, step.body)
		if err != nil || a.status != step.want {
			t.Errorf("%s %s = %d %s, want %d (%v)", step.method, step.path, a.status, a.body, step.want, err)
		}
	}
}

// checkSums waits until all rows have their checksums and all keys are of an epoch, and compares them
// with the log.
func (r *releaseCheck) checkSums(t *testing.T) {
	t.Helper()
	kind := regexp.MustCompile(`checksums +succeeded`)
	operator := r.operatorFile(t)
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		out := run(t, "job", "list", "--app", r.keys.App, "--manage-url", r.manageURL, "--operator-key-file", operator)
		if kind.Match(out) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("custodex job list printed %s", out)
		}
	}
	db := testkit.Database{Engine: "sqlite", Dir: r.dir}
	if r.installation.url != "" {
		db = testkit.Database{Engine: "postgres", URL: r.installation.url}
	}
	for _, table := range []string{"customer", "customer_item", "customer_group"} {
		if n := db.Count(t, fmt.Sprintf("SELECT count(*) FROM %s WHERE app_id = '%s' AND sum IS NULL", table, r.keys.App)); n != 0 {
			t.Errorf("%d rows of %s have no checksum", n, table)
		}
		if n := db.Count(t, fmt.Sprintf("SELECT count(*) FROM %s WHERE app_id = '%s'", table, r.keys.App)); n == 0 {
			t.Errorf("%s is empty", table)
		}
	}
	if n := db.Count(t, fmt.Sprintf("SELECT count(*) FROM customer_key WHERE app_id = '%s' AND substr(wrapped_key, 1, 1) <> %s",
		r.keys.App, map[string]string{"sqlite": "X'02'", "postgres": `'\x02'`}[db.Engine])); n != 0 {
		t.Errorf("%d keys of customers are of no epoch", n)
	}
	for end := time.Now().Add(time.Minute); db.Count(t, "SELECT count(*) FROM application WHERE NOT summed") > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an application is not marked")
		}
	}
	out := run(t, append([]string{"check", "--master-key", filepath.Join(r.dir, "master.key")}, r.database()[:2]...)...)
	if !bytes.Contains(out, []byte("findings: 0")) {
		t.Errorf("custodex check printed %s", out)
	}
}

// checkLog verifies the log with the key and the checkpoint of the release.
func (r *releaseCheck) checkLog(t *testing.T, checkpoint string) {
	t.Helper()
	export := filepath.Join(r.dir, "log.jsonl")
	run(t, "audit", "export", "--out", export, "--app", r.keys.App, "--manage-url", r.manageURL, "--operator-key-file", r.operatorFile(t))
	out := run(t, "audit", "verify", export, "--key", r.keys.Audit, "--checkpoint", checkpoint)
	if !bytes.Contains(out, []byte("begins with the")) {
		t.Errorf("custodex audit verify printed %s", out)
	}
}
