package devdraft_test

import (
	"net/http"
	"strings"
	"testing"

	"custodex.dev/internal/records"
	"custodex.dev/internal/web/devdraft"
)

// counts reports whether a list with these Prefer headers is counted.
func counts(prefer ...string) bool {
	f := &fake{Listed: records.ListResponse{Total: 7}}
	r := request(http.MethodGet, "/api/v0/customers", "")
	r.Header["Prefer"] = prefer
	h := ask(f, r).Header()
	return f.List.Count && h.Get("X-Total-Count") == "7" && h.Get("Preference-Applied") == "count=exact"
}

func TestPrefer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		prefer []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"count=exact"}, true},
		{[]string{"COUNT=Exact"}, true},
		{[]string{`count="exact"`}, true},
		{[]string{`count="ex\act"`}, true},
		{[]string{"count = exact"}, true},
		{[]string{"\tcount\t=\t\"exact\"\t"}, true},
		{[]string{"count=exact;strict"}, true},
		{[]string{`count=exact ; a="; , b" ; c`}, true},
		{[]string{"return=minimal, count=exact"}, true},
		{[]string{"return=minimal,,count=exact,"}, true},
		{[]string{"return=minimal", "respond-async, count=exact; x=y"}, true},
		{[]string{`foo="a, b"; p="c, d", count=exact`}, true},
		{[]string{`foo="a\"b, count=none", count=exact`}, true},

		// The first of a name counts, whatever it says.
		{[]string{"count=exact, count=none"}, true},
		{[]string{"count=none, count=exact"}, false},
		{[]string{"count=none", "count=exact"}, false},
		{[]string{"count, count=exact"}, false},
		{[]string{`count="", count=exact`}, false},
		{[]string{"count=, count=exact"}, false},
		{[]string{"Count;count=exact"}, false},

		// Within quotes there is no preference, and a parameter is none.
		{[]string{`foo="a, count=exact"`}, false},
		{[]string{`foo=bar; count=exact`}, false},
		{[]string{`"count=exact"`}, false},
		{[]string{`"count"=exact`}, false},
		{[]string{`foo="a, count=exact`}, false},
		{[]string{`foo="a\", count=exact`}, false},

		// What is no preference is passed over.
		{[]string{"count=ex act, count=exact"}, true},
		{[]string{`count="exact, count=exact`}, false},
		{[]string{`count=exact"`}, false},
		{[]string{`count="exact"x`}, false},
		{[]string{`count="exact\`}, false},
		{[]string{"count==exact"}, false},
		{[]string{"count exact"}, false},
		{[]string{"count=exactly"}, false},
		{[]string{"xcount=exact"}, false},
		{[]string{"count=\xff"}, false},
	}
	for _, tt := range tests {
		if got := counts(tt.prefer...); got != tt.want {
			t.Errorf("Prefer: %q counts: %v, want %v", tt.prefer, got, tt.want)
		}
	}
}

// FuzzPrefer puts a header's text after the preference, beside it and into quotes:
// nothing takes back what was said first, and nothing in quotes says anything.
func FuzzPrefer(f *testing.F) {
	f.Add("return=minimal")
	f.Add(`count=none; a="b, c"`)
	f.Add(`"\",count=exact`)
	f.Fuzz(func(t *testing.T, text string) {
		quoted := `x="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		for _, prefer := range [][]string{
			{"count=exact," + text}, {"count=exact;" + text}, {"count=exact", text}, {quoted + ",count=exact"}, {quoted, "count=exact"},
		} {
			if got := devdraft.Preference(prefer, "count"); got != "exact" {
				t.Errorf("Prefer: %q has count=%q, want exact", prefer, got)
			}
		}
		if got := devdraft.Preference([]string{quoted}, "count"); got != "" {
			t.Errorf("Prefer: %s has count=%q, want none", quoted, got)
		}
	})
}
