// Package external finds and starts programs of the machine that tests work with: reverse proxies
// and checkers of configuration. It is imported by tests only.
//
// A test that needs a program which is not there is skipped, or fails if CUSTODEX_TEST_POSTGRES is
// "required", as in `make test`: script/install-test-tools installs them all.
package external

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/testkit/scratchpg"
)

// Path gives where a program is. PATH of a user often lacks the folders of daemons.
func Path(t testing.TB, name string) string {
	t.Helper()
	for _, place := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if found, err := exec.LookPath(place); err == nil {
			return found
		}
	}
	const missing = "%s is not on this machine; script/install-test-tools installs it"
	if os.Getenv(scratchpg.EnvNeed) == scratchpg.Required {
		t.Fatalf(missing, name)
	}
	t.Skipf(missing, name)
	return ""
}

// Proxy is a running reverse proxy.
type Proxy struct {
	Dir   string   // its files; "log" is what it wrote to standard output and error
	Addrs []string // where it listens
}

// Site writes the configuration of a proxy that keeps its files in dir and listens on addrs.
type Site func(dir string, addrs []string) string

// NGINX starts nginx with the blocks that belong inside http{} and waits until it accepts on each of
// n addresses. It ends with the test.
func NGINX(t testing.TB, n int, site Site) *Proxy {
	t.Helper()
	return start(t, n, func(dir string, addrs []string) *exec.Cmd {
		// One process, so that it is one to end.
		text := fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr warn;\n"+
			"events { worker_connections 4096; }\nhttp {\nclient_body_temp_path %[1]s/body;\nproxy_temp_path %[1]s/proxy;\n"+
			"fastcgi_temp_path %[1]s/fastcgi;\nuwsgi_temp_path %[1]s/uwsgi;\nscgi_temp_path %[1]s/scgi;\n%s\n}\n", dir, site(dir, addrs))
		return exec.Command(Path(t, "nginx"), "-p", dir, "-e", "stderr", "-c", write(t, dir, text))
	})
}

// HAProxy is NGINX for HAProxy; the site is its whole configuration.
func HAProxy(t testing.TB, n int, site Site) *Proxy {
	t.Helper()
	return start(t, n, func(dir string, addrs []string) *exec.Cmd {
		return exec.Command(Path(t, "haproxy"), "-db", "-f", write(t, dir, site(dir, addrs)))
	})
}

func write(t testing.TB, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// start tries other ports if somebody else was quicker to take one.
func start(t testing.TB, n int, command func(dir string, addrs []string) *exec.Cmd) *Proxy {
	t.Helper()
	for attempt := 1; ; attempt++ {
		p := &Proxy{Dir: t.TempDir()}
		for range n {
			p.Addrs = append(p.Addrs, FreeAddr(t))
		}
		err := p.run(t, command(p.Dir, p.Addrs))
		if err == nil {
			return p
		}
		if log, _ := os.ReadFile(filepath.Join(p.Dir, "log")); attempt == 5 {
			t.Fatalf("start the proxy: %v\n%s", err, log)
		}
	}
}

// run starts the command and waits for its addresses. A second process ends it if this one dies
// first.
func (p *Proxy) run(t testing.TB, cmd *exec.Cmd) error {
	t.Helper()
	log, err := os.Create(filepath.Join(p.Dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	watchdog := exec.Command("/bin/sh", "-c", `read -r _; kill -KILL "$0"`, strconv.Itoa(cmd.Process.Pid))
	leash, err := watchdog.StdinPipe()
	if err == nil {
		err = watchdog.Start()
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	end := func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	}
	if err != nil {
		end()
		return err
	}
	stop := sync.OnceFunc(func() {
		_ = watchdog.Process.Kill() // first: the number of the proxy may be another's once it has ended
		_ = watchdog.Wait()
		_ = leash.Close() // closed by Wait
		end()
	})
	t.Cleanup(stop)
	for _, addr := range p.Addrs {
		if err := accepts(addr, ended); err != nil {
			stop()
			return err
		}
	}
	return nil
}

// accepts waits until somebody listens.
func accepts(addr string, ended <-chan struct{}) error {
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended instead of listening on %s", addr)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nobody listens on %s: %w", addr, err)
		}
	}
}

// FreeAddr finds a port of 127.0.0.1 below the range that outgoing connections take theirs from,
// for a program that cannot say which it took.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(12000))))
		if err == nil {
			_ = l.Close() // nothing came
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}
