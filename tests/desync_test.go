package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/testkit/external"
)

// desync is a server with two customers in applications of their own: the sender of raw messages
// asks for one after each message, and a victim on another connection asks for the other.
type desync struct {
	*process
	marker, victim fetched
	corpus         []rawMessage
}

// fetched is a customer with the request that fetches it.
type fetched struct{ id, fetch string }

func newDesync(t *testing.T) *desync {
	t.Helper()
	d := &desync{process: install(t, "sqlite").start(t, "--trusted-proxies", "127.0.0.1/32")}
	sender := d.Credentials
	for _, c := range []*fetched{&d.marker, &d.victim} {
		d.AppID, d.ClientKey, d.ClientSecret = d.newApp(t)
		a, err := d.call(t.Context(), "POST", "/api/v0/customers", json.RawMessage(person))
		if err != nil || a.status != http.StatusCreated {
			t.Fatalf("create: %v, %d %s", err, a.status, a.body)
		}
		var made customerJSON
		decode(t, a.body, &made)
		c.id = made.ID
		c.fetch = "GET /api/v0/customers/" + c.id + " HTTP/1.1\r\nHost: customers.example.com\r\nx-client-key: " + d.ClientKey +
			"\r\nx-client-secret: " + d.ClientSecret + "\r\n\r\n"
	}
	d.corpus = newRawCorpus(sender.ClientKey, sender.ClientSecret)
	if len(d.corpus) < 200 {
		t.Fatalf("the corpus has %d messages, want 200", len(d.corpus))
	}
	return d
}

// heard is what came back on a connection.
type heard struct {
	text  []byte
	ended bool // by the other side
}

// answers counts the final answers; 100 Continue is none.
func (h heard) answers() int { return len(finalAnswer.FindAll(h.text, -1)) }

var finalAnswer = regexp.MustCompile(`HTTP/1\.[01] [2-5]\d\d `)

// exchange writes text on a connection of its own and reads until enough came, the other side ends,
// or nothing came for a while.
func exchange(t *testing.T, addr, text string, idle time.Duration, enough func(heard) bool) heard {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Errorf("dial: %v", err)
		return heard{}
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }() // who refuses early reads no further
	var h heard
	for buffer := make([]byte, 64<<10); !enough(h); {
		if err := c.SetReadDeadline(time.Now().Add(idle)); err != nil {
			t.Error(err)
			return h
		}
		n, err := c.Read(buffer)
		h.text = append(h.text, buffer[:n]...)
		if err != nil {
			timeout, ok := errors.AsType[net.Error](err)
			h.ended = !ok || !timeout.Timeout()
			return h
		}
	}
	return h
}

// TestFramingDirect sends each message straight to the server. What is refused ends the connection,
// and nothing after it is answered; after what is right the marked request gets its own answer.
func TestFramingDirect(t *testing.T) {
	t.Parallel()
	d := newDesync(t)
	each(8, d.corpus, func(_ int, m rawMessage) {
		const patience = 60 * time.Second // a known fate comes at once
		idle := patience
		if !m.fate.known {
			idle = time.Second
		}
		h := exchange(t, strings.TrimPrefix(d.url, "http://"), m.text+d.marker.fetch, idle, func(h heard) bool {
			return bytes.Contains(h.text, []byte(d.marker.id))
		})
		marked := bytes.Count(h.text, []byte(d.marker.id))
		switch f := m.fate; {
		case bytes.Contains(h.text, []byte(d.victim.id)) || marked > 1:
			t.Errorf("%s: a foreign or doubled answer:\n%s", m.name, h.text)
		case !f.known:
		case f.ends && (!h.ended || marked > 0 || h.answers() > f.answers), !f.ends && marked != 1:
			t.Errorf("%s: %d answers, ended %t, marked %d; want %+v\n%.300q", m.name, h.answers(), h.ended, marked, f, h.text)
		case !f.ends && h.answers() != f.answers+1:
			t.Errorf("%s: %d answers, want %d and the marked one\n%.300q", m.name, h.answers(), f.answers, h.text)
		}
	})
}

// lanes is how many connections to the server a proxy has for the corpus. Each lane has one, so that
// whoever comes next gets the connection that the message was sent on.
const lanes = 16

