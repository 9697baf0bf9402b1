package body_test

import (
	"fmt"
	"math"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

func pairs(q body.Query) []string {
	out := []string{}
	for name, value := range q.Pairs() {
		out = append(out, name+"|"+value)
	}
	return out
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw  string
		want []string
		code string
	}{
		{raw: "", want: []string{}},
		{raw: "skip=0&take=10", want: []string{"skip|0", "take|10"}},
		{raw: "b=1&a=2&b=3", want: []string{"b|1", "a|2", "b|3"}},
		{raw: "name=Ada+Lovelace&email=%40gmail.com", want: []string{"name|Ada Lovelace", "email|@gmail.com"}},
		{raw: "name=a%2Bb%20c", want: []string{"name|a+b c"}},
		{raw: "name=%C3%a9", want: []string{"name|é"}},
		{raw: "name=é", want: []string{"name|é"}},
		{raw: "a=1;b=2", want: []string{"a|1;b=2"}},
		{raw: "a", want: []string{"a|"}},
		{raw: "a=", want: []string{"a|"}},
		{raw: "=a", want: []string{"|a"}},
		{raw: "a=b=c", want: []string{"a|b=c"}},
		{raw: "&&a=1&", want: []string{"a|1"}},
		{raw: "na%6de=x", want: []string{"name|x"}},
		{raw: "a=%25_%5f", want: []string{"a|%__"}},
		{raw: "a=?/:@!$'()*,", want: []string{"a|?/:@!$'()*,"}},
		{raw: "a=%", code: "query_escape"},
		{raw: "a=%4", code: "query_escape"},
		{raw: "a=%4g", code: "query_escape"},
		{raw: "a=%g4", code: "query_escape"},
		{raw: "a=%u0041", code: "query_escape"},
		{raw: "%zz=a", code: "query_escape"},
		{raw: "a=%ff", code: "query_invalid_utf8"},
		{raw: "a=%c0%80", code: "query_invalid_utf8"},
		{raw: "a=%ed%a0%80", code: "query_invalid_utf8"},
		{raw: "a=\xff", code: "query_invalid_utf8"},
		{raw: "%e9=a", code: "query_invalid_utf8"},
		{raw: "a=%00", code: "query_control_character"},
		{raw: "a%00=1", code: "query_control_character"},
		{raw: "a=%0d%0aX:1", code: "query_control_character"},
		{raw: "a=%09", code: "query_control_character"},
		{raw: "a=%7f", code: "query_control_character"},
		{raw: "a=%c2%85", code: "query_control_character"},
		{raw: "a=\x01", code: "query_control_character"},
		{raw: strings.Repeat("a&", 64) + "b", code: "too_many_parameters"},
		{raw: "a=" + strings.Repeat("x", body.MaxQuery-1), code: "query_too_long"},
	}
	for _, tt := range tests {
		q, err := body.ParseQuery(tt.raw)
		if c := code(t, err); c != tt.code {
			t.Errorf("ParseQuery(%.40q) = error %q, want %q", tt.raw, c, tt.code)
			continue
		}
		if err == nil {
			if diff := cmp.Diff(tt.want, pairs(q)); diff != "" {
				t.Errorf("ParseQuery(%q) (-want +got):\n%s", tt.raw, diff)
			}
		}
	}
	for _, raw := range []string{strings.Repeat("a&", 64), "a=" + strings.Repeat("x", body.MaxQuery-2)} {
		if _, err := body.ParseQuery(raw); err != nil {
			t.Errorf("ParseQuery at the limit = %v", err)
		}
	}
}

func TestQueryOne(t *testing.T) {
	t.Parallel()
	q, err := body.ParseQuery("a=1&b=2&c=&b=2")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, value string
		present     bool
		code        string
	}{
		{"a", "1", true, ""}, {"c", "", true, ""}, {"A", "", false, ""}, {"d", "", false, ""},
		{"b", "", true, "repeated_parameter"},
	}
	for _, tt := range tests {
		v, present, err := q.One(tt.name)
		if v != tt.value || present != tt.present || code(t, err) != tt.code {
			t.Errorf("One(%q) = %q, %t, %v, want %q, %t, %q", tt.name, v, present, err, tt.value, tt.present, tt.code)
		}
	}
	if q.Len() != 4 {
		t.Errorf("Len = %d, want 4", q.Len())
	}
}

