package transcript_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/testkit/transcript"
)

const (
	ada     = "550e8400-e29b-41d4-a716-446655440000"
	grace   = "0f8fad5b-d9cb-469f-a165-70867728950e"
	created = "2024-01-15T10:30:00.000Z"
)

// newTarget is the server that testdata talks to.
func newTarget(t testing.TB) transcript.Target {
	var name atomic.Value
	name.Store("Ada")
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Client-Key") != "key-0123" || r.URL.RawQuery != "kind=person" {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("X-RateLimit-Remaining", "99")
		h.Set("Retry-After", "59")
		h["Vary"] = []string{"Accept", "Origin"}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":%q,"code":"C-7","last_spent":0,"ratio":1.50,"email":null,"tags":[],"seq":41,`+
			`"anything":{"a":[1]},"createdAt":%q,"updatedAt":%[2]q,"link":"%[3]s/customers/%[1]s?x=1"}`+"\n",
			ada, created, srv.URL)
	})
	mux.HandleFunc("GET /customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":%q,"createdAt":%q,"note":"café"}`, r.PathValue("id"), created)
	})
	mux.HandleFunc("GET /name", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name.Load()) })
	mux.HandleFunc("GET /hangup", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.Handle("GET /redirect", http.RedirectHandler("/name", http.StatusFound))
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		w.Header().Set("X-Twice-Count", fmt.Sprint(len(r.Header.Values("X-Twice"))))
		if err != nil {
			fmt.Fprintf(w, "%q %v", data, err)
			return
		}
		fmt.Fprintf(w, "%q\n", data)
	})
	return transcript.Target{
		URL:  srv.URL,
		Vars: map[string]string{"key": "key-0123", "url": srv.URL},
		Hook: func(hook string, args ...string) error {
			if hook != "rename" || len(args) != 2 || args[0] != ada {
				return fmt.Errorf("unknown hook %s %v", hook, args)
			}
			name.Store(args[1])
			return nil
		},
	}
}

var kinds = map[string]*regexp.Regexp{"code": regexp.MustCompile(`C-[0-9]+`)}

func TestRun(t *testing.T) {
	t.Parallel()
	transcript.Run(t, "testdata", transcript.Options{New: newTarget, Kinds: kinds})
}

// play writes text to a file and plays it against a server whose every answer
// is the given one; it gives Play's error and the file as it is afterwards.
func play(t *testing.T, text string, update bool, answers ...http.HandlerFunc) (string, error) {
	t.Helper()
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := min(int(n.Add(1)), len(answers)) - 1
		answers[i](w, r)
	}))
	t.Cleanup(srv.Close)
	path := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := transcript.Play(path,
		transcript.Target{URL: srv.URL, Vars: map[string]string{"app": "app_123456789"}},
		transcript.Options{Kinds: kinds, Update: update})
	after, readErr := os.ReadFile(path)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(after), err
}

// answer is a handler that answers text as JSON.
func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header()["X-Tag"] = []string{"a", "b"}
		_, _ = io.WriteString(w, text)
	}
}

// Each pair differs in one respect that a client would notice, or in none.
func TestDifferencesAreCaught(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want, body, fails string }{
		{name: "equal", want: "@json\n{\"a\":1,\"b\":null}", body: `{"a":1,"b":null}`},
		{name: "equal but for space", want: "@json\n{\n\"a\" : 1 }", body: ` {"a":1}`},
		{name: "order of members", want: "@json\n{\"a\":1,\"b\":2}", body: `{"b":2,"a":1}`, fails: `"b": 2`},
		{name: "null for absent", want: "@json\n{\"a\":1}", body: `{"a":1,"b":null}`, fails: `"b": null`},
		{name: "absent for null", want: "@json\n{\"a\":1,\"b\":null}", body: `{"a":1}`, fails: `"b": null`},
		{name: "number literal", want: "@json\n{\"a\":0}", body: `{"a":0.0}`, fails: `0.0`},
		{name: "exponent", want: "@json\n{\"a\":100}", body: `{"a":1e2}`, fails: `1e2`},
		{name: "number for string", want: "@json\n{\"a\":\"1\"}", body: `{"a":1}`, fails: `"a": 1`},
		{name: "string for a bare number", want: "@json\n{\"a\":{{int}}}", body: `{"a":"1"}`, fails: `"a": "1"`},
		{name: "bare number for string", want: "@json\n{\"a\":\"{{int}}\"}", body: `{"a":1}`, fails: `"a": 1`},
		{name: "object for array", want: "@json\n[]", body: `{}`, fails: `{}`},
		{name: "element missing", want: "@json\n[1,2]", body: `[1]`, fails: `2`},
		{name: "element more", want: "@json\n[1]", body: `[1,2]`, fails: `2`},
		{name: "order of elements", want: "@json\n[1,2]", body: `[2,1]`, fails: `2`},
		{name: "duplicate member", want: "@json\n{\"a\":1}", body: `{"a":1,"a":1}`, fails: `{"a":1,"a":1}`},
		{name: "not JSON", want: "@json\n{\"a\":1}", body: `{"a":1`, fails: `{"a":1`},
		{name: "two values", want: "@json\n{}", body: `{}{}`, fails: `{}{}`},
		{name: "no body", want: "@json\n{}", body: ``, fails: `{}`},
		{name: "case of a name", want: "@json\n{\"a\":1}", body: `{"A":1}`, fails: `"A"`},
		{name: "unexpected body", want: "", body: `{}`, fails: `{}`},
		{name: "exact", want: "\n{\"a\":1}", body: `{"a":1}`},
		{name: "exact and lines", want: "\na\n\nb\n", body: "a\n\nb\n"},
		{name: "exact but for space", want: "\n{\"a\":1}", body: `{"a": 1}`, fails: `{"a": 1}`},
		{name: "exact but for the last line end", want: "\n{\"a\":1}", body: "{\"a\":1}\n", fails: `"",`},
		{name: "exact placeholder", want: "\nid={{uuid}}.", body: "id=" + ada + "."},
		{name: "dots are dots", want: "\na.c {{int}}", body: "abc 1", fails: "abc 1"},
		{name: "any body", want: "@any-body", body: `whatever`},

		{name: "upper-case UUID", want: "@json\n\"{{uuid}}\"", body: `"550E8400-E29B-41D4-A716-446655440000"`,
			fails: "550E8400"},
		{name: "version 1 UUID", want: "@json\n\"{{uuid}}\"", body: `"123e4567-e89b-12d3-a456-426614174000"`,
			fails: "123e4567"},
		{name: "whole seconds", want: "@json\n\"{{time}}\"", body: `"2024-01-15T10:30:00Z"`, fails: "00Z"},
		{name: "nanoseconds", want: "@json\n\"{{time}}\"", body: `"2024-01-15T10:30:00.000000Z"`, fails: "000000Z"},
		{name: "offset", want: "@json\n\"{{time}}\"", body: `"2024-01-15T10:30:00.000+00:00"`, fails: "+00:00"},
		{name: "no such day", want: "@json\n\"{{time:time1}}\"", body: `"2024-02-31T10:30:00.000Z"`, fails: "02-31"},
		{name: "minus zero", want: "@json\n{{int}}", body: `-0`, fails: "-0"},
		{name: "no integer", want: "@json\n{{int}}", body: `1.0`, fails: "1.0"},
		{name: "zero seconds", want: "@json\n{{seconds}}", body: `0`, fails: "0"},
		{name: "a minute", want: "@json\n{{seconds}}", body: `60`, fails: "60"},
		{name: "own kind", want: "@json\n\"{{code}}\"", body: `"D-1"`, fails: "D-1"},
		{name: "preset", want: "@json\n\"{{app}}\"", body: `"app_123456789"`},
		{name: "preset differs", want: "@json\n\"{{app}}\"", body: `"app_000000000"`, fails: "app_000000000"},
		{name: "two values of one name", want: "@json\n[\"{{uuid:a}}\",\"{{uuid:a}}\"]",
			body: `["` + ada + `","` + grace + `"]`, fails: "uuid1"},
		{name: "one value of one name", want: "@json\n[\"{{uuid:a}}\",\"{{a}}\"]", body: `["` + ada + `","` + ada + `"]`},
		{name: "a placeholder sent literally", want: "@json\n[\"{{uuid:a}}\"]", body: `["{{uuid:a}}"]`, fails: "literally"},
		{name: "in one text", want: "\n{{uuid:a}} {{uuid:a}}", body: ada + " " + grace, fails: "uuid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines := ""
			if tt.want != "" {
				lines = "< " + strings.ReplaceAll(tt.want, "\n", "\n< ") + "\n"
			}
			text := "> GET /path?secret=1\n< 200\n" + strings.ReplaceAll(lines, "< \n", "<\n")
			after, err := play(t, text, false, answer(tt.body))
			if after != text {
				t.Errorf("Play changed its file to\n%s", after)
			}
			switch pass := tt.fails == ""; {
			case pass && err != nil:
				t.Errorf("Play = %v, want no difference", err)
			case !pass && err == nil:
				t.Error("Play found no difference")
			case !pass && !strings.Contains(err.Error(), tt.fails):
				t.Errorf("Play = %v, want a diff with %q", err, tt.fails)
			case !pass && !strings.Contains(err.Error(), "file.txt:1: GET /path (-want +got)"):
				t.Errorf("Play = %v, want file and line", err)
			}
		})
	}
}

func TestHeadAndStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, lines string
		passes      bool
	}{
		{"as it is", "200 OK\nx-tag: a\nX-TAG: b\n!etag\ncontent-length: 2\n@any-body", true},
		{"placeholder", "200\ncontent-length: {{int}}\n@any-body", true},
		{"status", "201\n@any-body", false},
		{"reason", "200 Okay\n@any-body", false},
		{"value", "200\nx-tag: a\nx-tag: c\n@any-body", false},
		{"one value more came", "200\nx-tag: a\n@any-body", false},
		{"one value fewer came", "200\nx-tag: a\nx-tag: b\nx-tag: b\n@any-body", false},
		{"order of values", "200\nx-tag: b\nx-tag: a\n@any-body", false},
		{"extra header", "200\n!x-tag\n@any-body", false},
		{"missing header", "200\netag: x\n@any-body", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := play(t, "> GET /\n< "+strings.ReplaceAll(tt.lines, "\n", "\n< ")+"\n", false, answer("{}"))
			if (err == nil) != tt.passes {
				t.Errorf("Play = %v, want success %t", err, tt.passes)
			}
		})
	}
}

// One wrong answer does not hide the next, and a bound name is checked later.
func TestAllDifferencesAreReported(t *testing.T) {
	t.Parallel()
	text := "> GET /1\n< 200\n< @json\n< \"{{uuid:a}}\"\n\n> GET /2\n< 200\n< @json\n< \"{{a}}\"\n\n> GET /3\n< 404\n< @any-body\n"
	_, err := play(t, text, false, answer(`"`+ada+`"`), answer(`"`+grace+`"`), answer(`{}`))
	if err == nil || !strings.Contains(err.Error(), "txt:6: GET /2") || !strings.Contains(err.Error(), "txt:11: GET /3") {
		t.Errorf("Play = %v, want differences at lines 6 and 11", err)
	}
	if err != nil && strings.Contains(err.Error(), "txt:1:") {
		t.Errorf("Play = %v, want none at line 1", err)
	}
}

func TestMistakesInFiles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"stray line":         {"> GET /\n< 200\nhello\n", "txt:3: a line must start"},
		"answer alone":       {"< 200\n", "txt:1: an answer without"},
		"no answer":          {"> GET /\n", "txt:1: the request has no answer"},
		"answer after blank": {"> GET /\n\n< 200\n", "txt:3: an answer without"},
		"unbound in request": {"> GET /{{who}}\n< 200\n", "{{who}} has no value"},
		"unbound in answer":  {"> GET /\n< 200\n< @json\n< \"{{who}}\"\n", "{{who}} has no value"},
		"unknown kind":       {"> GET /\n< 200\n< @json\n< \"{{uid:x}}\"\n", `no kind "uid"`},
		"name of a kind":     {"> GET /\n< 200\n< @json\n< \"{{any:uuid}}\"\n", "must not be that of a kind"},
		"bad JSON":           {"> GET /\n< 200\n< @json\n< {\"a\":}\n", "expected body is not JSON"},
		"unknown mode":       {"> GET /\n< 200\n< @jsn\n< {}\n", "unknown mode @jsn"},
		"no header line":     {"> GET /\n< 200\n< etag\n", "no header line"},
		"value of an absent": {"> GET /\n< 200\n< !etag: x\n", "no header line"},
		"there and absent":   {"> GET /\n< 200\n< a: 1\n< !a\n", "both there and absent"},
		"any body and more":  {"> GET /\n< 200\n< @any-body\n< x\n", "is the last line"},
		"no target":          {"> GET\n< 200\n", "method and a target"},
		"request header":     {"> GET /\n> nonsense\n< 200\n", "without a colon"},
		"own length":         {"> GET /\n> Content-Length: 3\n< 200\n", "needs @raw"},
		"bad escape":         {"> GET /%zz\n< 200\n", "needs @raw"},
		"bad raw escape":     {"> @raw \\q\n< 200\n", "bad escape"},
		"unknown directive":  {"> POST /\n>\n> @file x\n< 200\n", "unknown directive @file"},
		"repeat":             {"> POST /\n>\n> @repeat x\n< 200\n", "@repeat wants"},
		"no hooks":           {"! advance 1s\n", "no hooks"},
		"hook without name":  {"!\n", "hook without a name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := play(t, tt.text, false, answer(`"x"`))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Play = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTargetMistakes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(path, []byte("! fail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	hook := func(string, ...string) error { return boom }
	if err := transcript.Play(path, transcript.Target{Hook: hook}, transcript.Options{}); !errors.Is(err, boom) {
		t.Errorf("Play = %v, want the hook's error", err)
	}
	vars := map[string]string{"uuid": "x"}
	if err := transcript.Play(path, transcript.Target{Vars: vars, Hook: hook}, transcript.Options{}); err == nil ||
		errors.Is(err, boom) {
		t.Errorf("Play = %v, want a refused variable", err)
	}
	if err := transcript.Play(path+"x", transcript.Target{}, transcript.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Play = %v, want a missing file", err)
	}
}

// An update keeps what held, replaces what did not, and plays afterwards.
func TestUpdate(t *testing.T) {
	t.Parallel()
	const before = `# head

> POST /1
>
> {"a":1}
# between
< 200
< x-tag: old
# within
< !content-type
< @json
< {"id":"{{uuid:ada}}", "n":0, "gone":1, "when":"{{time}}", "seq":{{int:s}}}

# right, so it keeps its layout
> GET /2
< 200
< @json
< {   "id" : "{{ada}}" }

> GET /3

> GET /4
< 500
<
< old {{int}}
<  x
# tail
`
	const want = `# head

> POST /1
>
> {"a":1}
# between
# within
< 200
< x-tag: a
< x-tag: b
< content-type: application/json
< @json
< {
<   "seq": {{int:s}},
<   "id": "{{uuid:ada}}",
<   "n": 0.5,
<   "when": "{{time}}",
<   "app": "{{app}}",
<   "other": "{{uuid:uuid1}}",
<   "at": "{{time:time2}}",
<   "list": [
<     "{{ada}}",
<     {},
<     []
<   ]
< }

# right, so it keeps its layout
> GET /2
< 200
< @json
< {   "id" : "{{ada}}" }

> GET /3
< 200
< content-type: application/json
< @json
< {
<   "id": "{{uuid1}}"
< }

> GET /4
< 200
<
< new
<
<  x 
< 
# tail
`
	answers := []http.HandlerFunc{
		answer(`{"seq":7,"id":"` + ada + `","n":0.5,"when":"` + created + `","app":"app_123456789","other":"` + grace +
			`","at":"` + created + `","list":["` + ada + `",{},[]]}`),
		answer(`{"id":"` + ada + `"}`),
		answer(`{"id":"` + grace + `"}`),
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "new\n\n x \n") },
	}
	after, err := play(t, before, true, answers...)
	if err != nil {
		t.Fatalf("Play with update = %v", err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "< \n", "<\n"), after); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	if _, err := play(t, after, false, answers...); err != nil {
		t.Errorf("Play of the updated file = %v", err)
	}
	again, err := play(t, after, true, answers...)
	if err != nil || again != after {
		t.Errorf("a second update changed the file, %v:\n%s", err, cmp.Diff(after, again))
	}
}

// Bodies that a text file cannot hold are not written into one.
func TestUpdateBinary(t *testing.T) {
	t.Parallel()
	binary := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0}) }
	after, err := play(t, "> GET /\n< 200\n<\n< old\n", true, binary)
	if want := "> GET /\n< 200\n< @any-body\n"; err != nil || after != want {
		t.Errorf("file = %q, %v, want %q", after, err, want)
	}
	if _, err := play(t, "> GET /\n< 200\n<\n< old\n", false, binary); err == nil {
		t.Error("Play found no difference to a binary body")
	}
}