// TestFramingNGINX sends each message through deploy/nginx.conf, half of the lanes with bodies that
// are passed on as they come.
func TestFramingNGINX(t *testing.T) {
	t.Parallel()
	d := newDesync(t)
	proxy := external.NGINX(t, lanes, func(dir string, addrs []string) string {
		site := "log_format front '$upstream_addr|$upstream_http_x_request_id|$request_method|$upstream_status|$request_uri';\n"
		for i, addr := range addrs {
			name := fmt.Sprintf("lane%d", i)
			site += edit(t, deployFile(t, "nginx.conf"),
				"upstream custodex {", "upstream "+name+" {", "proxy_pass http://custodex;", "proxy_pass http://"+name+";",
				"keepalive 64;", "keepalive 1;", "server 127.0.0.1:8080;", "server "+strings.TrimPrefix(d.url, "http://")+";",
				"listen 443 ssl;", "listen "+addr+";", "access_log off;", "access_log "+dir+"/front front; proxy_request_buffering "+[]string{"on", "off"}[i%2]+";",
				"    ssl_certificate     /etc/ssl/custodex/fullchain.pem;\n", "", "    ssl_certificate_key /etc/ssl/custodex/key.pem;\n", "")
		}
		return site
	})
	d.through(t, proxy, proxy.Dir+"/front")
}

// TestFramingHAProxy is TestFramingNGINX for HAProxy, which passes every body on as it comes.
func TestFramingHAProxy(t *testing.T) {
	t.Parallel()
	d := newDesync(t)
	proxy := external.HAProxy(t, lanes, func(_ string, addrs []string) string {
		// One thread: of two that log at a time one may drop its line, and each line counts here.
		site := "global\n  nbthread 1\n  log stdout format raw local0\ndefaults\n  mode http\n  log global\n  retries 0\n" +
			"  timeout connect 30s\n  timeout client 10s\n  timeout server 10s\n"
		for i, addr := range addrs {
			site += fmt.Sprintf("frontend f%[1]d\n  bind %[2]s\n  capture response header X-Request-Id len 64\n"+
				"  log-format \"%%s|%%[capture.res.hdr(0)]|%%HM|%%ST|%%HU\"\n  default_backend b%[1]d\n"+
				"backend b%[1]d\n  http-reuse always\n  http-request set-header X-Forwarded-For %%[src]\n  server server%[1]d %[3]s pool-max-conn 1\n",
				i, addr, strings.TrimPrefix(d.url, "http://"))
		}
		return site
	})
	d.through(t, proxy, proxy.Dir+"/log")
}

// through sends each message through a lane of the proxy, and a victim after it, and then compares
// the proxy's log with the server's.
func (d *desync) through(t *testing.T, proxy *external.Proxy, front string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); len(d.serverLog(t)) < 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server does not log what was done so far")
		}
	}
	each(len(proxy.Addrs), d.corpus, func(lane int, m rawMessage) {
		h := exchange(t, proxy.Addrs[lane], m.text+d.marker.fetch, time.Second, func(h heard) bool {
			return bytes.Contains(h.text, []byte(d.marker.id))
		})
		if bytes.Contains(h.text, []byte(d.victim.id)) || bytes.Count(h.text, []byte(d.marker.id)) > 1 {
			t.Errorf("%s: a foreign or doubled answer:\n%s", m.name, h.text)
		}
		d.ask(t, proxy.Addrs[lane], m.name)
	})
	d.compareLogs(t, front)
}

// ask sends the victim's request. The proxy may say that its connection to the server was closed.
func (d *desync) ask(t *testing.T, addr, after string) {
	t.Helper()
	for range 10 {
		h := exchange(t, addr, d.victim.fetch, 60*time.Second, func(h heard) bool {
			_, body, whole := bytes.Cut(h.text, []byte("\r\n\r\n"))
			return whole && len(body) > 0
		})
		if bytes.HasPrefix(h.text, []byte("HTTP/1.1 50")) || len(h.text) == 0 {
			continue
		}
		if h.answers() != 1 || !bytes.HasPrefix(h.text, []byte("HTTP/1.1 200 ")) || !bytes.Contains(h.text, []byte(d.victim.id)) {
			t.Errorf("after %s the victim gets\n%s", after, h.text)
		}
		return
	}
	t.Errorf("after %s the victim gets no answer", after)
}

// each gives every message to one of n workers.
func each(n int, messages []rawMessage, work func(worker int, m rawMessage)) {
	queue := make(chan rawMessage)
	var workers sync.WaitGroup
	for i := range n {
		workers.Go(func() {
			for m := range queue {
				work(i, m)
			}
		})
	}
	for _, m := range messages {
		queue <- m
	}
	close(queue)
	workers.Wait()
}

// serverLog gives the requests that the server has logged, but for those of operators. The first two
// created the customers.
func (d *desync) serverLog(t *testing.T) []serverLine {
	t.Helper()
	text, err := os.ReadFile(d.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	var lines []serverLine
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") || !strings.Contains(line, `"msg":"request"`) || strings.Contains(line, `"dialect":"manage"`) {
			continue
		}
		var one serverLine
		decode(t, []byte(line), &one)
		lines = append(lines, one)
	}
	return lines
}
