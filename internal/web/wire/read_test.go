package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

func TestMember(t *testing.T) {
	t.Parallel()
	o, err := body.Parse([]byte(`{"text":" a ","empty":"","null":null,"number":1.50,"list":["x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	other := customer.Text{Sent: true, Other: true}
	for name, want := range map[string][2]customer.Text{ // as a text, as a number
		"text":   {{Sent: true, Value: " a "}, {Sent: true, Value: " a "}},
		"empty":  {{Sent: true}, {Sent: true}},
		"null":   {{Sent: true, Null: true}, {Sent: true, Null: true}},
		"number": {other, {Sent: true, Value: "1.50"}},
		"list":   {other, other},
		"absent": {},
		"Text":   {},
	} {
		if got := [2]customer.Text{wire.Member(o, name), wire.NumberMember(o, name)}; got != want {
			t.Errorf("%s is %+v as text and %+v as number", name, got[0], got[1])
		}
	}
}

// TestFieldA13PhonesInForms: the space before a digit was "+" in a form, and nowhere else.
func TestFieldA13PhonesInForms(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"+15550100999": "+15550100999", "+44 20 7946": "+44 20 7946", "%2B1555": "+1555", "1555": "1555", "++1555": "  1555",
		"+": " ", "": "", "+(44)": " (44)", "+abc": " abc", "%201555": "+1555",
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("phone="+value))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		o, err := body.ReadObject(r, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if got := wire.PhoneMember(o, "phone").Value; got != want {
			t.Errorf("the form's phone %q = %q, want %q", value, got, want)
		}
		o, err = body.Parse([]byte(`{"phone":` + quoteJSON(" "+value) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := wire.PhoneMember(o, "phone").Value; got != " "+value {
			t.Errorf("in JSON the phone %q = %q", " "+value, got)
		}
	}
}

func TestParameter(t *testing.T) {
	t.Parallel()
	q, err := body.ParseQuery("one=a+b&none=&two=x&two=y")
	if err != nil {
		t.Fatal(err)
	}
	if got := wire.Parameter(q, "one"); got != (customer.Text{Sent: true, Value: "a b"}) {
		t.Errorf("one = %+v", got)
	}
	if got := wire.Parameter(q, "none"); got != (customer.Text{Sent: true}) {
		t.Errorf("none = %+v", got)
	}
	if got := wire.Parameter(q, "two"); !got.Sent || !got.Other {
		t.Errorf("two = %+v, want other", got)
	}
	if got := wire.Parameter(q, "absent"); got != (customer.Text{}) {
		t.Errorf("absent = %+v", got)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 255)
	for _, tt := range []struct {
		values    []string
		key, code string
	}{
		{nil, "", ""},
		{[]string{""}, "", ""},
		{[]string{"My key ~!"}, "My key ~!", ""},
		{[]string{long}, long, ""},
		{[]string{long + "k"}, "", "bad_idempotency_key"},
		{[]string{"a\tb"}, "", "bad_idempotency_key"},
		{[]string{"a\x7fb"}, "", "bad_idempotency_key"},
		{[]string{"é"}, "", "bad_idempotency_key"},
		{[]string{"\xff"}, "", "bad_idempotency_key"},
		{[]string{"a", "a"}, "a", ""},
		{[]string{"a", "b"}, "", "repeated_header"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Idempotency-Key"] = tt.values
		key, err := wire.IdempotencyKey(r, "idempotency-key")
		code := ""
		if f, ok := errors.AsType[*fault.Error](err); ok {
			code = f.Code
		}
		if key != tt.key || code != tt.code {
			t.Errorf("%q: %q, %v, want %q, %s", tt.values, key, err, tt.key, tt.code)
		}
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Bearer abc.def": "abc.def", "bearer  abc ": "abc", "Basic abc": "", "Bearer": "", "": "", "Bearerabc": "", "abc": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if got, err := wire.BearerToken(r); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", header, got, err, want)
		}
		r.Header.Add("Authorization", header)
		if got, err := wire.BearerToken(r); got != want || err != nil {
			t.Errorf("%q twice: %q, %v, want %q", header, got, err, want)
		}
		r.Header.Add("Authorization", "Bearer second")
		if got, err := wire.BearerToken(r); got != "" || err == nil {
			t.Errorf("%q and another: %q, %v, want an error", header, got, err)
		}
	}
}

func TestRetrySeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int64{
		0: 1, -time.Hour: 1, time.Nanosecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, time.Minute: 60, time.Hour: 60,
	} {
		if got := wire.RetrySeconds(d); got != want {
			t.Errorf("RetrySeconds(%v) = %d, want %d", d, got, want)
		}
	}
}

func TestWriteReply(t *testing.T) {
	t.Parallel()
	for _, replayed := range []bool{false, true} {
		w := httptest.NewRecorder()
		wire.WriteReply(w, http.StatusCreated, records.Reply{Body: []byte(`{"old":1}`), Replayed: replayed})
		if got := w.Header().Get("Idempotent-Replayed"); w.Code != http.StatusCreated || w.Body.String() != `{"old":1}` || (got == "true") != replayed {
			t.Errorf("replayed %v: %d %s, Idempotent-Replayed %q", replayed, w.Code, w.Body, got)
		}
	}
}
