package tests

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/web/openapi"
)

// No answer of any route of custodex dev, with credentials or without, holds a secret: whoever reaches its
// listeners, through a proxy or as another user of the machine, gets none.
func TestDevShowsNoSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "credentials.json")
	cmd := program(t, "dev", "--data", filepath.Join(dir, "data"), "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0", "--rate-limit", "0", "--credentials-out", out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	waitForFile(t, out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var c Credentials
	decode(t, text, &c)
	_, xtrakit, _ := strings.Cut(c.APIKey, ".")
	_, operator, _ := strings.Cut(c.OperatorKey, ".")
	secrets := []string{c.ClientSecret, c.AppSecret, xtrakit, operator}
	callers := []http.Header{
		{},
		{"X-Client-Key": {c.ClientKey}, "X-Client-Secret": {c.ClientSecret}},
		{"X-Api-Key": {c.AccountID}, "X-Api-Secret": {c.AppSecret}},
		{"Authorization": {"Bearer " + c.APIKey}},
		{"Authorization": {"Bearer " + c.OperatorKey}},
	}
	for _, base := range []string{c.URL, c.ManageURL} {
		for _, route := range devRoutes() {
			method, path, _ := strings.Cut(route, " ")
			for _, header := range callers {
				r, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header = header
				w, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(w.Body)
				_ = w.Body.Close()
				if err != nil {
					t.Fatal(err)
				}
				for _, secret := range secrets {
					if len(secret) < 20 || strings.Contains(string(body), secret) || strings.Contains(strings.Join(flat(w.Header), "\n"), secret) {
						t.Errorf("%s%s shows a secret, or there is none:\n%s", base, route, body[:min(len(body), 300)])
					}
				}
			}
		}
	}
}

// devRoutes are the routes of both listeners, with something in the place of ids. Those that make a new
// secret show that one, and it is none of those that there are.
func devRoutes() []string {
	routes := []string{"GET /", "GET /healthz", "GET /readyz", "GET /metrics", "HEAD /docs/start.js"}
	for _, f := range faces {
		routes = append(routes, f.routes...)
	}
	in := regexp.MustCompile(`\{[^}$]*\}`)
	for i, r := range append(append(routes, openapi.Patterns()...), openapi.ManagePatterns()...) {
		r = strings.ReplaceAll(in.ReplaceAllString(r, "1"), "{$}", "")
		if i < len(routes) {
			routes[i] = r
		} else {
			routes = append(routes, r)
		}
	}
	return routes
}

// flat returns the lines of a header.
func flat(h http.Header) (lines []string) {
	for name, values := range h {
		lines = append(lines, name+": "+strings.Join(values, ", "))
	}
	return lines
}
