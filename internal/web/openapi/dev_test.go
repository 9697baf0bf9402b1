package openapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/web/openapi"
)

var given = openapi.Credentials{
	ClientKey: "ck_1", ClientSecret: redact.NewSecret("cs_</script>"), YativoAccount: "ya_1",
	YativoSecret: redact.NewSecret("ys_1"), XtrakitKey: redact.NewSecret("xk_1.xs_1"),
}

// TestFieldA14FilledPage: under custodex dev the page has the credentials of each API and
// sends requests; elsewhere it has none and sends none.
func TestFieldA14FilledPage(t *testing.T) {
	t.Parallel()
	w := get(openapi.Filled(given), "GET", "/docs/start.js")
	script := w.Body.String()
	for _, want := range []string{`"ck_1"`, `"ya_1"`, `"ys_1"`, `"xk_1.xs_1"`, `"cs_`, "/openapi/xtrakit.json"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script has no %s", want)
		}
	}
	for _, never := range []string{"</script>", "hideTestRequestButton", "https:", "http:"} {
		if strings.Contains(script, never) {
			t.Errorf("the script has %s", never)
		}
	}
	if got := w.Header().Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
		t.Errorf("other sites may load the script: %q", got)
	}
	plain := get(handlers["public"], "GET", "/docs/start.js").Body.String()
	if !strings.Contains(plain, "hideTestRequestButton: true") || strings.Contains(plain, "authentication") {
		t.Errorf("elsewhere the page can send requests:\n%s", plain)
	}
}

// Only a page of this server that somebody on this machine reads is filled.
func TestMayBeFilled(t *testing.T) {
	t.Parallel()
	const local, far = "127.0.0.1:5000", "203.0.113.7:5000"
	for _, tt := range []struct {
		method, path, host, remote string
		header                     []string
		want                       bool
	}{
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, nil, true},
		{"HEAD", "/docs/start.js", "localhost:8080", local, []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"GET", "/docs/start.js", "[::1]:8080", "[::1]:5000", nil, true},
		{"GET", "/docs/start.js", "127.0.0.1", "[::ffff:127.0.0.1]:5000", nil, true},

		{"POST", "/docs/start.js", "127.0.0.1:8080", local, nil, false},
		{"GET", "/docs", "127.0.0.1:8080", local, nil, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", far, nil, false},
		{"GET", "/docs/start.js", "203.0.113.7:8080", local, nil, false},
		{"GET", "/docs/start.js", "rebound.example", local, nil, false},
		{"GET", "/docs/start.js", "localhost.example", local, nil, false},
		{"GET", "/docs/start.js", "", local, nil, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, []string{"Sec-Fetch-Site", "same-site"}, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, []string{"Sec-Fetch-Site", "none"}, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, []string{"X-Forwarded-For", "203.0.113.7"}, false},
		{"GET", "/docs/start.js", "127.0.0.1:8080", local, []string{"Via", "1.1 proxy"}, false},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Host, r.RemoteAddr = tt.host, tt.remote
		for i := 0; i < len(tt.header); i += 2 {
			r.Header.Set(tt.header[i], tt.header[i+1])
		}
		if got := openapi.MayBeFilled(r); got != tt.want {
			t.Errorf("%s %s of %s from %s with %v: %t", tt.method, tt.path, tt.host, tt.remote, tt.header, got)
		}
	}
}
