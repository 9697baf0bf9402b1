package body_test

import (
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

func formRequest(contentType, text string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// shown is an object as text: names and values in their order.
func shown(o body.Object) string {
	var b strings.Builder
	for name, v := range o.Members() {
		fmt.Fprintf(&b, "%s=%s %q;", name, v.Kind(), v.ScalarText())
	}
	return b.String()
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	multi      = "multipart/form-data; boundary=b"
)

// part is a part of a form with the boundary b; header may have more lines.
func part(name, header, value string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"" + header + "\r\n\r\n" + value + "\r\n"
}

func TestReadObject(t *testing.T) {
	t.Parallel()
	const end = "--b--\r\n"
	tests := []struct {
		name, contentType, text string
		want                    string // the members, or the code of the fault
	}{
		{"JSON", "application/json", `{"a":1,"b":"x"}`, `a=number "1";b=string "x";`},
		{"JSON without a label", "", `{"a":null}`, `a=null "null";`},
		{"JSON after a byte order mark", "", "\ufeff{}", ``},
		{"a form after a byte order mark", urlencoded, "\ufeffa=1", `a=string "1";`},
		{"a form with a charset", urlencoded + "; charset=utf8; x=y", "a=1", `a=string "1";`},
		{"JSON with a charset", "application/json; charset=utf-8", `{}`, ``},
		{"JSON by another name", "text/json", `{}`, "unsupported_media_type"},
		{"nothing", "text/plain", "", "empty_body"},
		{"text", "text/plain", "a=1", "unsupported_media_type"},
		{"an image", "image/png", "a", "unsupported_media_type"},

		{"a form", urlencoded, "a=1&b=x+y%20z&c=&d", `a=string "1";b=string "x y z";c=string "";d=string "";`},
		{"a form with a charset", urlencoded + "; charset=UTF-8", "a=%C3%A9", `a=string "é";`},
		{"a form in capitals", "Application/X-WWW-Form-Urlencoded", "a=1", `a=string "1";`},
		{"a form of lines", urlencoded, "a=1%0D%0A2&b=%09", `a=string "1\r\n2";b=string "\t";`},
		{"a form with empty pairs", urlencoded, "&&a=1&", `a=string "1";`},
		{"a form with more in a value", urlencoded, "a=1=2%26;3", `a=string "1=2&;3";`},
		{"an empty form", urlencoded, " \r\n", "empty_body"},
		{"a form in another charset", urlencoded + "; charset=latin1", "a=1", "unsupported_media_type"},
		{"a form with a boundary", urlencoded + "; boundary=b", "a=1", "unsupported_media_type"},
		{"a form with a name twice", urlencoded, "a=1&%61=2", "duplicate_member"},
		{"a form with half an escape", urlencoded, "a=%4", "bad_form"},
		{"a form with a broken name", urlencoded, "%zz=1", "bad_form"},
		{"a form that is not UTF-8", urlencoded, "a=%ff", "invalid_utf8"},
		{"a form whose name is not UTF-8", urlencoded, "%ff=1", "invalid_utf8"},
		{"a form with NUL", urlencoded, "a=%00", "nul"},
		{"a form with NUL in a name", urlencoded, "a%00=1", "nul"},
		{"a form with too much", urlencoded, manyPairs(body.MaxMembers + 1), "too_many_members"},
		{"JSON labelled as a form", urlencoded, ` {"a":1}`, "mislabelled_body"},
		{"a JSON array labelled as a form", urlencoded, `[1]`, "mislabelled_body"},
		{"a form labelled as JSON", "application/json", "a=1&b=2", "syntax"},

		{"parts", multi, part("a", "", "1") + part("b", "\r\nContent-Type: text/plain; charset=utf-8", "x\r\ny") + end,
			`a=string "1";b=string "x\r\ny";`},
		{"parts with a quoted boundary", `multipart/form-data; boundary="b"`, part("a", "", "") + end, `a=string "";`},
		{"parts without the last line break", multi, part("a", "", "1") + "--b--", `a=string "1";`},
		{"a part that says it is not coded", multi, part("a", "\r\nContent-Transfer-Encoding: 8bit", "1") + end, `a=string "1";`},
		{"parts without a boundary", "multipart/form-data", part("a", "", "1") + end, "unsupported_media_type"},
		{"parts that are not a form", "multipart/mixed; boundary=b", part("a", "", "1") + end, "unsupported_media_type"},
		{"a file", multi, part("a", `; filename="x.png"`, "1") + end, "file_in_form"},
		{"a file without a name", multi, part("a", `; filename=""`, "") + end, "file_in_form"},
		{"a file with a coded name", multi, part("a", `; filename*=utf-8''x.png`, "") + end, "file_in_form"},
		{"an image in a part", multi, part("a", "\r\nContent-Type: image/png", "1") + end, "bad_form"},
		{"a coded part", multi, part("a", "\r\nContent-Transfer-Encoding: quoted-printable", "=31") + end, "bad_form"},
		{"a part with two names", multi, part("a", "\r\nContent-Disposition: form-data; name=\"c\"", "1") + end, "bad_form"},
		{"a part without a name", multi, "--b\r\nContent-Type: text/plain\r\n\r\n1\r\n" + end, "bad_form"},
		{"an attachment", multi, "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n" + end, "bad_form"},
		{"parts that end early", multi, part("a", "", "1"), "bad_form"},
		{"text before the parts", multi, "x\r\n" + part("a", "", "1") + end, "bad_form"},
		{"text after the parts", multi, part("a", "", "1") + end + "x", "bad_form"},
		{"parts after the last", multi, part("a", "", "1") + end + part("b", "", "1") + end, "bad_form"},
		{"no parts", multi, end, "bad_form"},
		{"parts of another boundary", multi, strings.ReplaceAll(part("a", "", "1")+end, "--b", "--c"), "bad_form"},
		{"a name twice", multi, part("a", "", "1") + part("a", "", "2") + end, "duplicate_member"},
		{"a part that is not UTF-8", multi, part("a", "", "\xff") + end, "invalid_utf8"},
		{"a part with NUL", multi, part("a", "", "\x00") + end, "nul"},
		{"JSON labelled as parts", multi, `{"a":1}`, "mislabelled_body"},
		{"blank parts", multi, "\r\n", "empty_body"},
		{"a form labelled as parts", multi, "a=1", "bad_form"},
		{"parts labelled as a form", urlencoded, part("a", "", "100%") + end, "bad_form"},
	}
	for _, tt := range tests {
		o, err := body.ReadObject(formRequest(tt.contentType, tt.text), 0)
		got := shown(o)
		if err != nil {
			got += code(t, err)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func manyPairs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d=&", i)
	}
	return b.String()
}

// The limits and the rest of Read hold for forms too.
func TestReadObjectLikeRead(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", urlencoded, multi} {
		for want, change := range map[string]func(*http.Request){
			"body_too_large":               func(*http.Request) {},
			"unsupported_content_encoding": set("Content-Encoding", "gzip"),
			"ambiguous_length":             func(r *http.Request) { r.Header["Content-Length"] = []string{"3", "4"} },
		} {
			r := formRequest(kind, "a=1")
			change(r)
			max := int64(0)
			if want == "body_too_large" {
				max = 2
			}
			if _, err := body.ReadObject(r, max); code(t, err) != want {
				t.Errorf("%q: %v, want %s", kind, err, want)
			}
		}
	}
	r := formRequest(urlencoded, "a=1")
	r.Header.Add("Content-Type", "application/json")
	if _, err := body.ReadObject(r, 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("two labels: %v, want unsupported", err)
	}
}

// TestForms writes the same fields in the three ways, with other programs, and reads
// the same from each.
func TestForms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(s, "\x00", "") })
		want := rapid.MapOfN(rapid.StringMatching(`[a-z_\[\]]{1,12}`), text, 1, 8).Draw(rt, "fields")
		values, parts := url.Values{}, strings.Builder{}
		w := multipart.NewWriter(&parts)
		for name, value := range want {
			values.Set(name, value)
			if err := w.WriteField(name, value); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		plain, err := json.Marshal(want)
		if err != nil {
			rt.Fatal(err)
		}
		for kind, text := range map[string]string{
			"application/json": string(plain), urlencoded: values.Encode(), w.FormDataContentType(): parts.String(),
		} {
			o, err := body.ReadObject(formRequest(kind, text), 1<<20)
			if err != nil || o.Len() != len(want) {
				rt.Fatalf("%s: %d members, %v; want %d", kind, o.Len(), err, len(want))
			}
			for name, value := range want {
				v, _ := o.Get(name)
				if got, ok := v.Str(); !ok || got != value {
					rt.Errorf("%s: %s = %q, want %q", kind, name, got, value)
				}
			}
		}
	})
}

func FuzzReadObject(f *testing.F) {
	f.Add(urlencoded, "a=1&b=%20+&&c")
	f.Add(multi, part("a", "", "1")+"--b--")
	f.Add("application/json", `{"a":1}`)
	f.Fuzz(func(t *testing.T, contentType, text string) {
		r := formRequest("", text)
		r.Header["Content-Type"] = []string{contentType}
		o, err := body.ReadObject(r, 0)
		if err != nil && (o.Len() > 0 || fault.KindOf(err) == fault.Internal) {
			t.Errorf("%d members and %v", o.Len(), err)
		}
		seen := map[string]bool{}
		for name := range o.Members() {
			if seen[name] {
				t.Errorf("%q twice", name)
			}
			seen[name] = true
		}
	})
}
