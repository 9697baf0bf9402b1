package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/web/wire"
)

// library encodes with encoding/json, without what it does for HTML and, because
// JSON.stringify does not, without its escapes for U+2028, U+2029 and U+FFFD.
func library(t rapid.TB, v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	s := strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), `\\`, "\x00")
	s = strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029", `\ufffd`, "\ufffd").Replace(s)
	return strings.ReplaceAll(s, "\x00", `\\`)
}

// texts draws strings, some of which are not UTF-8 or hold what is escaped for HTML.
var texts = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOf(rapid.OneOf(
		rapid.String(), rapid.SampledFrom([]string{"<&>", "\u2028", "\u2029", "\"\\/", "\xff", "\xed\xa0\x80", "\x00\x1f\x7f", "\n\t"}),
	)).Draw(t, "parts"), "")
})

// TestMarshal compares with what encoding/json makes of the same values, byte for byte,
// and the Append functions with Marshal.
func TestMarshal(t *testing.T) {
	t.Parallel()
	type body struct {
		Plain  string       `json:"plain"`
		Text   wire.Text    `json:"text"`
		Number wire.Number  `json:"number"`
		Absent *wire.Number `json:"absent,omitzero"`
		List   []wire.Text  `json:"list"`
	}
	type expected struct {
		Plain  string    `json:"plain"`
		Text   *string   `json:"text"`
		Number *int64    `json:"number"`
		Absent *int64    `json:"absent,omitempty"`
		List   []*string `json:"list"`
	}
	rapid.Check(t, func(t *rapid.T) {
		text, other := texts.Draw(t, "text"), texts.Draw(t, "other")
		number := rapid.SampledFrom([]int64{0, 1, -1, 1 << 53, -1 << 63}).Draw(t, "number")
		in := body{text, wire.Text(text), wire.Number(number), nil, []wire.Text{wire.Text(other), ""}}
		want := expected{Plain: text, List: []*string{&other, nil}}
		if text != "" {
			want.Text = &text
		}
		if other == "" {
			want.List[0] = nil
		}
		if number != 0 {
			want.Number = &number
			in.Absent, want.Absent = new(wire.Number(number)), &number
		}
		got := string(wire.Marshal(in))
		if got != library(t, want) {
			t.Fatalf("Marshal = %s\nwant      %s", got, library(t, want))
		}
		for name, pair := range map[string][2][]byte{
			"AppendString": {wire.AppendString(nil, text), wire.Marshal(text)},
			"AppendText":   {wire.AppendText(nil, wire.Text(text)), wire.Marshal(wire.Text(text))},
			"AppendNumber": {wire.AppendNumber(nil, wire.Number(number)), wire.Marshal(wire.Number(number))},
			"AppendArray": {wire.AppendArray(nil, in.List, func(b []byte, t *wire.Text) []byte { return wire.AppendText(b, *t) }),
				wire.Marshal(in.List)},
		} {
			if !bytes.Equal(pair[0], pair[1]) {
				t.Fatalf("%s = %s, Marshal = %s", name, pair[0], pair[1])
			}
		}
	})
	if got := string(wire.AppendArray(nil, []int(nil), nil)) + string(wire.Marshal([]int(nil))); got != "[][]" {
		t.Errorf("empty lists are %s", got)
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02T15:04:05.000Z"
	at := time.Date(2026, 3, 1, 1, 2, 3, 4_999_999, time.FixedZone("far", 5*3600))
	if got := wire.Time(at, layout); got != "2026-02-28T20:02:03.004Z" {
		t.Errorf("Time = %s", got)
	}
	if got := wire.Time(time.Time{}, layout); got != "" {
		t.Errorf("Time of the zero time = %q, want none", got)
	}
}
