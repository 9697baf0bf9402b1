package body_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

// nest is n objects around 1.
func nest(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }

// wide is an object of n members.
func wide(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":0`, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// refused has each family of input that Parse must not take, and its code.
var refused = []struct{ name, in, code string }{
	{"nothing", "", "empty_body"},
	{"blanks", " \r\n\t", "empty_body"},
	{"array", `[{"a":1}]`, "not_an_object"},
	{"string", `"a"`, "not_an_object"},
	{"number", `1`, "not_an_object"},
	{"null", `null`, "not_an_object"},
	{"duplicate", `{"a":1,"a":1}`, "duplicate_member"},
	{"duplicate with an escape", `{"email":1,"\u0065mail":2}`, "duplicate_member"},
	{"duplicate below", `{"x":[{"a":1,"b":2,"a":3}]}`, "duplicate_member"},
	{"duplicate empty name", `{"":1,"":2}`, "duplicate_member"},
	{"invalid UTF-8 in a value", "{\"a\":\"\xff\"}", "invalid_utf8"},
	{"invalid UTF-8 in a name", "{\"\xc3\":1}", "invalid_utf8"},
	{"overlong UTF-8", "{\"a\":\"\xc0\x80\"}", "invalid_utf8"},
	{"encoded surrogate", "{\"a\":\"\xed\xa0\x80\"}", "invalid_utf8"},
	{"Latin 1", "{\"a\":\"caf\xe9\"}", "invalid_utf8"},
	{"UTF-16", "{\x00\"\x00a\x00\"\x00", "nul"},
	{"two byte order marks", "\ufeff\ufeff{}", "syntax"},
	{"byte order mark inside", "{\ufeff}", "syntax"},
	{"byte order mark alone", "\ufeff", "empty_body"},
	{"NUL raw", "{\"a\":\"\x00\"}", "nul"},
	{"NUL after", "{}\x00", "nul"},
	{"NUL escaped", `{"a":"x\u0000y"}`, "nul"},
	{"NUL escaped in a name", `{"\u0000":1}`, "nul"},
	{"NUL escaped below", `{"a":[["\u0000"]]}`, "nul"},
	{"high surrogate alone", `{"a":"\ud800"}`, "unpaired_surrogate"},
	{"high surrogate and text", `{"a":"\uD83Dxxxxxxx"}`, "unpaired_surrogate"},
	{"low surrogate first", `{"a":"\ude00\ud83d"}`, "unpaired_surrogate"},
	{"surrogate in a name", `{"\udfff":1}`, "unpaired_surrogate"},
	{"trailing object", `{} {}`, "trailing_data"},
	{"trailing brace", `{"a":1}}`, "trailing_data"},
	{"trailing text", `{"a":1}x`, "trailing_data"},
	{"trailing comma", `{"a":1,}`, "syntax"},
	{"leading comma", `{,"a":1}`, "syntax"},
	{"cut in a value", `{"a":`, "syntax"},
	{"cut in a string", `{"a":"b`, "syntax"},
	{"cut in a name", `{"a`, "syntax"},
	{"bare name", `{a:1}`, "syntax"},
	{"number as a name", `{1:1}`, "syntax"},
	{"object as a name", `{{}:1}`, "syntax"},
	{"single quotes", `{'a':1}`, "syntax"},
	{"comment", `{"a":1/*x*/}`, "syntax"},
	{"NaN", `{"a":NaN}`, "syntax"},
	{"leading zero", `{"a":01}`, "syntax"},
	{"plus", `{"a":+1}`, "syntax"},
	{"dot", `{"a":1.}`, "syntax"},
	{"raw line end in a string", "{\"a\":\"b\nc\"}", "syntax"},
	{"bad escape", `{"a":"\x41"}`, "syntax"},
	{"wrong bracket", `{"a":[1}`, "syntax"},
	{"no value", `{"a"}`, "syntax"},
	{"text", `first_name=Ada`, "syntax"},
	{"one level too deep", nest(body.MaxDepth + 1), "too_deep"},
	{"far too deep", strings.Repeat(`{"a":`, 10_000), "too_deep"},
	{"too deep in arrays", `{"a":` + strings.Repeat("[", body.MaxDepth), "too_deep"},
	{"one member too many", wide(body.MaxMembers + 1), "too_many_members"},
	{"many elements", `{"a":[` + strings.Repeat("0,", body.MaxMembers) + `0]}`, "too_many_members"},
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := body.Parse([]byte(tt.in))
			if c := code(t, err); c != tt.code {
				t.Errorf("Parse = error %q, want %q", c, tt.code)
			}
			if err != nil && !errors.Is(err, fault.Invalid) {
				t.Errorf("kind of %v, want %v", err, fault.Invalid)
			}
			if got.Len() != 0 {
				t.Errorf("Parse = %d members beside its error", got.Len())
			}
		})
	}
}

