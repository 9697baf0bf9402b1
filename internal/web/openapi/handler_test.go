package openapi_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/web/openapi"
)

// scalarSum is the SHA-256 of dist/browser/standalone.js in the package
// @scalar/api-reference 1.72.1.
const scalarSum = "bf091006bdc3af6067af77c2f534812e3e633e94a94e87138069f570f33b762c"

var handlers = map[string]http.Handler{"public": openapi.Handler(), "manage": openapi.ManageHandler()}

func get(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// paths gives an address for each pattern of a listener.
func paths(name string) []string {
	patterns := openapi.Patterns()
	if name == "manage" {
		patterns = openapi.ManagePatterns()
	}
	var list []string
	for _, p := range patterns {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(p, "GET "), "{$}"))
	}
	return list
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range handlers {
		for _, path := range paths(name) {
			plain, packed := get(h, "GET", path), get(h, "GET", path, "Accept-Encoding", "br, gzip;q=0.5")
			if plain.Code != 200 || packed.Code != 200 {
				t.Fatalf("%s %s = %d, compressed %d, want 200", name, path, plain.Code, packed.Code)
			}
			z, err := gzip.NewReader(packed.Body)
			if err != nil {
				t.Fatalf("%s %s: %v", name, path, err)
			}
			unpacked, err := io.ReadAll(z)
			if err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) {
				t.Errorf("%s %s is another when compressed: %v", name, path, err)
			}
			for header, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := plain.Header().Get(header); got != want {
					t.Errorf("%s %s: %s is %q, want %q", name, path, header, got, want)
				}
			}
			if !strings.HasSuffix(plain.Header().Get("Content-Type"), "; charset=utf-8") {
				t.Errorf("%s %s has type %q", name, path, plain.Header().Get("Content-Type"))
			}
			for _, w := range []*httptest.ResponseRecorder{plain, packed} {
				encoding, tag := w.Header().Get("Content-Encoding"), w.Header().Get("ETag")
				again := get(h, "GET", path, "If-None-Match", tag, "Accept-Encoding", encoding)
				if again.Code != 304 || again.Body.Len() > 0 {
					t.Errorf("%s %s with tag %s = %d with %d bytes, want 304", name, path, tag, again.Code, again.Body.Len())
				}
			}
			if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
				t.Errorf("%s %s has one tag for two forms", name, path)
			}
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	for _, path := range paths("public") {
		want := "no-cache"
		if strings.Contains(path, "scalar") {
			want = "public, max-age=31536000, immutable"
		}
		if got := get(handlers["public"], "GET", path).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control is %q, want %q", path, got, want)
		}
	}
}

func TestCompressionIsNegotiated(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "br": "", "identity": "", "gzip": "gzip", "GZIP": "gzip", "deflate, gzip": "gzip",
		"gzip;q=0": "", "gzip; q=0.000": "", "gzip;q=1": "gzip", "x-gzip": "",
	} {
		got := get(handlers["public"], "GET", "/openapi.json", "Accept-Encoding", accept).Header().Get("Content-Encoding")
		if got != want {
			t.Errorf("Accept-Encoding %q gets %q, want %q", accept, got, want)
		}
	}
}

func TestNothingElse(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/docs/x", "/docs/page.html", "/openapi.yaml", "/docs/../asset"} {
		if w := get(handlers["public"], "GET", path); w.Code == 200 {
			t.Errorf("GET %s = 200", path)
		}
	}
	if w := get(handlers["public"], "POST", "/docs"); w.Code != 405 {
		t.Errorf("POST /docs = %d, want 405", w.Code)
	}
}

// Callers of the public listener, who may be anybody, were told about the management API in
// its document and on its page. Each listener describes what it serves.
func TestFieldE16PublicPagesLeaveManagementOut(t *testing.T) {
	t.Parallel()
	for name, h := range handlers {
		for _, at := range []string{"/openapi.json", "/docs"} {
			text := get(h, "GET", at).Body.String()
			if managed := strings.Contains(text, "/manage/v1"); managed != (name == "manage") || !managed && !strings.Contains(text, "/api/v0/customers") {
				t.Errorf("%s %s tells about the management API: %t", name, at, managed)
			}
			if name == "public" && strings.Contains(strings.ToLower(text), "operator key") {
				t.Errorf("%s tells about operators", at)
			}
		}
	}
}

