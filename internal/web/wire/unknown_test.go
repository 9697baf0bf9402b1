package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// TestFieldE2UnknownNames: what is not known is named or refused, what is known passes,
// and a name that is not made of words of names is never repeated.
func TestFieldE2UnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"statu", "phone_number", "x-y", "a.b", "smith",
		"", " ", "ada@example.com", "<b>", "é", "\u202e", "a b", "a,b", "a=b", "\"", "a\u0000b", "a\r\nb",
	} {
		plain := name == "statu" || name == "phone_number"
		want := map[bool]string{true: name, false: "*"}[plain]
		for _, strict := range []bool{false, true} {
			for _, known := range []bool{false, true} {
				names := []string{"known"}
				if known {
					names = append(names, name)
				}
				text := "{" + strconv.Quote("known") + ":1," + quoteJSON(name) + ":1}"
				o, err := body.Parse([]byte(text))
				if err != nil {
					continue // no body has such a name
				}
				r, w := httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder()
				if strict {
					r.Header.Set("Prefer", "handling=strict")
				}
				err = wire.KnownMembers(w, r, o, "", names...)
				got := strings.Join(w.Header().Values("Custodex-Ignored"), "")
				if err != nil {
					_, got, _ = strings.Cut(fault.Of(err).Message, ": ")
				}
				switch {
				case known && (err != nil || got != ""):
					t.Errorf("known %q, strict %t: %v, %q", name, strict, err, got)
				case !known && ((err != nil) != strict || got != want):
					t.Errorf("unknown %q, strict %t: %v names %q, want %q", name, strict, err, got, want)
				}
			}
		}
	}
}

func quoteJSON(s string) string { return string(wire.Marshal(s)) }

// A request may have very many names; the answer does not.
func TestUnknownNamesAreBounded(t *testing.T) {
	t.Parallel()
	query := ""
	for i := range 60 {
		query += "&" + strings.Repeat("a", i%2) + "name" + strings.Repeat("_name", i/10) + strconv.Itoa(i%10) + "=1"
	}
	r, w := httptest.NewRequest(http.MethodGet, "/?"+query[1:], nil), httptest.NewRecorder()
	if err := wire.KnownParameters(w, r, "take"); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Custodex-Ignored"); strings.Count(got, ",") != 16 || !strings.HasSuffix(got, ", *") {
		t.Errorf("Custodex-Ignored: %s", got)
	}
}
