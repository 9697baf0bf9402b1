package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// eventServer answers lists of events in turn and keeps what was asked.
type eventServer struct {
	mu      sync.Mutex
	asked   []string
	answers []func(w http.ResponseWriter)
}

func (s *eventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	query := r.URL.Query()
	s.asked = append(s.asked, "after="+query.Get("after")+" wait="+query.Get("wait")+" limit="+query.Get("limit"))
	if len(s.answers) == 0 {
		s.mu.Unlock()
		panic(http.ErrAbortHandler) // as a server that ends
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	next(w)
}

// events answers with the events of these numbers.
func events(next string, numbers ...int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		var data []string
		for _, n := range numbers {
			data = append(data, fmt.Sprintf(`{"id":"evt_%d","type":"group.created","time":"2030-01-31T12:00:00Z","object":"group_%d","customer":null,"version":null,"fields":[]}`, n, n))
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s],"next":%q}`, strings.Join(data, ","), next)
	}
}

func refusal(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"Refused"}}`, code)
	}
}

// follow runs custodex event follow on the server.
func (s *eventServer) follow(ctx context.Context, t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close() // which waits for the handlers
	var out, errs bytes.Buffer
	env := &environment{out: &out, err: &errs, lookup: func(name string) (string, bool) { return "a-key", name == "CUSTODEX_OPERATOR_KEY" }}
	code = run(ctx, env, append([]string{"event", "follow", "--app", "app_a", "--manage-url", server.URL}, args...))
	return code, out.String(), errs.String()
}

// However it ends, who follows events is told from where to go on, and no event is skipped: latest
// is made a place before anything is waited for.
func TestFollowTellsItsPlace(t *testing.T) {
	t.Parallel()
	const latest, waiting = "after=latest wait= limit=1000", "after=c1 wait=20 limit=1000"
	for _, c := range []struct {
		name    string
		args    []string
		answers []func(http.ResponseWriter)
		code    int
		shown   int    // events
		place   string // "": none is told
		asked   []string
	}{
		{"the server ends at once", nil, nil, 1, 0, "", []string{latest}},
		{"the server ends while it waits", nil, []func(http.ResponseWriter){events("c1")}, 1, 0, "c1", []string{latest, waiting}},
		{"the server ends after events", nil, []func(http.ResponseWriter){events("c1"), events("c2", 1, 2)}, 1, 2, "c2",
			[]string{latest, waiting, "after=c2 wait=20 limit=1000"}},
		{"too many wait", nil, []func(http.ResponseWriter){events("c1"), refusal(429, "too_many_waiters")}, 1, 0, "c1", []string{latest, waiting, waiting}},
		{"a failure", nil, []func(http.ResponseWriter){events("c1"), refusal(500, "internal")}, 1, 0, "c1", []string{latest, waiting}},
		{"what follows is gone", nil, []func(http.ResponseWriter){events("c1"), refusal(410, "cursor_expired")}, 1, 0, "", []string{latest, waiting}},
		{"a wrong cursor", []string{"--after", "AAAA"}, []func(http.ResponseWriter){refusal(400, "invalid")}, 1, 0, "", []string{"after=AAAA wait= limit=1000"}},
		{"enough", []string{"--count", "3"}, []func(http.ResponseWriter){events("c1"), events("c2", 1, 2), events("c3", 3)}, 0, 3, "c3",
			[]string{"after=latest wait= limit=3", "after=c1 wait=20 limit=3", "after=c2 wait=20 limit=1"}},
		{"a negative number", []string{"--count=-1"}, nil, 2, 0, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &eventServer{answers: c.answers}
			code, out, errs := s.follow(t.Context(), t, c.args...)
			if code != c.code || strings.Count(out, "group.created") != c.shown {
				t.Errorf("exit code %d, want %d, and %d events:\n%s%s", code, c.code, c.shown, out, errs)
			}
			if told := strings.Contains(errs, "to go on: add --after "+c.place+"\n"); told != (c.place != "") || !told && strings.Contains(errs, "to go on") {
				t.Errorf("it tells of the place %q: %t\n%s", c.place, told, errs)
			}
			// A request that breaks off is sent again by the standard library if its connection was an old one.
			if asked := slices.Compact(s.asked); !slices.Equal(asked, slices.Compact(c.asked)) {
				t.Errorf("it asked %q, want %q", s.asked, c.asked)
			}
		})
	}
}

func TestInterruptedFollowTellsItsPlace(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	s := &eventServer{answers: []func(http.ResponseWriter){events("c1"), func(http.ResponseWriter) { interrupt() }}}
	code, out, errs := s.follow(ctx, t)
	if code != 0 || out != "" || errs != "to go on: add --after c1\n" {
		t.Errorf("exit code %d, %q, %q; want 0 and the place c1", code, out, errs)
	}
}