// What any encoder escapes, we read back.
func TestParseQueryProperty(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[^\p{Cc}]{0,10}`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(text, 1, 20).Draw(t, "names")
		var raw, want []string
		for _, name := range names {
			value := text.Draw(t, "value")
			raw = append(raw, url.QueryEscape(name)+"="+url.QueryEscape(value))
			want = append(want, name+"|"+value)
		}
		q, err := body.ParseQuery(strings.Join(raw, "&"))
		if err != nil {
			t.Fatalf("ParseQuery(%q) = %v", raw, err)
		}
		if diff := cmp.Diff(want, pairs(q)); diff != "" {
			t.Fatalf("pairs (-want +got):\n%s", diff)
		}
	})
}

// FuzzParseQuery: whatever we accept, net/url reads the same way, except for
// ";", which it refuses.
func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"a=1&b=%20+", "a=%zz", "a;b=c", "%00", "&=&", "é=%C3%A9", "a=%ff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := body.ParseQuery(raw)
		if err != nil {
			if fault.Of(err).Kind != fault.Invalid {
				t.Fatalf("ParseQuery = %v, want an Invalid fault", err)
			}
			return
		}
		want, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
		if err != nil {
			t.Fatalf("net/url refuses what we accept: %v", err)
		}
		got := url.Values{}
		for name, value := range q.Pairs() {
			got.Add(name, value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("values (-net/url +ours):\n%s", diff)
		}
	})
}

func TestInteger(t *testing.T) {
	t.Parallel()
	good := map[string]int64{
		"0": 0, "10": 10, "10.0": 10, "10.000": 10, "-1": -1, "+7": 7, "-0": 0, "010": 10, "-1.0": -1,
		"9223372036854775807":                math.MaxInt64,
		"9223372036854775808":                math.MaxInt64,
		"-9223372036854775807":               math.MinInt64 + 1,
		"-9223372036854775808":               math.MinInt64,
		"-9223372036854775809":               math.MinInt64,
		"99999999999999999999":               math.MaxInt64,
		"-99999999999999999999":              math.MinInt64,
		strings.Repeat("9", 4000) + ".0":     math.MaxInt64,
		"0000000000000000000000000000000012": 12,
	}
	for text, want := range good {
		if got, ok := body.Integer(text); got != want || !ok {
			t.Errorf("Integer(%.40q) = %d, %t, want %d, true", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "+", ".", ".0", "10.", "10.5", "20.05", "1e2", "1E2", "0x10", " 1", "1 ",
		"1_000", "1,0", "abc", "NaN", "Infinity", "--1", "+-1", "1.0.0", "1.-0", "١", "99999999999999999999x"} {
		if got, ok := body.Integer(text); ok || got != 0 {
			t.Errorf("Integer(%q) = %d, %t, want 0, false", text, got, ok)
		}
	}
}

// Every integer reads as itself, and as the nearest int64 when it is none.
func TestIntegerProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[+-]?[0-9]{1,21}(\.0{1,3})?`).Draw(t, "text")
		digits, _, _ := strings.Cut(text, ".")
		n, _ := new(big.Int).SetString(digits, 10)
		want := int64(math.MaxInt64)
		if n.IsInt64() {
			want = n.Int64()
		} else if n.Sign() < 0 {
			want = math.MinInt64
		}
		if got, ok := body.Integer(text); !ok || got != want {
			t.Fatalf("Integer(%q) = %d, %t, want %d", text, got, ok, want)
		}
	})
}

func ExampleInteger() {
	for _, text := range []string{"10", "10.0", "10.5", strconv.Itoa(9) + strings.Repeat("9", 30)} {
		fmt.Println(body.Integer(text))
	}
	// Output:
	// 10 true
	// 10 true
	// 0 false
	// 9223372036854775807 true
}

// Get tells what One tells.
func TestQueryGet(t *testing.T) {
	t.Parallel()
	q, err := body.ParseQuery("one=a&empty=&two=x&two=x")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "empty", "two", "absent"} {
		text, sent, err := q.One(name)
		v, vSent, vErr := q.Get(name)
		got, isText := v.Str()
		if vSent != sent || vErr != err || got != text || isText != sent {
			t.Errorf("Get(%q) = %q, %v, %v; One has %q, %v, %v", name, got, vSent, vErr, text, sent, err)
		}
	}
}
