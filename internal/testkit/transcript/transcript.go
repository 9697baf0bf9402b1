package transcript

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Options say how a folder of transcripts is run.
type Options struct {
	// New starts what a file is played against. It is called once a file, in
	// that file's sub-test, and cleans up with t.Cleanup.
	New func(t testing.TB) Target
	// Kinds are further placeholders, by name. An expression has to match the
	// whole text and wins over the built-in kind of that name.
	Kinds map[string]*regexp.Regexp
	// Update rewrites the answers in the files to what came.
	Update bool
}

// Target is a server under test.
type Target struct {
	// URL is where the server listens, without a path: http://127.0.0.1:1234.
	URL string
	// Client sends the requests; nil is a plain client with a 10 s timeout.
	// Requests that are @raw do not use it.
	Client *http.Client
	// Vars are the preset placeholders. The map is read and not copied, so a
	// Hook may add to it; bound names do not appear in it.
	Vars map[string]string
	// Hook carries out the "!" lines. An unknown name should be an error.
	Hook func(name string, args ...string) error
	// Check looks at each exchange beyond what the file says of it; nil checks
	// nothing. It may read both bodies. An error fails the file, also while
	// answers are rewritten. A @raw request that is no HTTP is not shown to it.
	Check func(*http.Request, *http.Response) error
}

// Run plays each .txt file of dir as a sub-test in parallel. A folder without
// any is a failure: a green run must mean that something was compared.
func Run(t *testing.T, dir string, opts Options) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no transcripts in %s", dir)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			if err := Play(path, opts.New(t), opts); err != nil {
				t.Error(err)
			}
		})
	}
}

// Play plays one file against target. Its error joins everything that differed,
// each with the file and line of the request and a diff (-want +got). It stops
// early only where going on makes no sense: at a file that cannot be read, a
// value that was never bound, a hook or a connection that fails. With updating
// on, differences are written to the file and are no error.
func Play(path string, target Target, opts Options) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := parseFile(string(data))
	if err != nil {
		return fmt.Errorf("%s:%w", path, err)
	}
	p, err := newPlayer(target, opts)
	if err != nil {
		return err
	}
	defer p.close()
	var failures []error
	for i := range f.steps {
		s := &f.steps[i]
		want, got, err := p.step(s)
		if err != nil {
			return errors.Join(append(failures, fmt.Errorf("%s:%d: %w", path, s.line, err))...)
		}
		if p.complaint != nil {
			failures = append(failures, fmt.Errorf("%s:%d: %w", path, s.line, p.complaint))
		}
		diff := cmp.Diff(want, got)
		switch {
		case diff == "":
		case p.update:
			s.answer = got
			s.changed = true
		default:
			failures = append(failures, fmt.Errorf("%s:%d: %.80s (-want +got):\n%s", path, s.line, s.title(), diff))
		}
	}
	if text := f.text(); p.update && text != string(data) {
		failures = append(failures, os.WriteFile(path, []byte(text), 0o644))
	}
	return errors.Join(failures...)
}

// timeout is for one exchange.
const timeout = 10 * time.Second

// player plays the steps of one file.
type player struct {
	target Target
	client *http.Client
	close  func()
	host   string
	vars   *vars
	update bool

	complaint error // of Target.Check, about the latest exchange
}

func newPlayer(target Target, opts Options) (*player, error) {
	u, err := url.Parse(target.URL)
	if err != nil {
		return nil, err
	}
	own := &http.Transport{DisableCompression: true}
	client := &http.Client{Transport: own, Timeout: timeout}
	if target.Client != nil {
		c := *target.Client
		client = &c
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &player{target: target, client: client, close: own.CloseIdleConnections, host: u.Host,
		update: opts.Update}
	p.vars = &vars{kinds: maps.Clone(builtin), preset: target.Vars, bound: map[string]string{"host": u.Host}}
	maps.Copy(p.vars.kinds, opts.Kinds)
	for name := range target.Vars {
		if _, ok := p.vars.kinds[name]; ok {
			return nil, fmt.Errorf("variable %q has the name of a kind", name)
		}
	}
	return p, nil
}

// step does one step and gives the expected and the actual answer as lines of a
// file. They are equal if and only if the answer is as expected.
func (p *player) step(s *step) (want, got []string, err error) {
	p.complaint = nil
	if s.hook != "" {
		line, err := p.vars.expand(s.hook)
		if err != nil {
			return nil, nil, err
		}
		if p.target.Hook == nil {
			return nil, nil, errors.New("this target has no hooks")
		}
		words := strings.Fields(line)
		if err := p.target.Hook(words[0], words[1:]...); err != nil {
			return nil, nil, fmt.Errorf("hook %s: %w", words[0], err)
		}
		return nil, nil, nil
	}
	if len(s.answer) == 0 && !p.update {
		return nil, nil, errors.New("the request has no answer")
	}
	resp, err := p.send(s.request)
	if err != nil {
		return nil, nil, err
	}
	return p.compare(s.answer, resp)
}
