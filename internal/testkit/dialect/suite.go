package dialect

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/contract"
	"custodex.dev/internal/testkit/transcript"
	"custodex.dev/internal/web/openapi"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Suite says how a dialect's transcripts are played. Kind, Routes, Folders, Guess and
// Variables must be set.
type Suite struct {
	Kind   tenant.Kind // of the credentials
	Routes []string    // all that the dialect serves, as "METHOD /path/{name}"
	// Elsewhere are documented answers and headers, as contract.Missing has them, that
	// another test shows.
	Elsewhere []string
	// Folders hold the transcripts. A function changes the configuration of their
	// servers; nil leaves it.
	Folders map[string]func(*config.Config)
	// Variables are the placeholders that show a new credential.
	Variables func(t *Target, app id.App, key records.Issued) map[string]string
	// Guess is the path and the header of a request with a wrong secret of the first
	// credential.
	Guess func(t *Target) (path, name, value string)

	// Decimals has the seconds of every time in an answer; 0: another test looks at times.
	Decimals int

	// Path is the path of a request as the document has it, for those that have several;
	// nil: none has.
	Path func(*http.Request) string

	Kinds   map[string]*regexp.Regexp  // as in transcript.Options
	Hooks   map[string]Hook            // beside the common ones; see Target
	Inspect func(*http.Response) error // looks at every answer; nil: not at all
	Number  func(n int) customer.Input // the customers of the hook of that name
	Update  bool                       // rewrites the transcripts
}

// Transcripts plays every file on each store, holds each exchange against the OpenAPI
// document, and demands that the files show every documented answer of the dialect
// that is not general (see contract.General).
func (s Suite) Transcripts(t *testing.T) {
	t.Helper()
	doc := contract.New(t, openapi.Handler())
	t.Cleanup(func() { Complete(t, doc, s.Routes, s.Elsewhere...) })
	for _, engine := range testkit.Engines {
		if s.Update && engine != "sqlite" {
			continue // two runs would write the same files
		}
		for _, folder := range slices.Sorted(maps.Keys(s.Folders)) {
			t.Run(engine+" "+folder, func(t *testing.T) {
				t.Parallel()
				transcript.Run(t, folder, transcript.Options{
					New:   func(t testing.TB) transcript.Target { return s.target(t, doc, engine, s.Folders[folder]) },
					Kinds: s.Kinds, Update: s.Update,
				})
			})
		}
	}
}

// Complete demands that every documented answer of the routes that is not general was
// seen, except elsewhere. It demands nothing of a run that was narrowed to some sub-tests.
func Complete(t testing.TB, doc *contract.Contract, routes []string, elsewhere ...string) {
	t.Helper()
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return
	}
	if diff := cmp.Diff(elsewhere, doc.Missing(routes, contract.Particular), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("documented answers that no transcript shows (-shown elsewhere +missing):\n%s", diff)
	}
}

// target starts a server for one file.
func (s Suite) target(tb testing.TB, doc *contract.Contract, engine string, configure func(*config.Config)) transcript.Target {
	tb.Helper()
	t := s.Start(tb, engine, configure)
	transport := &http.Transport{DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	return transcript.Target{
		URL: t.Server.URL, Vars: t.Vars, Hook: t.hook,
		Client: &http.Client{Transport: inspector{tb, transport, s.Inspect}, Timeout: 10 * time.Second},
		Check: func(req *http.Request, resp *http.Response) error {
			check := doc.Check
			if t.lenient {
				t.lenient, check = false, doc.CheckLenient
			}
			if s.Path != nil {
				u := *req.URL
				u.Path, u.RawPath = s.Path(req), ""
				req = req.WithContext(req.Context())
				req.URL = &u
			}
			return errors.Join(CheckDecimals(resp, s.Decimals), check(req, resp))
		},
	}
}

// instant is a string that is a time in RFC 3339, or nearly.
var instant = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?([^"]*)"`)

// CheckDecimals reports a time in an answer that is not in UTC with so many decimals of its
// seconds; 0 is any number. The body can be read again.
func CheckDecimals(resp *http.Response, decimals int) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	for _, m := range instant.FindAllSubmatch(body, -1) {
		if decimals > 0 && (len(m[1]) != decimals || string(m[2]) != "Z") {
			return fmt.Errorf("the time %s, want UTC with %d decimals", m[0], decimals)
		}
	}
	return nil
}

// inspector looks at every answer for what must hold in all of them.
type inspector struct {
	tb   testing.TB
	next http.RoundTripper
	more func(*http.Response) error
}

func (i inspector) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if none := resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified; none && name == "Content-Type" {
			want = ""
		}
		if got := resp.Header.Get(name); got != want {
			i.tb.Errorf("%s %s: %d with %s %q, want %q", r.Method, r.URL, resp.StatusCode, name, got, want)
		}
	}
	if i.more != nil {
		if err := i.more(resp); err != nil {
			i.tb.Errorf("%s %s: %d with %v", r.Method, r.URL, resp.StatusCode, err)
		}
	}
	return resp, nil
}