// No error may repeat what was sent, wherever in the text the mistake is.
func TestParseErrorsHoldNoInput(t *testing.T) {
	t.Parallel()
	const canary = "canary@example.com"
	for _, tail := range []string{`"x":1,"` + canary + `":2}`, `"x":"\ud800"}`, `"x":tru}`, `"x":1}` + canary,
		`"x":"\u0000"}`, "\"x\":\"\xff\"}", `"x":` + nest(40) + `}`} {
		_, err := body.Parse([]byte(`{"` + canary + `":"` + canary + `",` + tail))
		if err == nil {
			t.Fatalf("Parse with tail %q succeeded", tail)
		}
		f := fault.Of(err)
		if s := fmt.Sprintf("%+v %+v", err, *f); strings.Contains(s, "canary") {
			t.Errorf("error %q repeats the input", s)
		}
	}
}

func TestParseKeepsOrderAndText(t *testing.T) {
	t.Parallel()
	const in = ` {"z":1.0,"a":-0,"big":12345678901234567890123,"e":1E+2,"s":"caf\u00e9 \ud83d\ude00 é\n",` +
		`"Email":"upper","email":null,"t":true,"f":false,"list":[1,"two",[],{}],"o":{"b":1,"a":{"":0}}} ` + "\n"
	got, err := body.Parse([]byte(in))
	if err != nil {
		t.Fatalf("Parse = %v", err)
	}
	var lines []string
	for name, v := range got.Members() {
		lines = append(lines, fmt.Sprintf("%s %s %q %d", name, v.Kind(), v.ScalarText(), v.Len()))
	}
	want := []string{
		`z number "1.0" 0`, `a number "-0" 0`, `big number "12345678901234567890123" 0`,
		`e number "1E+2" 0`, `s string "café 😀 é\n" 0`, `Email string "upper" 0`, `email null "null" 0`,
		`t boolean "true" 0`, `f boolean "false" 0`, `list array "" 4`, `o object "" 2`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for _, name := range []string{"EMAIL", "emaiL", "ſ", "absent", ""} {
		if _, ok := got.Get(name); ok {
			t.Errorf("Get(%q) found a member", name)
		}
	}
}

// encoding/json takes "ſtatus" for "status"; we do not.
func TestGetIsExact(t *testing.T) {
	t.Parallel()
	got, err := body.Parse([]byte(`{"ſtatus":"a","STATUS":"b","\u212a":"c"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status", "k", "K"} {
		if _, ok := got.Get(name); ok {
			t.Errorf("Get(%q) found another name", name)
		}
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	o, err := body.Parse([]byte(`{"n":null,"t":true,"f":false,"i":7,"s":"x","a":[1,2,3],"o":{"k":"v"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range o.Members() {
		s, isString := v.Str()
		n, isNumber := v.Number()
		b, isBool := v.Bool()
		sub, isObject := v.Object()
		var elements int
		for range v.Elements() {
			elements++
		}
		got := fmt.Sprintf("%t %s %t %s %t %t %t %d %t %d",
			v.IsNull(), s, isString, n, isNumber, b, isBool, sub.Len(), isObject, elements)
		want := map[string]string{
			"n": "true  false  false false false 0 false 0",
			"t": "false  false  false true true 0 false 0",
			"f": "false  false  false false true 0 false 0",
			"i": "false  false 7 true false false 0 false 0",
			"s": "false x true  false false false 0 false 0",
			"a": "false  false  false false false 0 false 3",
			"o": "false  false  false false false 1 true 0",
		}[name]
		if got != want {
			t.Errorf("accessors of %q = %q, want %q", name, got, want)
		}
	}
	a, _ := o.Get("a")
	for v := range a.Elements() { // stopping early is allowed
		if v.ScalarText() != "1" {
			t.Errorf("first element = %q, want 1", v.ScalarText())
		}
		break
	}
	if v, ok := o.Get("n"); !ok || !v.IsNull() {
		t.Errorf("Get(null member) = %v, %t", v.Kind(), ok)
	}
	if v, ok := o.Get("absent"); ok || !v.IsNull() {
		t.Errorf("Get(absent) = %v, %t", v.Kind(), ok)
	}
}

// Values never print what they hold, also inside another struct's exported field.
func TestValuesPrintNothing(t *testing.T) {
	t.Parallel()
	o, err := body.Parse([]byte(`{"canary":"canary","list":["canary"]}`))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := o.Get("list")
	str, _ := o.Get("canary")
	q, err := body.ParseQuery("email=canary")
	if err != nil {
		t.Fatal(err)
	}
	both := struct {
		O body.Object
		V body.Value
		Q body.Query
	}{o, v, q}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{o, v, str, q, &o, both} {
			s := fmt.Sprintf(verb, x)
			if strings.Contains(s, "canary") || strings.Contains(s, "63616e617279") {
				t.Errorf("Sprintf(%q, %T) = %q, shows the contents", verb, x, s)
			}
		}
	}
	data, err := json.Marshal(both)
	if err != nil || bytes.Contains(data, []byte("canary")) {
		t.Errorf("Marshal = %s, %v, shows the contents", data, err)
	}
}

func TestParseAtTheLimits(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"mark":    "\ufeff{}",
		"depth":   nest(body.MaxDepth),
		"members": wide(body.MaxMembers),
		"string":  `{"a":"` + strings.Repeat("x", body.DefaultMax) + `"}`,
	} {
		if _, err := body.Parse([]byte(in)); err != nil {
			t.Errorf("Parse(%s) = %v", name, err)
		}
	}
}

// A failed body must leave nothing behind for the next one from the pool.
func TestParseAfterFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range refused {
		if _, err := body.Parse([]byte(tt.in)); err == nil {
			t.Fatalf("Parse(%s) succeeded", tt.name)
		}
		got, err := body.Parse([]byte(`{"a":[1,2],"b":"\u0041"}`))
		if err != nil || got.Len() != 2 {
			t.Fatalf("Parse after %s = %d members, %v", tt.name, got.Len(), err)
		}
	}
}

// The caller's bytes are neither changed nor kept.
func TestParseLeavesDataAlone(t *testing.T) {
	t.Parallel()
	data := []byte(`{"name":"Ada","esc":"\u0041","list":[1,2]}`)
	before := bytes.Clone(data)
	o, err := body.Parse(data)
	if err != nil || !bytes.Equal(data, before) {
		t.Fatalf("Parse changed its input or failed: %v", err)
	}
	clear(data)
	if v, _ := o.Get("name"); v.ScalarText() != "Ada" {
		t.Errorf("value after the input was reused = %q, want Ada", v.ScalarText())
	}
}

// TestParseProperty builds documents and reads them back, order included.
func TestParseProperty(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[^\x00]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(text, 0, 20, rapid.ID[string]).Draw(t, "names")
		values := rapid.SliceOfN(text, len(names), len(names)).Draw(t, "values")
		var b bytes.Buffer
		for i, name := range names {
			k, _ := json.Marshal(name)
			v, _ := json.Marshal(values[i])
			fmt.Fprintf(&b, ",%s:%s", k, v)
		}
		in := "{" + strings.TrimPrefix(b.String(), ",") + "}"
		got, err := body.Parse([]byte(in))
		if err != nil {
			t.Fatalf("Parse(%s) = %v", in, err)
		}
		i := 0
		for name, v := range got.Members() {
			if name != names[i] || v.ScalarText() != values[i] {
				t.Fatalf("member %d = %q:%q, want %q:%q", i, name, v.ScalarText(), names[i], values[i])
			}
			i++
		}
		if i != len(names) {
			t.Fatalf("%d members, want %d", i, len(names))
		}
	})
}

