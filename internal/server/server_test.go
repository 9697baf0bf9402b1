package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// blockingStore blocks every Record until release is closed, so that a request stays
// unanswered. It fails when failed, if not nil, is closed.
type blockingStore struct {
	store.Store
	entered chan struct{}
	release chan struct{}
	once    sync.Once
	failed  chan struct{}
}

func (s *blockingStore) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	s.once.Do(func() { close(s.entered) })
	<-s.release
	return s.Store.Record(ctx, app, entries...)
}

func (s *blockingStore) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	return store.Disclose(ctx, s, app, ref, use)
}

func (s *blockingStore) Failed() <-chan struct{} {
	if s.failed != nil {
		return s.failed
	}
	return s.Store.Failed()
}

func get(t *testing.T, url, key, secret string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-client-key", key)
	req.Header.Set("x-client-secret", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// A request that is being answered when the shutdown begins gets its whole answer,
// and the last audit entries are sequenced before the end.
func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	hold := &blockingStore{entered: make(chan struct{}), release: make(chan struct{})}
	s := testkit.NewServer(t, testkit.Options{Wrap: func(st store.Store) store.Store {
		hold.Store = st
		return hold
	}})
	type result struct {
		status int
		err    error
	}
	done := make(chan result, 1)
	go func() {
		status, _, err := get(t, s.URL+"/api/v0/customers", s.Key.PublicKey, s.Key.Secret.Reveal())
		done <- result{status, err}
	}()
	<-hold.entered
	stopped := make(chan struct{})
	go func() { s.Stop(t); close(stopped) }()
	// New connections are refused while the old request is still waiting.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			break
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the listener is still open 10 s after the shutdown began")
		}
	}
	close(hold.release)
	if r := <-done; r.err != nil || r.status != http.StatusOK {
		t.Errorf("the request under way got %d, %v", r.status, r.err)
	}
	<-stopped
}

// newFailing gives a server that is listening, and what makes its store fail.
func newFailing(t *testing.T, configure func(*config.Config)) (*server.Server, chan struct{}) {
	t.Helper()
	cfg := testkit.NewDatabase(t, "sqlite").Config()
	configure(&cfg)
	if _, err := server.Init(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	st, err := server.OpenStore(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan struct{})
	s, err := server.NewOver(cfg, &blockingStore{Store: st, failed: failed, entered: make(chan struct{})}, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return s, failed
}

// A store that can no longer promise durability ends the server with a sentence.
func TestFailedStoreEndsTheServer(t *testing.T) {
	t.Parallel()
	s, failed := newFailing(t, func(*config.Config) {})
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	if status, body, err := get(t, "http://"+s.ManageAddr()+"/readyz", "", ""); err != nil || status != http.StatusOK {
		t.Errorf("readyz before = %d %s, %v", status, body, err)
	}
	close(failed)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "check the disk") {
		t.Errorf("Run = %v, want what to do", err)
	}
}

// A store that fails while the server drains ends the drain and is reported.
func TestFailedStoreEndsTheDrain(t *testing.T) {
	t.Parallel()
	s, failed := newFailing(t, func(c *config.Config) { c.DrainTime = time.Hour })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop()
	for {
		if status, _, err := get(t, "http://"+s.ManageAddr()+"/readyz", "", ""); err != nil || status != http.StatusOK {
			break // it drains
		}
	}
	close(failed)
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "check the disk") {
			t.Errorf("Run = %v, want what to do", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the drain goes on a minute after the store has failed")
	}
}

// A server that is closed before it has run gives its addresses back.
func TestCloseBeforeRunUnbinds(t *testing.T) {
	t.Parallel()
	s, _ := newFailing(t, func(*config.Config) {})
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	for _, addr := range []string{s.Addr(), s.ManageAddr()} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Errorf("%s still accepts connections", addr)
		}
	}
}

// New refuses, with a sentence: a key that others can read, a missing key, a database
// that was not initialised, and one that is in use.
func TestRefusals(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	cfg := db.Config()
	refused := func(what, want string) {
		t.Helper()
		s, err := server.New(t.Context(), cfg, "test")
		if err == nil {
			_ = s.Close(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New with %s = %v, want a sentence with %q", what, err, want)
		}
	}
	refused("no database", "custodex init")
	if _, err := server.Init(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.KeyFile(), 0o644); err != nil {
		t.Fatal(err)
	}
	refused("a key that others can read", "chmod 600")
	if err := errors.Join(os.Chmod(cfg.KeyFile(), 0o600), os.Rename(cfg.KeyFile(), cfg.KeyFile()+".away")); err != nil {
		t.Fatal(err)
	}
	refused("no key", "master key")
	if err := os.Rename(cfg.KeyFile()+".away", cfg.KeyFile()); err != nil {
		t.Fatal(err)
	}
	first, err := server.New(t.Context(), cfg, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(t.Context())
	refused("a database in use", "is in use; stop the custodex")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	s := testkit.NewServer(t, testkit.Options{Configure: func(c *config.Config) { c.TLSCert, c.TLSKey = cert, key }})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	resp, err := client.Get(strings.Replace(s.URL, "http://", "https://", 1) + "/api/v0/health/public")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("health over TLS = %d", resp.StatusCode)
	}
}

func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", secret), pool
}
