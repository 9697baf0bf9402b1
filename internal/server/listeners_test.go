package server_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/server"
	"custodex.dev/internal/testkit"
)

// A path that is almost one of ours is not found. A redirect would be answered outside
// of every envelope, log and metric.
func TestNothingIsRedirected(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ours := map[string]int{
		"/healthz": 200, "/docs": 200, "/docs/": 200, "/openapi.json": 200,
		"//healthz": 404, "//readyz": 404, "//docs": 404, "//openapi.json": 404, "//metrics": 404, "/docs//": 404,
	}
	public := map[string]int{
		"/openapi/devdraft.json": 200, "//openapi/devdraft.json": 404, "/openapi/manage.json": 404,
		"/./healthz": 404, "/a/../docs": 404, "/%2e/healthz": 404, "//elsewhere.example/..//docs": 404,
	}
	maps.Copy(public, ours)
	for base, paths := range map[string]map[string]int{s.URL: public, s.ManageURL: ours} {
		for path, want := range paths {
			resp, err := client.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s = %d to %q, want %d", path, resp.StatusCode, resp.Header.Get("Location"), want)
			}
			if kind := resp.Header.Get("Content-Type"); want == 404 && (!strings.HasPrefix(kind, "application/json") || resp.Header.Get("X-Request-Id") == "") {
				t.Errorf("%s: %s, want a dialect's envelope with a request id", path, kind)
			}
		}
	}
}

// A certificate that cannot be used is reported before an address is bound.
func TestListenRefusesCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, _, _ := certificate(t, dir)
	_, key, _ := certificate(t, t.TempDir())
	junk := filepath.Join(dir, "junk.pem")
	if err := os.WriteFile(junk, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string]func(*config.Config){
		"of another key": func(c *config.Config) { c.TLSCert, c.TLSKey = cert, key },
		"not PEM":        func(c *config.Config) { c.TLSCert, c.TLSKey = junk, junk },
		"not there":      func(c *config.Config) { c.ManageTLSCert, c.ManageTLSKey = filepath.Join(dir, "none"), key },
	} {
		cfg := testkit.NewDatabase(t, "sqlite").Config()
		set(&cfg)
		if _, err := server.Init(t.Context(), cfg, nil); err != nil {
			t.Fatal(err)
		}
		s, err := server.New(t.Context(), cfg, "test")
		if err != nil {
			t.Fatal(err)
		}
		err = s.Listen()
		if err == nil || !strings.Contains(err.Error(), "tls-cert") {
			t.Errorf("Listen with a certificate %s = %v, want a sentence with the setting", what, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
}
