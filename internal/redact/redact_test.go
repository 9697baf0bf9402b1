package redact_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
)

// text is what must not come out. It is long and odd enough to be found in any spelling.
const text = "Jáne \"Q\" sesame"

// leaks reports whether out shows text in any spelling that fmt or an encoder may choose.
func leaks(out string) bool {
	ascii := strconv.QuoteToASCII(text)
	for _, form := range []string{
		text, "sesame", strings.Trim(strconv.Quote(text), `"`), ascii[1 : len(ascii)-1],
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
		hex.EncodeToString([]byte("sesame")), strings.ToUpper(hex.EncodeToString([]byte("sesame"))),
		strings.Trim(fmt.Sprint([]byte("sesame")), "[]"),
		strings.Trim(fmt.Sprintf("%#v", []byte("sesame")), "[]byte{}"),
		strings.Trim(fmt.Sprintf("% x", "sesame"), " "),
	} {
		if strings.Contains(out, form) {
			return true
		}
	}
	return false
}

func TestLeaksFindsEverySpelling(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"%v", "%s", "%q", "%+q", "%#q", "%x", "%X", "% x", "%#v", "%d"} {
		for _, v := range []any{text, []byte(text), struct{ s string }{text}, map[string]int{text: 1}} {
			if out := fmt.Sprintf(format, v); !leaks(out) && !strings.Contains(out, "%!") {
				t.Errorf("leaks does not find %s of %T: %s", format, v, out)
			}
		}
	}
}

// every is every verb of fmt, and one that is none. %p and %w are for TestSecretHasNothingToShow.
var every = []string{
	"%v", "%+v", "%#v", "%s", "%+s", "%q", "%+q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%+d", "%b", "%o", "%O", "%c", "%U",
	"%e", "%E", "%f", "%F", "%g", "%G", "%t", "%T", "%10v", "%-40s", "%.3s", "%z", "%[1]v %[1]q",
}

type exported struct {
	Secret   redact.Secret
	Personal redact.Personal
	Name     string
}

// shapes are the places in which a value may sit when somebody prints it.
func shapes() map[string]any {
	s, p := redact.NewSecret(text), redact.Personal(text)
	e := exported{s, p, "a name"}
	return map[string]any{
		"secret": s, "secret pointer": &s, "secret pointer pointer": new(new(s)),
		"personal": p, "personal pointer": &p, "personal pointer pointer": new(new(p)),
		"struct": e, "struct pointer": &e,
		"nested":       struct{ Outer struct{ Inner exported } }{struct{ Inner exported }{e}},
		"pointers":     struct{ P **redact.Personal }{new(&p)},
		"slice":        []any{s, p, e, &s, &p},
		"array":        [2]redact.Personal{p, p},
		"secrets":      []redact.Secret{s},
		"personals":    []redact.Personal{p},
		"map":          map[string]any{"a": s, "b": p, "c": e, "d": &p},
		"map of map":   map[string]map[string]redact.Personal{"a": {"b": p}},
		"interface":    struct{ V any }{p},
		"empty secret": redact.Secret{},
	}
}

func TestNoVerbPrints(t *testing.T) {
	t.Parallel()
	values := shapes()
	e := values["struct"].(exported)
	for _, v := range []any{struct{ Inner *exported }{&e}, []*exported{&e}, map[string]*exported{"a": &e}} {
		// Other verbs do not fit a pointer, and fmt then prints what is there. See keep_test.go.
		if out := fmt.Sprintf("%v %+v %#v %x %d", v, v, v, v, v); leaks(out) {
			t.Errorf("%T leaks: %s", v, out)
		}
	}
	values["map key"] = map[redact.Personal]int{redact.Personal(text): 1}
	values["map key in a struct"] = struct{ M map[redact.Personal]bool }{map[redact.Personal]bool{redact.Personal(text): true}}
	for name, v := range values {
		for _, format := range every {
			if out := fmt.Sprintf(format, v); leaks(out) {
				t.Errorf("%s of %s leaks: %s", format, name, out)
			}
		}
		for _, format := range []string{"no verb", "%[5]d", "%*d", "%.*d", "%"} { // complaints print arguments
			if out := fmt.Sprintf(format, v); leaks(out) {
				t.Errorf("%s of %s leaks: %s", format, name, out)
			}
		}
		if out := fmt.Sprint(v) + fmt.Sprintln("x", v); leaks(out) {
			t.Errorf("%s leaks: %s", name, out)
		}
	}
}