// plain is the value as encoding/json would give it with UseNumber.
func plain(v body.Value) any {
	switch v.Kind() {
	case body.KindBool:
		b, _ := v.Bool()
		return b
	case body.KindNumber:
		return json.Number(v.ScalarText())
	case body.KindString:
		return v.ScalarText()
	case body.KindArray:
		list := []any{}
		for e := range v.Elements() {
			list = append(list, plain(e))
		}
		return list
	case body.KindObject:
		o, _ := v.Object()
		return plainObject(o)
	}
	return nil
}

func plainObject(o body.Object) map[string]any {
	m := map[string]any{}
	for name, v := range o.Members() {
		m[name] = plain(v)
	}
	return m
}

// FuzzParse: whatever we accept, encoding/json accepts with equal values, and
// nobody could have read a duplicate or a NUL into it.
func FuzzParse(f *testing.F) {
	for _, tt := range refused {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(`{"a":[1,"two",{"b":null,"c":[true,false,-1.5e-3]}],"s":"\ud83d\ude00\\\/\b"}`))
	f.Add([]byte(nest(5)))
	f.Add([]byte("\ufeff{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := body.Parse(data)
		if err != nil {
			if fault.Of(err).Kind != fault.Invalid {
				t.Fatalf("Parse = %v, want an Invalid fault", err)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
		dec.UseNumber()
		var want map[string]any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses what we accept: %v", err)
		}
		if diff := cmp.Diff(want, plainObject(got)); diff != "" {
			t.Fatalf("values (-encoding/json +ours):\n%s", diff)
		}
		if hasNUL(want) {
			t.Fatal("a NUL got through")
		}
	})
}

// hasNUL looks for NUL in what encoding/json understood.
func hasNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "\x00")
	case []any:
		return slices.ContainsFunc(v, hasNUL)
	case map[string]any:
		for name, e := range v {
			if hasNUL(name) || hasNUL(e) {
				return true
			}
		}
	}
	return false
}

var create = []byte(`{"first_name":"Ada","last_name":"Lovelace","email":"ada.lovelace@example.com",` +
	`"phone_number":"+1-555-123-4567","customer_type":"Startup","status":"ACTIVE"}`)

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(create)))
	for b.Loop() {
		if _, err := body.Parse(create); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSONMap(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(create)))
	for b.Loop() {
		var m map[string]any
		if err := json.Unmarshal(create, &m); err != nil {
			b.Fatal(err)
		}
	}
}
