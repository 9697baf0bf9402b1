package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/wire"
)

// conditional asks for a customer and gives the answer, or the fault.
func conditional(t *testing.T, revision customer.Revision, body string, header http.Header) (*httptest.ResponseRecorder, *fault.Error) {
	t.Helper()
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	r.Header = header
	check, err := wire.Readable(r)
	if err == nil && check != nil {
		err = check(revision)
	}
	if err == nil {
		err = wire.WriteCustomer(w, r, revision, []byte(body))
	}
	if err != nil {
		return w, fault.Of(err)
	}
	return w, nil
}

// TestFieldA8Conditions reads the two headers in every form, for a customer in the state of
// the first tag.
func TestFieldA8Conditions(t *testing.T) {
	t.Parallel()
	now, before := customer.Revision{1}, customer.Revision{2}
	tagOf := func(r customer.Revision, body string) string {
		w, _ := conditional(t, r, body, nil)
		return w.Header().Get("ETag")
	}
	fresh, old, otherForm := tagOf(now, "{}"), tagOf(before, "{}"), tagOf(now, `{"more":1}`)
	if fresh == old || fresh == otherForm || strings.Contains(fresh, "W/") || strings.Contains(fresh, ",") {
		t.Fatalf("tags %s, %s, %s", fresh, old, otherForm)
	}
	const bad = "bad_precondition"
	for _, tt := range []struct {
		lines         []string
		same, inState bool // If-None-Match has this representation; If-Match has the state
		code          string
	}{
		{[]string{fresh}, true, true, ""},
		{[]string{otherForm}, false, true, ""},
		{[]string{old}, false, false, ""},
		{[]string{`"x"`}, false, false, ""},
		{[]string{`""`}, false, false, ""},
		{[]string{"*"}, true, true, ""},
		{[]string{" * "}, true, true, ""},
		{[]string{"W/" + fresh}, true, false, ""},
		{[]string{old + "," + fresh}, true, true, ""},
		{[]string{old + " ,\t" + fresh + " "}, true, true, ""},
		{[]string{",," + fresh + ","}, true, true, ""},
		{[]string{old, fresh}, true, true, ""},
		{[]string{old, "W/" + fresh}, true, false, ""},
		{[]string{`"a,b", ` + fresh}, true, true, ""},
		{[]string{`"\xff"`}, false, false, ""},
		{[]string{""}, false, false, bad},
		{[]string{" , "}, false, false, bad},
		{[]string{strings.Trim(fresh, `"`)}, false, false, bad},
		{[]string{`"x`}, false, false, bad},
		{[]string{`x"`}, false, false, bad},
		{[]string{`"x" "y"`}, false, false, bad},
		{[]string{`"x"y`}, false, false, bad},
		{[]string{`w/"x"`}, false, false, bad},
		{[]string{`W/ "x"`}, false, false, bad},
		{[]string{`"a b"`}, false, false, bad},
		{[]string{fresh + ", *"}, false, false, bad},
		{[]string{"*", "*"}, false, false, bad},
		{[]string{"*, " + fresh}, false, false, bad},
	} {
		code := func(f *fault.Error) string {
			if f == nil {
				return ""
			}
			return f.Code
		}
		w, f := conditional(t, now, "{}", http.Header{"If-None-Match": tt.lines})
		if want := map[bool]int{true: http.StatusNotModified, false: http.StatusOK}[tt.same]; code(f) != tt.code || f == nil && w.Code != want {
			t.Errorf("If-None-Match %q: %d, %v, want %d, %q", tt.lines, w.Code, f, want, tt.code)
		}
		if tt.same && (w.Body.Len() > 0 || w.Header().Get("ETag") != fresh) {
			t.Errorf("If-None-Match %q: body %s, tag %s", tt.lines, w.Body, w.Header().Get("ETag"))
		}
		wantCode := tt.code
		if wantCode == "" && !tt.inState {
			wantCode = "precondition_failed"
		}
		if _, f := conditional(t, now, "{}", http.Header{"If-Match": tt.lines}); code(f) != wantCode {
			t.Errorf("GET with If-Match %q = %v, want %q", tt.lines, f, wantCode)
		}
		r := httptest.NewRequest(http.MethodPut, "/", nil)
		r.Header["If-Match"] = tt.lines
		check, err := wire.Precondition(r)
		if (err != nil) != (tt.code != "") || err == nil && (check(now) == nil) != tt.inState {
			t.Errorf("PUT with If-Match %q: %v", tt.lines, err)
		}
		r.Header = http.Header{"If-None-Match": tt.lines}
		inState := tt.inState || tt.same // of a list that says "not", a weak tag counts
		if check, err = wire.Precondition(r); err == nil && (check(now) == nil) == inState {
			t.Errorf("PUT with If-None-Match %q holds: %t", tt.lines, inState)
		}
	}
	if check, err := wire.Precondition(httptest.NewRequest(http.MethodPut, "/", nil)); check != nil || err != nil {
		t.Errorf("no header is a condition: %v", err)
	}
}