// TestEachAPIHasItsDocument: the document of one API is at its own address, on the
// listener that serves the API and on no other.
func TestEachAPIHasItsDocument(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{
		"devdraft": "/api/v0/", "yativo": "/", "xtrakit": "/api/v1/", "manage": "/manage/v1/",
	} {
		here, elsewhere := handlers["public"], handlers["manage"]
		if name == "manage" {
			here, elsewhere = elsewhere, here
		}
		address := "/openapi/" + name + ".json"
		var document struct{ Paths map[string]any }
		if err := json.Unmarshal(get(here, "GET", address).Body.Bytes(), &document); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		for path := range document.Paths {
			if !strings.HasPrefix(path, prefix) {
				t.Errorf("%s describes %s", address, path)
			}
		}
		if len(document.Paths) == 0 || get(elsewhere, "GET", address).Code == 200 {
			t.Errorf("%s has %d paths, or both listeners serve it", address, len(document.Paths))
		}
	}
}

var (
	address = regexp.MustCompile(`(?:src|href|url)\s*[=:(]\s*["']?([^"'\s>)]+)`)
	inline  = regexp.MustCompile(`<script[^>]*>[^<]|<style|\son[a-z]+\s*=|\sstyle\s*=|javascript:`)
)

// The page loads from its own origin alone and has no inline script or style, and
// readers without scripts see every operation.
func TestPage(t *testing.T) {
	t.Parallel()
	for name, h := range handlers {
		w := get(h, "GET", "/docs")
		page := w.Body.String()
		policy := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", name, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q allows too much", name, policy)
		}
		for _, m := range address.FindAllStringSubmatch(page, -1) {
			if !strings.HasPrefix(m[1], "/docs/") && m[1] != "/openapi.json" && m[1] != "data:," {
				t.Errorf("%s: the page points to %s", name, m[1])
			}
			if strings.HasPrefix(m[1], "/") && get(h, "GET", m[1]).Code != 200 {
				t.Errorf("%s: the page points to %s, which is not there", name, m[1])
			}
		}
		if found := inline.FindString(page); found != "" {
			t.Errorf("%s: the page has inline code: %s", name, found)
		}
		operation := map[string]string{"public": "PATCH /api/v0/customers/{id}", "manage": "POST /manage/v1/apps/{app}/keys/{key}/rotate"}[name]
		if !strings.Contains(page, "<code>"+operation+"</code>") {
			t.Errorf("%s: the page without scripts lacks an operation", name)
		}
	}
}

// TestScalarIsWhatWasPublished holds the vendored script against the package that it
// came from, and doc/dependencies.md against both.
func TestScalarIsWhatWasPublished(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(get(handlers["public"], "GET", "/docs/scalar-1.72.1.js").Body.Bytes())
	if got := hex.EncodeToString(sum[:]); got != scalarSum {
		t.Errorf("the script's SHA-256 is %s, want %s", got, scalarSum)
	}
	page, err := os.ReadFile("../../../doc/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), scalarSum) {
		t.Error("doc/dependencies.md names another SHA-256")
	}
}

// TestFieldA12Home: a browser gets a page that leads to pages of this server, loads nothing
// and runs nothing. A program does not.
func TestFieldA12Home(t *testing.T) {
	t.Parallel()
	w := get(openapi.Home(), "GET", "/")
	page := w.Body.String()
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("the page has type %q", got)
	}
	if got := w.Header().Get("Vary"); !strings.Contains(got, "Accept,") {
		t.Errorf("Vary: %s", got)
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; img-src data:;") {
		t.Errorf("policy %q", got)
	}
	if strings.Contains(page, "<script") || inline.MatchString(page) || strings.Contains(page, "//") {
		t.Errorf("the page has code, styles or another host's address:\n%s", page)
	}
	led := map[string]bool{}
	for _, m := range address.FindAllStringSubmatch(page, -1) {
		led[m[1]] = true
		if strings.HasPrefix(m[1], "/") && get(handlers["public"], "GET", m[1]).Code != 200 {
			t.Errorf("the page leads to %s, which is not there", m[1])
		}
	}
	if !led["/docs"] || !led["/openapi.json"] {
		t.Errorf("the page leads to %v", led)
	}
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true, "application/json, Text/HTML;q=0.1": true,
		"": false, "*/*": false, "application/json": false, "text/html;q=0": false, "text/html;q=0.0, */*": false, "text/*": false,
	} {
		for method, page := range map[string]bool{"GET": true, "HEAD": true, "POST": false, "OPTIONS": false} {
			for path, home := range map[string]bool{"/": true, "/x": false, "/docs": false, "//": false} {
				r := httptest.NewRequest(method, "http://x"+path, nil)
				r.Header.Set("Accept", accept)
				if got := openapi.AsksForHome(r); got != (want && page && home) {
					t.Errorf("%s %s, Accept: %s: %t", method, path, accept, got)
				}
			}
		}
	}
}
