package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/testkit/scratchpg"
)

// binaryDir is the folder of the program, which TestMain removes; "" before binary was called.
var binaryDir string

// binary builds the program once and gives its path.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "custodex-binary-")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	path := filepath.Join(dir, "custodex")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/custodex").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// installation is an initialised database that any number of processes can serve.
type installation struct {
	dir, url string // data folder, and the PostgreSQL database or ""
	Credentials
}

// Credentials is what custodex dev --credentials-out writes.
type Credentials struct {
	URL          string `json:"url"`
	ManageURL    string `json:"manage_url"`
	AppID        string `json:"app_id"`
	ClientKey    string `json:"client_key"`
	ClientSecret string `json:"client_secret"`
	AccountID    string `json:"yativo_account_id"`
	AppSecret    string `json:"yativo_app_secret"`
	APIKey       string `json:"xtrakit_api_key"`
	OperatorKey  string `json:"operator_key"`
}

// process is one running program.
type process struct {
	*installation
	url, manageURL string
	cmd            *exec.Cmd
	log            *os.File
	exited         chan error
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

// run runs a verb and returns what it printed on standard output.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := program(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("custodex %s: %v\n%s", args[0], err, append(out, stderr.Bytes()...))
	}
	return out
}

// install makes an installation with one application and an unlimited key.
func install(t *testing.T, engine string) *installation {
	t.Helper()
	if engine == "postgres" {
		return installOn(t, scratchpg.NewDatabase(t))
	}
	return installOn(t, "")
}

// installOn is install on the PostgreSQL database at url, or on SQLite for "".
func installOn(t *testing.T, url string) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir(), url: url}
	var operator struct {
		OperatorKey string `json:"operator_key"`
	}
	decode(t, run(t, append([]string{"init", "--json"}, in.database()...)...), &operator)
	in.OperatorKey = operator.OperatorKey

	p := in.start(t)
	defer p.kill()
	in.AppID, in.ClientKey, in.ClientSecret = p.newApp(t)
	return in
}

// newApp makes an application and an unlimited key of it.
func (p *process) newApp(t *testing.T) (app, key, secret string) {
	t.Helper()
	manage := func(args ...string) []byte {
		return run(t, append(args, "--json", "--manage-url", p.manageURL, "--operator-key-file", p.operatorFile(t))...)
	}
	var made struct {
		ID string `json:"id"`
	}
	decode(t, manage("app", "create", "Test"), &made)
	var issued struct {
		Key    string `json:"public_key"`
		Secret string `json:"secret"`
	}
	decode(t, manage("key", "create", "--app", made.ID, "--name", "test", "--owner", "test", "--rate-limit", "0",
		"--scopes", "customers:read,customers:write,customers:history"), &issued)
	if issued.Key == "" || issued.Secret == "" {
		t.Fatal("custodex key create printed no credentials")
	}
	return made.ID, issued.Key, issued.Secret
}

func decode(t *testing.T, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%v in %q", err, b)
	}
}

func (in *installation) operatorFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(in.dir, "operator.key")
	if err := os.WriteFile(path, []byte(in.OperatorKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (in *installation) database() []string {
	if in.url != "" {
		return []string{"--database-url", in.url, "--master-key", filepath.Join(in.dir, "master.key")}
	}
	return []string{"--data", in.dir}
}

// start starts a server process, with more flags perhaps, and waits until it answers.
func (in *installation) start(t *testing.T, flags ...string) *process {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(in.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	addresses := filepath.Join(in.dir, fmt.Sprintf("addresses-%d.json", time.Now().UnixNano()))
	out, err := os.Create(addresses)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	flags = append(append([]string{"serve", "--json", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0"}, in.database()...), flags...)
	cmd := program(t, flags...)
	cmd.Stdout, cmd.Stderr = out, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{installation: in, cmd: cmd, log: log, exited: make(chan error, 1)}
	go func() { p.exited <- cmd.Wait(); close(p.exited) }()
	t.Cleanup(func() { p.kill() })
	var at struct {
		URL       string `json:"url"`
		ManageURL string `json:"manage_url"`
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(addresses)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasSuffix(b, []byte("\n")) {
			decode(t, b, &at)
			break
		}
		select {
		case err := <-p.exited:
			out, _ := os.ReadFile(log.Name())
			t.Fatalf("the server ended at once: %v\n%s", err, out)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the server did not listen within 20 s")
		}
	}
	p.url, p.manageURL = at.URL, at.ManageURL
	return p
}

// kill ends the process at once, with SIGKILL.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
	_ = p.log.Close() // closed before, perhaps
}

// answer is a response that a client received.
type answer struct {
	status  int
	body    []byte
	request string // X-Request-Id
	header  http.Header
}

// call sends one request of the Devdraft dialect. Its error means that no whole
// answer came back.
func (p *process) call(ctx context.Context, method, path string, body any, header ...string) (answer, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, r)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("x-client-key", p.ClientKey)
	req.Header.Set("x-client-secret", p.ClientSecret)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return send(req)
}

var wire = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

func send(req *http.Request) (answer, error) {
	resp, err := wire.Do(req)
	if err != nil {
		return answer{}, err
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return answer{}, err
	}
	return answer{resp.StatusCode, b, resp.Header.Get("X-Request-Id"), resp.Header}, nil
}

// customerJSON is a customer as a client sees it.
type customerJSON struct {
	ID        string  `json:"id"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Email     *string `json:"email"`
	Phone     string  `json:"phone_number"`
	Status    string  `json:"status"`
}

// auditEntry is what the tests read of an entry.
type auditEntry struct {
	Seq     int64    `json:"seq"`
	Request string   `json:"request"`
	Action  string   `json:"action"`
	Outcome string   `json:"outcome"`
	Code    string   `json:"code"`
	Targets []string `json:"targets"`
	Origin  struct {
		Address string `json:"address"`
	} `json:"origin"`
}

// auditLog gives the application's audit log, newest entry first.
func (p *process) auditLog(t *testing.T) []auditEntry {
	t.Helper()
	var log []auditEntry
	for {
		url := fmt.Sprintf("%s/manage/v1/apps/%s/audit?limit=1000", p.manageURL, p.AppID)
		if len(log) > 0 {
			url += fmt.Sprintf("&before=%d", log[len(log)-1].Seq)
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+p.OperatorKey)
		a, err := send(req)
		if err != nil || a.status != 200 {
			t.Fatalf("read the audit log: %v, %d %s", err, a.status, a.body)
		}
		var page struct {
			Data []auditEntry `json:"data"`
		}
		decode(t, a.body, &page)
		log = append(log, page.Data...)
		if len(page.Data) == 0 || log[len(log)-1].Seq == 0 { // the first entry is number 0
			return log
		}
	}
}

// auditedRequests gives the ids of all requests in the application's audit log.
func (p *process) auditedRequests(t *testing.T) map[string]bool {
	t.Helper()
	seen := make(map[string]bool)
	for _, e := range p.auditLog(t) {
		seen[e.Request] = true
	}
	return seen
}
