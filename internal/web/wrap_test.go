package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

func TestWrapHeaders(t *testing.T) {
	t.Parallel()
	letters := regexp.MustCompile(`^[A-Za-z]{20}$`)
	seen := map[string]bool{}
	for range 100 {
		w, _ := serve(t, func(http.ResponseWriter, *http.Request) error { return nil }, get("/"), web.Config{})
		request := w.Header().Get("X-Request-Id")
		if !letters.MatchString(request) || seen[request] {
			t.Fatalf("X-Request-Id %q: want 20 letters, new each time", request)
		}
		seen[request] = true
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("headers %v", w.Header())
		}
	}
}

// TestWrapLog plants personal data everywhere in a request that fails, and looks
// for it in the log.
func TestWrapLog(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("LOVELACE", "/customers/ada-lovelace?email=ada%40lovelace.example", strings.NewReader("lovelace"))
	for _, name := range []string{"X-Client-Key", "X-Client-Secret", "User-Agent", "X-Acting-User", "X-Access-Reason", "X-Access-Purpose", "X-Forwarded-For", "Lovelace"} {
		r.Header.Set(name, "lovelace")
	}
	r.RemoteAddr = "203.0.113.9:4711"
	w, log := serve(t, func(_ http.ResponseWriter, r *http.Request) error {
		e := web.EventOf(r.Context())
		e.Route, e.App, e.Credential = "/customers/{id}", "app_a", "cred_b"
		return fault.Wrap(errors.New("hidden"), fault.Conflict, "email_taken", "x")
	}, r, web.Config{})
	if strings.Contains(strings.ToLower(log), "lovelace") || strings.Contains(log, "203.0.113.9") || strings.Contains(log, "hidden") {
		t.Errorf("log line %q shows a part of the request", log)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	delete(line, "took_ms")
	want := map[string]any{
		"level": "INFO", "msg": "request", "request": w.Header().Get("X-Request-Id"), "dialect": "test",
		"method": "other", "route": "/customers/{id}", "status": 418.0, "app": "app_a", "credential": "cred_b",
		"fault": "email_taken",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log line (-want +got):\n%s", diff)
	}
}

func TestWrapSlashes(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v0/things/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.PathValue("id"), " ", r.URL.RawQuery)
	})
	h := web.Wrap("test", mux, web.Config{})
	for _, target := range []string{
		"/api/v0/things/a%2Fb?q=//", "//api/v0/things/a%2Fb?q=//", "///api//v0////things//a%2Fb?q=//",
		"http://any.example//api/v0/things/a%2Fb?q=//",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, get(target))
		if got := w.Body.String(); w.Code != http.StatusOK || got != "a/b q=//" {
			t.Errorf("%s: %d %q, want the thing", target, w.Code, got)
		}
	}
}

func TestWrapBodyLimit(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{10: "10", 11: "body_too_large"} {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, size)))
		w, _ := serve(t, func(w http.ResponseWriter, r *http.Request) error {
			data, err := web.ReadBody(r)
			if err == nil {
				web.JSON(w, http.StatusOK, fmt.Append(nil, len(data)))
			}
			return err
		}, r, web.Config{MaxBody: 10})
		if got := w.Body.String(); got != want {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}

func TestOriginAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, peer string
		forwarded  []string
		trusted    []netip.Prefix
		want       string
	}{
		{"no proxy", "203.0.113.9:1", nil, proxies, "203.0.113.9"},
		{"header from a stranger", "203.0.113.9:1", []string{"198.51.100.1"}, proxies, "203.0.113.9"},
		{"nothing is trusted", "10.0.0.1:1", []string{"198.51.100.1"}, nil, "10.0.0.1"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, proxies, "198.51.100.1"},
		{"two proxies, two lines", "10.0.0.1:1", []string{"198.51.100.1", "10.0.0.2"}, proxies, "198.51.100.1"},
		{"forged by the client", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1,10.0.0.2"}, proxies, "198.51.100.1"},
		{"all are proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, proxies, "10.0.0.3"},
		{"nonsense stops the walk", "10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, proxies, "10.0.0.2"},
		{"no header", "10.0.0.1:1", nil, proxies, "10.0.0.1"},
		{"ports and brackets", "[fd00::1]:1", []string{"[2001:db8::5]:443"}, proxies, "2001:db8::5"},
		{"brackets only", "[fd00::1]:1", []string{"[2001:db8::5]"}, proxies, "2001:db8::5"},
		{"mapped", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1:80"}, proxies, "198.51.100.1"},
		{"no address", "@", nil, proxies, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := get("/")
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			if got := originOf(t, r, web.Config{TrustedProxies: tt.trusted}).Address; got != tt.want {
				t.Errorf("Address = %q, want %q", got, tt.want)
			}
		})
	}
}

func originOf(t *testing.T, r *http.Request, cfg web.Config) tenant.Origin {
	t.Helper()
	o, err := tryOriginOf(t, r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func tryOriginOf(t *testing.T, r *http.Request, cfg web.Config) (o tenant.Origin, err error) {
	t.Helper()
	serve(t, func(_ http.ResponseWriter, r *http.Request) error {
		o, err = web.Origin(r)
		return nil
	}, r, cfg)
	return o, err
}

// A reason and a purpose are kept as they were sent, or refused.
func TestOriginExplained(t *testing.T) {
	t.Parallel()
	const reason, purpose = "X-Access-Reason", "X-Access-Purpose"
	for _, tt := range []struct {
		header, value string
		code          string // of the refusal
	}{
		{reason, "", ""},
		{reason, "Ticket 4711: the customer asked \"why\", dès que possible; 東京", ""},
		{reason, strings.Repeat("東", 500), ""},
		{reason, strings.Repeat("x", 501), "bad_access_reason"},
		{reason, "not \xff UTF-8", "bad_access_reason"},
		{reason, "a\tb", "bad_access_reason"},
		{reason, "a\u0085b", "bad_access_reason"},
		{reason, "gnp\u202e.exe", "bad_access_reason"},
		{purpose, "", ""},
		{purpose, "support", ""},
		{purpose, "Fraud_check-2.1", ""},
		{purpose, strings.Repeat("x", 100), ""},
		{purpose, strings.Repeat("x", 101), "bad_access_purpose"},
		{purpose, "two words", "bad_access_purpose"},
		{purpose, "a,b", "bad_access_purpose"},
		{purpose, "prüfung", "bad_access_purpose"},
		{purpose, "a\xff", "bad_access_purpose"},
	} {
		r := get("/")
		r.Header[tt.header] = []string{tt.value, tt.value}
		o, err := tryOriginOf(t, r, web.Config{})
		switch {
		case tt.code != "":
			if f := fault.Of(err); f.Kind != fault.Invalid || f.Code != tt.code {
				t.Errorf("%s %q: %v, want %s", tt.header, tt.value, err, tt.code)
			}
		case err != nil || o.Reason+o.Purpose != tt.value:
			t.Errorf("%s %q: kept %q and %q, %v", tt.header, tt.value, o.Reason, o.Purpose, err)
		}
	}
	for _, name := range []string{reason, purpose} {
		r := get("/")
		r.Header[name] = []string{"a", "b"}
		if _, err := tryOriginOf(t, r, web.Config{}); fault.Of(err).Code != "repeated_header" {
			t.Errorf("%s twice: %v, want repeated_header", name, err)
		}
	}
}

func TestOriginText(t *testing.T) {
	t.Parallel()
	r := get("/")
	r.Header["User-Agent"] = []string{strings.Repeat("é", 200)}
	r.Header["X-Acting-User"] = []string{"an\na\xff", "bob\u202e"}
	o := originOf(t, r, web.Config{})
	if want := strings.Repeat("é", 128); o.UserAgent != want {
		t.Errorf("UserAgent has %d bytes, want 256", len(o.UserAgent))
	}
	if want := "an?a?, bob?"; o.ActingUser != want {
		t.Errorf("ActingUser = %q, want %q", o.ActingUser, want)
	}
	r.Header["X-Acting-User"] = []string{strings.Repeat("x", 127) + "é"}
	if got := len(originOf(t, r, web.Config{}).ActingUser); got != 127 {
		t.Errorf("ActingUser has %d bytes, want 127: not half a character", got)
	}
	if o.Dialect != "test" || o.Request == "" {
		t.Errorf("origin %+v lacks dialect or request", o)
	}
}

func TestOneHeader(t *testing.T) {
	t.Parallel()
	r := get("/")
	r.Header["X-Client-Key"] = []string{"a"}
	r.Header["Authorization"] = []string{"a", "a", "a"}
	if v, ok, err := web.OneHeader(r, "x-client-key"); v != "a" || !ok || err != nil {
		t.Errorf("one: %q, %v, %v", v, ok, err)
	}
	if v, ok, err := web.OneHeader(r, "authorization"); v != "a" || !ok || err != nil {
		t.Errorf("the same thrice: %q, %v, %v", v, ok, err)
	}
	if v, ok, err := web.OneHeader(r, "idempotency-key"); v != "" || ok || err != nil {
		t.Errorf("none: %q, %v, %v", v, ok, err)
	}
	for _, two := range [][]string{{"a", "b"}, {"a", "A"}, {"a", ""}, {"", "a"}, {"a", "a "}, {"a", "a", "b"}} {
		r.Header["X-Client-Secret"] = two
		if _, _, err := web.OneHeader(r, "x-client-secret"); fault.KindOf(orNil(err)) != fault.Invalid {
			t.Errorf("%q: %v, want %v", two, err, fault.Invalid)
		}
	}
}

// orNil lets a test that got no error fail instead of panic.
func orNil(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

// The faults that operators alert on are there from the start.
func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	cfg := web.Config{Metrics: web.NewMetrics(reg)}
	for _, method := range []string{"GET", "MADEUP1", "MADEUP2"} {
		serve(t, func(_ http.ResponseWriter, r *http.Request) error {
			web.EventOf(r.Context()).Route = "/things/{id}"
			return fault.New(fault.Invalid, "bad", "x")
		}, httptest.NewRequest(method, "/things/5", nil), cfg)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			line := f.GetName()
			for _, l := range m.GetLabel() {
				line += " " + l.GetName() + "=" + l.GetValue()
			}
			got = append(got, fmt.Sprintf("%s: %v", line,
				m.GetCounter().GetValue()+m.GetGauge().GetValue()+float64(m.GetHistogram().GetSampleCount())))
		}
	}
	want := []string{
		"custodex_http_faults_total code=audit_unavailable dialect=test: 0",
		"custodex_http_faults_total code=bad dialect=test: 3",
		"custodex_http_faults_total code=commit_unknown dialect=test: 0",
		"custodex_http_faults_total code=database_unavailable dialect=test: 0",
		"custodex_http_faults_total code=disk_failed dialect=test: 0",
		"custodex_http_faults_total code=disk_full dialect=test: 0",
		"custodex_http_faults_total code=internal dialect=test: 0",
		"custodex_http_faults_total code=overloaded dialect=test: 0",
		"custodex_http_faults_total code=panic dialect=test: 0",
		"custodex_http_faults_total code=search_preparing dialect=test: 0",
		"custodex_http_faults_total code=search_saturated dialect=test: 0",
		"custodex_http_faults_total code=storage_failed dialect=test: 0",
		"custodex_http_faults_total code=timeout dialect=test: 0",
		"custodex_http_request_duration_seconds dialect=test route=/things/{id}: 3",
		"custodex_http_requests_in_flight dialect=test: 0",
		"custodex_http_requests_total code=418 dialect=test method=GET route=/things/{id}: 1",
		"custodex_http_requests_total code=418 dialect=test method=other route=/things/{id}: 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
