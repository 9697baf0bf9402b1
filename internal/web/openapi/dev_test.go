package openapi_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/web/openapi"
)

// TestFieldA14FilledPage: under custodex dev the page sends requests, with the credentials of each API that
// stand in the link behind the #; elsewhere it sends none.
func TestFieldA14FilledPage(t *testing.T) {
	t.Parallel()
	w := get(openapi.TryScript(), "GET", "/docs/start.js")
	script := w.Body.String()
	for _, want := range []string{"location.hash", "history.replaceState", "/openapi/xtrakit.json"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script has no %s", want)
		}
	}
	for _, never := range []string{"hideTestRequestButton", "https:", "http:"} {
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

// The script reads what the link has behind the #: base64url of JSON, which begins as the script asks.
func TestLink(t *testing.T) {
	t.Parallel()
	link := openapi.Credentials{
		ClientKey: "ck_1", ClientSecret: redact.NewSecret("cs_>>?"), YativoAccount: "ya_1",
		YativoSecret: redact.NewSecret("ys_1"), XtrakitKey: redact.NewSecret("xk_1.xs_1"),
	}.Link("http://127.0.0.1:8080")
	encoded, ok := strings.CutPrefix(link, "http://127.0.0.1:8080/docs#")
	if !ok || !strings.HasPrefix(encoded, "eyJ") || strings.ContainsAny(encoded, "+/=") {
		t.Fatalf("Link = %s", link)
	}
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	var got map[string]string
	if err != nil || json.Unmarshal(b, &got) != nil {
		t.Fatalf("behind the #: %s, %v", b, err)
	}
	want := map[string]string{"clientKey": "ck_1", "clientSecret": "cs_>>?", "yativoAccount": "ya_1", "yativoSecret": "ys_1", "xtrakitKey": "xk_1.xs_1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("behind the # (-want +got):\n%s", diff)
	}
}
