package tests

import (
	"fmt"
	"strings"
)

// lines varies the request line of a message without a body.
func (c *rawCorpus) lines() {
	for line, f := range map[string]fate{
		"GET /api/v0/customers HTTP/1.1\r\n":                              goes(1),
		"GET http://customers.example.com/api/v0/customers HTTP/1.1\r\n":  goes(1),
		"GET http://other.example/api/v0/customers HTTP/1.1\r\n":          goes(1),
		"GET https://customers.example.com/api/v0/customers HTTP/1.1\r\n": goes(1),
		"GET //api/v0/customers HTTP/1.1\r\n":                             goes(1), "GET /api/v0/customers?a=%0d%0a HTTP/1.1\r\n": free(),
		"\r\nGET /api/v0/customers HTTP/1.1\r\n": free(), "\r\n\r\n\r\nGET /api/v0/customers HTTP/1.1\r\n": free(), "\nGET /api/v0/customers HTTP/1.1\r\n": free(),
		"GET /api/v0/customers HTTP/1.1\n": goes(1), "GET /api/v0/customers HTTP/1.0\r\n": ends(1), "GET /api/v0/customers HTTP/1.0\r\nConnection: keep-alive\r\n": free(),
		"GET  /api/v0/customers HTTP/1.1\r\n": ends(1), "GET /api/v0/customers  HTTP/1.1\r\n": ends(1), "GET\t/api/v0/customers\tHTTP/1.1\r\n": ends(1),
		"GET /api/v0/customers HTTP/1.1 \r\n": ends(1), " GET /api/v0/customers HTTP/1.1\r\n": ends(1), "GET /api/v0 /customers HTTP/1.1\r\n": ends(1),
		"GET /api/v0/customers\r\n": ends(1), "GET /api/v0/customers HTTP/0.9\r\n": ends(1), "GET /api/v0/customers HTTP/1.2\r\n": free(),
		"GET /api/v0/customers HTTP/2.0\r\n": ends(1), "GET /api/v0/customers HTTP/1.10\r\n": ends(1), "GET /api/v0/customers http/1.1\r\n": ends(1),
		"GET /api/v0/customers HTTP/1.1x\r\n": ends(1), "GET /api/v0/customers HTTP/11\r\n": ends(1), "GET /api/v0/customers HTTP/ 1.1\r\n": ends(1),
		"GET /api/v0/\x00customers HTTP/1.1\r\n": ends(1), "GET /api/v0/\x7fcustomers HTTP/1.1\r\n": ends(1), "GET /api/v0/\rcustomers HTTP/1.1\r\n": ends(1),
		"GET /api/v0/customers\xc3\xa9 HTTP/1.1\r\n": free(), "GET /api/v0/%00 HTTP/1.1\r\n": free(), "GET /api/v0/customers#x HTTP/1.1\r\n": free(),
		"GET /api/v0/%zz HTTP/1.1\r\n": ends(1), "GET * HTTP/1.1\r\n": free(), "GET api/v0/customers HTTP/1.1\r\n": free(), "OPTIONS * HTTP/1.1\r\n": free(),
		"CONNECT customers.example.com:443 HTTP/1.1\r\n": free(), "TRACE /api/v0/customers HTTP/1.1\r\n": free(), "get /api/v0/customers HTTP/1.1\r\n": free(),
		"FOO /api/v0/customers HTTP/1.1\r\n": free(), "GE\x00T /api/v0/customers HTTP/1.1\r\n": ends(1), "G/T /api/v0/customers HTTP/1.1\r\n": ends(1),
		"GET: /api/v0/customers HTTP/1.1\r\n": ends(1), "HTTP/1.1 200 OK\r\n": ends(1), "GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\n": ends(1),
		"GET /../api/v0/customers HTTP/1.1\r\n": free(), "GET /api/v0/customers;x=y HTTP/1.1\r\n": free(), "GET \\api\\v0\\customers HTTP/1.1\r\n": free(),
	} {
		c.add(f, fmt.Sprintf("line %.60q", line), line+c.head+"\r\n")
	}
	c.add(free(), "preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	c.add(ends(1), "HTTP/0.9 and then a request", "GET /\r\n"+smuggled)
	c.add(ends(1), "TLS on a plain port", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03")
}

// fields varies single lines of a header.
func (c *rawCorpus) fields() {
	for text, f := range map[string]fate{
		"X: y\r\n folded\r\n": ends(1), "X: y\r\n\tfolded\r\n": ends(1), " X: y\r\n": ends(1), "no colon\r\n": ends(1), ": y\r\n": ends(1), "X Y: z\r\n": ends(1),
		"X : y\r\n": ends(1), "X\x00: y\r\n": ends(1), "X\x0b: y\r\n": ends(1), "X: \x00\r\n": ends(1), "X: \x01\r\n": ends(1), "X: a\rb\r\n": ends(1),
		"X: y\n": goes(1), "X: y\r\r\n": ends(1), "X: \xff\r\n": goes(1), "X:" + strings.Repeat(" ", 8000) + "y\r\n": goes(1), "X: " + strings.Repeat("y", 20000) + "\r\n": ends(1),
		"Host: other.example\r\n": ends(1), "Host: a b\r\n": ends(1), "(X): y\r\n": ends(1), "X\xc3\xa9: y\r\n": ends(1), "\"X\": y\r\n": ends(1),
		"Connection: close\r\n": ends(1), "Connection: keep-alive\r\n": goes(1), "Connection: x-client-key\r\n": goes(1), "Connection: Content-Length\r\n": goes(1),
		"Connection: Transfer-Encoding\r\n": goes(1), "Connection: close, Host\r\n": ends(1), "Proxy-Connection: keep-alive\r\n": goes(1), "Keep-Alive: timeout=1\r\n": goes(1),
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n":   goes(1),
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n": goes(1),
		"Expect: 100-continue\r\n": goes(1), "Expect: 200-ok\r\n": ends(1), "Expect: 100-continue, x\r\n": ends(1), "Range: bytes=0-1\r\n": goes(1), "Max-Forwards: 0\r\n": goes(1),
		"X-HTTP-Method-Override: DELETE\r\n": goes(1), "Content-Type: application/json\r\n": goes(1), "X-Forwarded-For: a, b\r\nX-Forwarded-For: c\r\n": goes(1),
	} {
		c.add(f, fmt.Sprintf("field %.60q", text), "GET /api/v0/customers HTTP/1.1\r\n"+c.head+text+"\r\n")
	}
	_, auth, _ := strings.Cut(c.head, "\r\n")
	for host, f := range map[string]fate{
		"": ends(1), "Host:\r\n": free(), "Host: a\r\nHost: a\r\n": ends(1), "Host: a/b\r\n": ends(1), "Host: a@b\r\n": free(), "Host : a\r\n": ends(1), "Host: a,b\r\n": free(),
		"Host: [::1\r\n": free(), "Host: customers.example.com:99999\r\n": free(),
	} {
		c.add(f, fmt.Sprintf("host %q", host), "GET /api/v0/customers HTTP/1.1\r\n"+host+auth+"\r\n")
	}
	all := "GET /api/v0/customers HTTP/1.1\r\n" + c.head + "\r\n"
	c.add(goes(1), "LF ends every line", strings.ReplaceAll(all, "\r\n", "\n"))
	c.add(ends(1), "CR ends every line", strings.ReplaceAll(all, "\r\n", "\r")+smuggled)
}

// pipelines are messages that are right by themselves, before others, and answers that come before
// the body was read.
func (c *rawCorpus) pipelines() {
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }
	chunked := func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }
	const coded = "Transfer-Encoding: chunked\r\n"
	for method, f := range map[string]fate{"GET": goes(1), "HEAD": free(), "POST": goes(1), "PUT": goes(1), "PATCH": goes(1), "DELETE": goes(1), "OPTIONS": goes(1), "FOO": free()} {
		c.add(f, method+" with a length", c.request(method, length(smuggled), smuggled))
		c.add(f, method+" with chunks", c.request(method, coded, chunked(smuggled)))
		after := f
		if after.known {
			after.answers++
		}
		c.add(after, method+" and another request", c.request(method, "", "")+smuggled)
	}
	post := c.request("POST", length(person), person)
	c.add(goes(4), "four requests", post+smuggled+c.request("POST", coded, chunked(person))+smuggled)
	c.add(goes(2), "a blank line between requests", post+"\r\n"+smuggled)
	c.add(free(), "many blank lines between requests", post+strings.Repeat("\r\n", 40)+smuggled)
	c.add(goes(1), "Expect and its body at once, with a length", c.request("POST", "Expect: 100-continue\r\n"+length(person), person))
	c.add(goes(1), "Expect and its body at once, in chunks", c.request("POST", "Expect: 100-continue\r\n"+coded, chunked(person)))
	c.add(free(), "Expect without a body", c.request("POST", "Expect: 100-continue\r\n", "")+smuggled)
	for name, head := range map[string]string{
		"nobody's key": "POST /api/v0/customers HTTP/1.1\r\nHost: x\r\nx-client-key: ck_x\r\nx-client-secret: y\r\n",
		"no key":       "POST /api/v0/customers HTTP/1.1\r\nHost: x\r\n", "no route": "POST /nowhere HTTP/1.1\r\nHost: x\r\n",
		"wrong method": "PUT /api/v0/customers HTTP/1.1\r\n" + c.head, "wrong type": "POST /api/v0/customers HTTP/1.1\r\nContent-Type: text/plain\r\n" + c.head,
	} {
		c.add(goes(1), name+", with a length", head+length(smuggled)+"\r\n"+smuggled)
		c.add(goes(1), name+", in chunks", head+coded+"\r\n"+chunked(smuggled))
		large := strings.Repeat(smuggled, 70_000/len(smuggled))
		c.add(free(), name+", a body that is too large", head+length(large)+"\r\n"+large)
		c.add(free(), name+", chunks that are too large", head+coded+"\r\n"+chunked(large))
		c.add(free(), name+", a body that does not come", head+"Content-Length: 500\r\n\r\n"+smuggled)
		c.add(free(), name+", a chunk that does not come", head+coded+"\r\n1f4\r\n"+smuggled)
		c.add(ends(1), name+", a damaged chunk", head+coded+"\r\nzz\r\n"+smuggled)
	}
}
