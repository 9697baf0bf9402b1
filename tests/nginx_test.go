package tests

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/testkit/external"
)

// edit replaces pieces of an example. Each must be there once, so that no test goes by an example
// that has changed.
func edit(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(text, pairs[i]); n != 1 {
			t.Fatalf("%q is in the example %d times, want once", pairs[i], n)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// nginxExample is deploy/nginx.conf with the addresses and files of a test.
func nginxExample(t *testing.T, dir, listen, server string) string {
	t.Helper()
	cert, key := certificate(t, dir)
	return edit(t, deployFile(t, "nginx.conf"),
		"server 127.0.0.1:8080;", "server "+strings.TrimPrefix(server, "http://")+";",
		"listen 443 ssl;", "listen "+listen+" ssl;",
		"/etc/ssl/custodex/fullchain.pem", cert,
		"/etc/ssl/custodex/key.pem", key)
}

// certificate writes a certificate of its own for customers.example.com.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"customers.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: public}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// caller sends requests from an address of this machine's loopback network. It trusts the
// certificate in pool, and takes no other.
func caller(from string, pool *x509.CertPool, to string) *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", to) },
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "customers.example.com"},
	}}
}

// nginxTest is a server behind deploy/nginx.conf.
type nginxTest struct {
	*process
	pool *x509.CertPool
	addr string
}

func newNGINXTest(t *testing.T) *nginxTest {
	t.Helper()
	n := &nginxTest{process: install(t, "sqlite").start(t, "--trusted-proxies", "127.0.0.1/32"), pool: x509.NewCertPool()}
	proxy := external.NGINX(t, 1, func(dir string, addrs []string) string { return nginxExample(t, dir, addrs[0], n.url) })
	cert, err := os.ReadFile(filepath.Join(proxy.Dir, "cert.pem"))
	if err != nil || !n.pool.AppendCertsFromPEM(cert) {
		t.Fatalf("the certificate cannot be read: %v", err)
	}
	n.addr = proxy.Addrs[0]
	return n
}

// ask sends a request through nginx from an address, with the application's key and more headers.
func (n *nginxTest) ask(t *testing.T, from, method, path string, body io.Reader, header ...string) (answer, error) {
	t.Helper()
	return n.askAt(t, caller(from, n.pool, n.addr), "https://customers.example.com", method, path, body, header...)
}

func (n *nginxTest) askAt(t *testing.T, c *http.Client, base, method, path string, body io.Reader, header ...string) (answer, error) {
	t.Helper()
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-client-key", n.ClientKey)
	req.Header.Set("x-client-secret", n.ClientSecret)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, b, strings.Join(resp.Header.Values("X-Request-Id"), ", "), resp.Header}, err
}

// addressOf gives the address that the audit log has for a request.
func (n *nginxTest) addressOf(t *testing.T, request string) string {
	t.Helper()
	for _, e := range n.auditLog(t) {
		if e.Request == request {
			return e.Origin.Address
		}
	}
	t.Errorf("request %q has no audit entry", request)
	return ""
}

const forgedID = "forgedforgedforged00"

// forged are headers in which a client names another address than its own, and a request id.
var forged = []string{
	"X-Forwarded-For", "203.0.113.9", "X-Forwarded-For", "127.0.0.1, 203.0.113.10", "X-Real-IP", "203.0.113.11",
	"Forwarded", "for=203.0.113.12", "X-Request-Id", forgedID, "CF-Connecting-IP", "203.0.113.13", "True-Client-IP", "203.0.113.14",
}

// TestFieldE11NGINX runs the example with TLS before a server. The audit log must have the address
// of the client, whatever the client says of itself, and the id that the client was given. Before,
// nothing ran the example.
func TestFieldE11NGINX(t *testing.T) {
	t.Parallel()
	n := newNGINXTest(t)
	for i, header := range [][]string{nil, forged[:2], forged[2:4], forged} {
		from := fmt.Sprintf("127.0.0.%d", 10+i)
		a, err := n.ask(t, from, "GET", "/api/v0/customers", nil, header...)
		if err != nil || a.status != 200 {
			t.Fatalf("list through nginx: %v, %d %s", err, a.status, a.body)
		}
		if a.request == "" || strings.ContainsAny(a.request, ", ") || a.request == forgedID {
			t.Errorf("the answer has the request id %q", a.request)
		}
		if got := n.addressOf(t, a.request); got != from {
			t.Errorf("a client at %s with %q is %s in the audit log", from, header, got)
		}
	}
	// Past nginx a client is no trusted proxy.
	direct := caller("127.0.0.20", nil, strings.TrimPrefix(n.url, "http://"))
	a, err := n.askAt(t, direct, n.url, "GET", "/api/v0/customers", nil, forged...)
	if err != nil || a.status != 200 {
		t.Fatalf("list past nginx: %v, %d %s", err, a.status, a.body)
	}
	if got := n.addressOf(t, a.request); got != "127.0.0.20" {
		t.Errorf("a client that is no trusted proxy is %s in the audit log", got)
	}
}

// The limit on failed logins is that of one client, and a client that names other addresses does
// not escape from it.
func TestFieldE11NGINXFailedLogins(t *testing.T) {
	t.Parallel()
	n := newNGINXTest(t)
	n.ClientSecret += "x"
	status := 0
	for i := 0; i < 1000 && status != http.StatusTooManyRequests; i++ {
		a, err := n.ask(t, "127.0.0.30", "GET", "/api/v0/customers", nil, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i%250))
		if err != nil {
			t.Fatal(err)
		}
		status = a.status
	}
	if status != http.StatusTooManyRequests {
		t.Error("1000 failed logins from one address met no limit")
	}
	if a, err := n.ask(t, "127.0.0.31", "GET", "/api/v0/customers", nil); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("another client's first failed login: %v, %d, want %d", err, a.status, http.StatusUnauthorized)
	}
}

// Bodies pass up to max-body, announced or in chunks, and the path passes unchanged.
func TestFieldE11NGINXBodies(t *testing.T) {
	t.Parallel()
	n := newNGINXTest(t)
	const maxBody = 64 << 10
	person := func(size int, mail string) []byte {
		start := `{"first_name":"Ada","last_name":"Lovelace","phone_number":"+15551234567","email":"` + mail + `@nginx.example","x":"`
		return []byte(start + strings.Repeat("x", size-len(start)-2) + `"}`)
	}
	for name, hide := range map[string]func(io.Reader) io.Reader{
		"announced": func(r io.Reader) io.Reader { return r },
		"chunks":    func(r io.Reader) io.Reader { return io.MultiReader(r) }, // hides the length
	} {
		for size, want := range map[int]int{500: 201, maxBody: 201, maxBody + 1: 413, 5 * maxBody: 413} {
			body := hide(bytes.NewReader(person(size, fmt.Sprintf("%s-%d", name, size))))
			a, err := n.ask(t, "127.0.0.40", "POST", "/api/v0/customers", body)
			if err != nil || a.status != want {
				t.Errorf("a body of %d bytes, %s: %v, %d %s, want %d", size, name, err, a.status, a.body, want)
			}
		}
	}
	for path, want := range map[string]int{"/api//v0/customers": 200, "/api/v0/customers?email=a%2Bb@x.example": 200, "/api%2Fv0/customers": 404} {
		if a, err := n.ask(t, "127.0.0.41", "GET", path, nil); err != nil || a.status != want {
			t.Errorf("GET %s: %v, %d %s, want %d", path, err, a.status, a.body, want)
		}
	}
}