// fmt calls no method of a value that it meets in an unexported field, nor when it complains about
// a verb. A Secret holds up even there.
func TestSecretHasNothingToShow(t *testing.T) {
	t.Parallel()
	type hidden struct{ s redact.Secret }
	type deeper struct {
		h hidden
		m map[string]redact.Secret
		l []redact.Secret
		i any
	}
	s := redact.NewSecret(text)
	d := deeper{hidden{s}, map[string]redact.Secret{"a": s}, []redact.Secret{s}, s}
	for _, v := range []any{s, &s, hidden{s}, &hidden{s}, d, &d, []hidden{{s}}, map[string]deeper{"a": d}} {
		for _, format := range append([]string{"%p", "%w"}, every...) {
			if out := fmt.Sprintf(format, v); leaks(out) {
				t.Errorf("%s of %T leaks: %s", format, v, out)
			}
			if out := fmt.Errorf(format, v).Error(); leaks(out) {
				t.Errorf("%s of %T leaks in an error: %s", format, v, out)
			}
		}
	}
}

func TestNoLogPrints(t *testing.T) {
	t.Parallel()
	for name, v := range shapes() {
		var out bytes.Buffer
		options := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, options), slog.NewJSONHandler(&out, options)} {
			log := slog.New(h).With("with", v).WithGroup("group").With("in group", v)
			log.Info("message", "value", v, slog.Group("g", "inner", v), slog.Any("any", v))
			log.Error("odd", v)
			log.Warn("error", "err", fault.Wrap(fmt.Errorf("context %v: %w", v, errors.New("cause")), fault.Internal, "c", "m"))
		}
		if leaks(out.String()) {
			t.Errorf("%s leaks in a log:\n%s", name, out.String())
		}
	}
}

func TestNoEncoderPrints(t *testing.T) {
	t.Parallel()
	for name, v := range shapes() {
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var escaped bytes.Buffer
		json.HTMLEscape(&escaped, b)
		if leaks(string(b)) || leaks(escaped.String()) {
			t.Errorf("%s leaks in JSON: %s", name, b)
		}
		if b, err := xml.Marshal(v); err == nil && leaks(string(b)) {
			t.Errorf("%s leaks in XML: %s", name, b)
		}
	}
}

func TestMasksSayThatSomethingIsThere(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(exported{redact.NewSecret(text), redact.Personal(text), "a name"})
	if want := `{"Secret":"***","Personal":"***","Name":"a name"}`; err != nil || string(b) != want {
		t.Errorf("JSON = %s, %v, want %s", b, err, want)
	}
	if got, want := fmt.Sprintf("%v %s", redact.NewSecret(text), redact.Personal(text)), "*** ***"; got != want {
		t.Errorf("fmt = %q, want %q", got, want)
	}
	if a, b := redact.NewSecret(text).String(), redact.Personal(text).String(); a != "***" || b != "***" {
		t.Errorf("String() = %q and %q, want the mask", a, b)
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	if got := redact.NewSecret(text).Reveal(); got != text {
		t.Errorf("Secret.Reveal() = %q", got)
	}
	if got := redact.Personal(text).Reveal(); got != text {
		t.Errorf("Personal.Reveal() = %q", got)
	}
	var zero redact.Secret
	if zero.Reveal() != "" || !zero.IsZero() || !redact.NewSecret("").IsZero() || redact.NewSecret(" ").IsZero() {
		t.Error("the zero secret is not the empty one, or another is")
	}
}

func TestSecretEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b redact.Secret
		want bool
	}{
		{redact.NewSecret(text), redact.NewSecret(text), true},
		{redact.NewSecret(text), redact.NewSecret(text + " "), false},
		{redact.NewSecret(text), redact.Secret{}, false},
		{redact.NewSecret(""), redact.Secret{}, true},
	}
	for i, tt := range tests {
		if tt.a.Equal(tt.b) != tt.want || tt.b.Equal(tt.a) != tt.want {
			t.Errorf("case %d: Equal is not %t both ways", i, tt.want)
		}
	}
	// == would compare addresses, so it must not compile; nor would it take the same time always.
	if reflect.TypeFor[redact.Secret]().Comparable() {
		t.Error("two secrets can be compared with ==")
	}
}

func TestSecretReadsText(t *testing.T) {
	t.Parallel()
	var config struct{ URL redact.Secret }
	if err := json.Unmarshal([]byte(`{"URL":"postgres://u:p@h/d"}`), &config); err != nil {
		t.Fatal(err)
	}
	if got, want := config.URL.Reveal(), "postgres://u:p@h/d"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	// A copy taken before must not change with it: the two do not share what they point to.
	before := config.URL
	if err := config.URL.UnmarshalText([]byte("other")); err != nil || before.Reveal() == "other" {
		t.Errorf("UnmarshalText = %v, and a copy now reads %q", err, before.Reveal())
	}
}
