package tests

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// serverLine is what the server logged of a request.
type serverLine struct {
	Request, Method, Route string
	Status                 int
}

// unread reports whether the server could not read the request, not even its method.
func (s serverLine) unread() bool {
	return s.Method == "other" && s.Route == "" && s.Status == http.StatusBadRequest
}

// frontLine is what a proxy logged of a request that it passed on.
type frontLine struct{ request, method, status, target string }

// abandoned reports whether the proxy did not see an answer: the client or the connection was gone.
func (f frontLine) abandoned() bool { return f.request == "" && (f.status == "" || f.status[0] != '2') }

// readFront reads the lines of a proxy's log: the server, the id of the answer, method, status and
// target. Requests that the proxy answered itself have no server.
func readFront(t *testing.T, path string) []frontLine {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []frontLine
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), "|", 5)
		if len(parts) != 5 || parts[0] == "-" || parts[0] == "" || parts[0] == "<NOSRV>" {
			continue
		}
		for i := range parts {
			parts[i] = strings.TrimSuffix(parts[i], "-") // nothing was captured
		}
		lines = append(lines, frontLine{parts[1], parts[2], parts[3], parts[4]})
	}
	return lines
}

// compareLogs waits until both logs are written, and wants the server to have handled what the
// proxy passed on and nothing else.
func (d *desync) compareLogs(t *testing.T, front string) {
	t.Helper()
	var complaint string
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		passed, handled := readFront(t, front), d.serverLog(t)[2:]
		complaint = compareLogs(passed, handled)
		if complaint == "" {
			t.Logf("%d messages: the proxy passed %d requests on, and the server handled %d", len(d.corpus), len(passed), len(handled))
			if len(passed) < len(d.corpus)*3/2 {
				t.Error("too few requests reached the server: this shows nothing")
			}
			return
		}
	}
	t.Error(complaint)
}

// compareLogs looks for requests that only the server saw, and for answers that were taken for
// those of other requests. A request that the proxy abandoned may have been handled.
func compareLogs(passed []frontLine, handled []serverLine) string {
	byID := make(map[string]serverLine)
	for _, h := range handled {
		byID[h.Request] = h
	}
	abandoned := make(map[string]int) // by method; "" is all
	asked, seen := 0, 0               // requests of the smuggled route
	for _, p := range passed {
		if strings.Contains(p.target, smuggledPath) {
			asked++
		}
		h, ok := byID[p.request]
		switch {
		case p.request == "":
			if p.abandoned() {
				abandoned[knownMethod(p.method)]++
				abandoned[""]++
			}
			continue
		case !ok:
			return fmt.Sprintf("the proxy has an answer %q that the server did not give, or gave once", p.request)
		case h.Method != knownMethod(p.method) && !h.unread():
			return fmt.Sprintf("the proxy has the answer to %s for its %s %s", h.Method, p.method, p.target)
		}
		if h.Route == smuggledPath {
			seen++
			if !strings.Contains(p.target, smuggledPath) {
				return fmt.Sprintf("the proxy has the answer to %s for its %s %s", h.Route, p.method, p.target)
			}
		}
		delete(byID, p.request)
	}
	for _, h := range byID {
		if h.Route == smuggledPath {
			seen++
		}
		abandoned[""]--
		if !h.unread() { // of one that was not read the server knows no method
			abandoned[h.Method]--
		}
		if abandoned[""] < 0 || !h.unread() && abandoned[h.Method] < 0 {
			return fmt.Sprintf("the server handled %+v, and the proxy passed on none such", h)
		}
	}
	if seen > asked {
		return fmt.Sprintf("the server handled %d requests of %s, and the proxy passed on %d", seen, smuggledPath, asked)
	}
	return ""
}

// knownMethod is how the server logs a method.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// The comparison finds what it is for.
func TestFramingComparison(t *testing.T) {
	t.Parallel()
	get, post := serverLine{"a", "GET", "/x", 200}, serverLine{"b", "POST", "/x", 200}
	hidden := serverLine{"c", "GET", smuggledPath, 200}
	passedGet, passedPost := frontLine{"a", "GET", "200", "/x"}, frontLine{"b", "POST", "200", "/x"}
	lost := frontLine{"", "GET", "499", "/x"}
	for name, tt := range map[string]struct {
		passed  []frontLine
		handled []serverLine
		want    string
	}{
		"all is well":        {[]frontLine{passedGet, passedPost}, []serverLine{get, post}, ""},
		"an unread one":      {[]frontLine{{"d", "GET", "400", "/x"}}, []serverLine{{"d", "other", "", 400}}, ""},
		"an unread one more": {[]frontLine{passedGet}, []serverLine{get, {"d", "other", "", 400}}, "passed on none such"},
		"two went away, one unread": {
			[]frontLine{lost, {"", "FOO", "499", "/x"}},
			[]serverLine{{"d", "other", "", 400}, {"e", "other", "/x", 405}}, "",
		},
		"a client went away":     {[]frontLine{lost, passedPost}, []serverLine{get, post}, ""},
		"one more":               {[]frontLine{passedGet}, []serverLine{get, hidden}, "passed on none such"},
		"one more in its shadow": {[]frontLine{lost}, []serverLine{hidden}, "passed on 0"},
		"an answer twice":        {[]frontLine{passedGet, passedGet}, []serverLine{get}, "gave once"},
		"an answer to another":   {[]frontLine{{"b", "GET", "200", "/x"}, {"a", "POST", "200", "/x"}}, []serverLine{get, post}, "for its GET"},
		"a smuggled answer":      {[]frontLine{{"c", "GET", "200", "/x"}}, []serverLine{hidden}, "for its GET /x"},
	} {
		for range 50 { // it walks a map
			if got := compareLogs(tt.passed, tt.handled); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Fatalf("%s: %q, want %q", name, got, tt.want)
			}
		}
	}
}
