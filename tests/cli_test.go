package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain gives the scripts a curl, so that the lines which custodex dev prints
// are tried on machines without one, and removes the program at the end.
func TestMain(m *testing.M) {
	testscript.Main(cleaner{m}, map[string]func(){"curl": curl})
}

type cleaner struct{ *testing.M }

// Run runs the tests.
func (c cleaner) Run() int {
	code := c.M.Run()
	if binaryDir != "" {
		_ = os.RemoveAll(binaryDir) // it lies in a folder for temporary files
	}
	return code
}

// TestCLI runs testdata/*.txtar: each verb with its help, a success, a usage error
// and a failure. Beside the commands of testscript there are
//
//	exits CODE prog args…   run and want this exit code
//	await FILE              wait for the file of --credentials-out; put what it holds into URL, APP_ID, …
//	answers CODE METHOD KEY SECRET
//	                        use a key on the customers API until it answers so, for at most a minute
//	member NAME VAR         put a member of the JSON on the last standard output into a variable
//	mode PERM FILE          want these permissions
func TestCLI(t *testing.T) {
	t.Parallel()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(program)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "await": await, "answers": answers, "member": member, "mode": mode,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE prog args…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	var text []byte
	within(ts, func() (err error) {
		text, err = os.ReadFile(ts.MkAbs(args[0]))
		return err
	})
	var made map[string]string
	ts.Check(json.Unmarshal(text, &made))
	if len(made) != 9 {
		ts.Fatalf("%s has %d members", args[0], len(made))
	}
	for name, value := range made {
		ts.Setenv(strings.ToUpper(name), value)
	}
}

func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: answers CODE METHOD KEY SECRET")
	}
	within(ts, func() error {
		req, err := http.NewRequest(args[1], ts.Getenv("URL")+"/api/v0/customers", nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-Client-Key", args[2])
		req.Header.Set("X-Client-Secret", args[3])
		got, err := send(req)
		if err == nil && fmt.Sprint(got.status) != args[0] {
			err = fmt.Errorf("status %d, want %s: %s", got.status, args[0], got.body)
		}
		return err
	})
}

// within tries until try succeeds or a minute is over.
func within(ts *testscript.TestScript, try func() error) {
	deadline := time.After(time.Minute)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%v", err)
		case <-again.C:
		}
	}
}

func member(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: member NAME VAR")
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &object))
	text, ok := object[args[0]].(string)
	if !ok {
		ts.Fatalf("there is no text %s", args[0])
	}
	ts.Setenv(args[1], text)
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERM FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// curl is as much of curl as the lines of custodex dev need.
func curl() {
	if err := curlMain(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(1)
	}
}

func curlMain(args []string) error {
	header, method, content, address := http.Header{}, http.MethodGet, "", ""
	add := func(line string) {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, strings.TrimSpace(value))
	}
	for len(args) > 0 {
		switch arg := args[0]; {
		case arg == "-sS":
		case (arg == "-H" || arg == "-d") && len(args) > 1:
			args = args[1:]
			text := args[0]
			if file, ok := strings.CutPrefix(text, "@"); ok {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				text = string(b)
			}
			if arg == "-d" {
				method, content = http.MethodPost, text
				break
			}
			for line := range strings.Lines(text) {
				add(line)
			}
		case strings.HasPrefix(arg, "-"):
			return fmt.Errorf("option %s is not known here", arg)
		default:
			address = arg
		}
		args = args[1:]
	}
	req, err := http.NewRequest(method, address, bytes.NewReader([]byte(content)))
	if err != nil {
		return err
	}
	req.Header = header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, res.Body)
	return errors.Join(err, res.Body.Close())
}
