package contract_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/testkit/contract"
)

const document = `{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{
	"/things/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string","maxLength":3}}],
		"get":{"responses":{
			"200":{"description":"ok","headers":{"X-Seen":{"schema":{"type":"string"}}},
				"content":{"application/json":{"schema":{"type":"object","required":["a"],"properties":{
					"list":{"type":"array","items":{"oneOf":[{"type":"object","properties":{"b":{"type":"string"}}}]}},
					"open":{"type":"object","additionalProperties":{"type":"string"}},
					"a":{"type":"integer"}, "uuid":{"type":"string","format":"uuid"},
					"email":{"type":"string","format":"email"}, "idn":{"type":"string","format":"idn-email"},
					"uri":{"type":"string","format":"uri"}, "time":{"type":"string","format":"date-time"}}}}}},
			"404":{"description":"none"},
			"503":{"description":"busy"}}}},
	"/things/new":{"post":{"responses":{"201":{"description":"made"}}}}}}`

// exchange checks one GET and its answer.
func exchange(check func(*http.Request, *http.Response) error, target string, status int, body string, header ...string) error {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	if body != "" {
		resp.Header.Set("Content-Type", "application/json")
	}
	for _, name := range header {
		resp.Header.Set(name, "x")
	}
	return check(httptest.NewRequest(http.MethodGet, target, nil), resp)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c, err := contract.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		check  func(*http.Request, *http.Response) error
		target string
		status int
		body   string
		header string
		want   string // in the error; empty for none
	}{
		"as documented":                {c.Check, "/things/1", 200, `{"a":1}`, "X-Seen", ""},
		"another failure":              {c.Check, "/things/1", 404, "", "", ""},
		"another path":                 {c.Check, "/nothing", 418, "", "", ""},
		"a path that is not clean":     {c.Check, "//things/1", 418, "", "", ""},
		"a status that is not there":   {c.Check, "/things/1", 418, "", "", "not as documented"},
		"a body of another form":       {c.Check, "/things/1", 200, `{"b":1}`, "", "not as documented"},
		"members that no schema names": {c.Check, "/things/1", 200, `{"a":1,"other":2}`, "", "not as documented"},
		"one in a list":                {c.Check, "/things/1", 200, `{"a":1,"list":[{"b":"x","c":1}]}`, "", "not as documented"},
		"one that may be any":          {c.Check, "/things/1", 200, `{"a":1,"open":{"c":"x"},"list":[{"b":"x"}]}`, "", ""},
		"formats": {c.Check, "/things/1", 200, `{"a":1,"uuid":"5ae2f659-45d2-4256-9f82-2811726a5376","email":"a@b.co",
			"idn":"ä@b.co","uri":"http://h/?a=b","time":"2026-03-01T12:00:15.000Z"}`, "", ""},
		"no uuid":                           {c.Check, "/things/1", 200, `{"a":1,"uuid":"nonsense"}`, "", "valid uuid"},
		"no e-mail address":                 {c.Check, "/things/1", 200, `{"a":1,"email":"nonsense"}`, "", "valid email"},
		"no address in any script":          {c.Check, "/things/1", 200, `{"a":1,"idn":"nonsense"}`, "", "valid idn-email"},
		"no uri":                            {c.Check, "/things/1", 200, `{"a":1,"uri":"nonsense"}`, "", "valid uri"},
		"no time":                           {c.Check, "/things/1", 200, `{"a":1,"time":"nonsense"}`, "", "valid date-time"},
		"a header that is not there":        {c.Check, "/things/1", 404, "", "X-Other", "X-Other"},
		"a request that is forbidden":       {c.Check, "/things/1234", 200, `{"a":1}`, "", "forbids"},
		"forbidden and refused":             {c.Check, "/things/1234", 404, "", "", ""},
		"forbidden, leniently":              {c.CheckLenient, "/things/1234", 200, `{"a":1}`, "", ""},
		"allowed, leniently":                {c.CheckLenient, "/things/1", 200, `{"a":1}`, "", "not lenient"},
		"refused, leniently":                {c.CheckLenient, "/things/1234", 404, "", "", "lenient"},
		"another path, leniently":           {c.CheckLenient, "/nothing", 200, "", "", "lenient"},
		"a method that the document allows": {c.Check, "/things/1", 405, "", "", "not as documented"},
		"a method of another path":          {c.Check, "/things/new", 405, "", "", ""},
	} {
		err := exchange(tt.check, tt.target, tt.status, tt.body, slices.DeleteFunc([]string{tt.header}, func(s string) bool { return s == "" })...)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	c, err := contract.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	const route = "GET /things/{id}"
	missing := func(asked func(string) bool) []string { return c.Missing([]string{route, "GET /other"}, asked) }
	want := []string{"GET /other is not documented", route + " 200", route + " 404", "header X-Seen"}
	if diff := cmp.Diff(want, missing(contract.Particular)); diff != "" {
		t.Errorf("nothing was seen (-want +got):\n%s", diff)
	}
	if err := exchange(c.Check, "/things/1", 200, `{"a":1}`); err != nil {
		t.Fatal(err)
	}
	want = []string{"GET /other is not documented", route + " 404", "header X-Seen"}
	if diff := cmp.Diff(want, missing(contract.Particular)); diff != "" {
		t.Errorf("200 was seen (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"GET /other is not documented", route + " 503"}, missing(contract.General)); diff != "" {
		t.Errorf("general answers (-want +got):\n%s", diff)
	}
}
