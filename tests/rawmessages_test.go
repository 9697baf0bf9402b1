package tests

import (
	"fmt"
	"strings"
)

// rawMessage is what one client sends before a second, marked request on the same connection.
type rawMessage struct {
	name, text string
	fate       fate
}

// fate is what becomes of a message that is sent straight to the server: so many answers, after
// which the connection goes on with the marked request or ends without it.
type fate struct {
	answers int
	ends    bool
	known   bool
}

// goes, ends and free are the fates. A free one is what the standard leaves to the server.
func goes(n int) fate { return fate{answers: n, known: true} }
func ends(n int) fate { return fate{answers: n, ends: true, known: true} }
func free() fate      { return fate{} }

// smuggled is a request that no message of the corpus makes in earnest, so that the server's log
// shows it by its route.
const (
	smuggledPath = "/api/v0/health/public"
	smuggled     = "GET " + smuggledPath + " HTTP/1.1\r\nHost: x\r\n\r\n"
	person       = `{"first_name":"A","last_name":"B","phone_number":"+15551234567"}`
)

// rawCorpus makes messages by variation: each spelling of what says where a message ends, in each
// kind of message that could be divided in two ways by it.
type rawCorpus struct {
	messages []rawMessage
	head     string // fields that every request has
}

func newRawCorpus(clientKey, secret string) []rawMessage {
	c := &rawCorpus{head: "Host: customers.example.com\r\nx-client-key: " + clientKey + "\r\nx-client-secret: " + secret + "\r\n"}
	c.codings()
	c.lengths()
	c.chunks()
	c.trailers()
	c.lines()
	c.fields()
	c.pipelines()
	return c.messages
}

func (c *rawCorpus) add(f fate, name, text string) {
	c.messages = append(c.messages, rawMessage{name, text, f})
}

// request is a message of the default API.
func (c *rawCorpus) request(method, fields, body string) string {
	return method + " /api/v0/customers HTTP/1.1\r\n" + c.head + "Content-Type: application/json\r\n" + fields + "\r\n" + body
}

// codings varies Transfer-Encoding alone, with a length that covers what follows (CL.TE), and with
// one that covers the first line of it (TE.CL).
func (c *rawCorpus) codings() {
	const taken, refused, unseen = 0, 1, 2 // what the server does with the spelling
	for spelling, kind := range map[string]int{
		"Transfer-Encoding: chunked": taken, "transfer-encoding: CHUNKED": taken, "Transfer-Encoding:chunked": taken,
		"Transfer-Encoding:  chunked ": taken, "Transfer-Encoding: \tchunked\t": taken, "X: y\nTransfer-Encoding: chunked": taken,
		"Transfer-Encoding : chunked": refused, "Transfer-Encoding\t: chunked": refused, " Transfer-Encoding: chunked": refused,
		"\tTransfer-Encoding: chunked": refused, "X: y\r\n Transfer-Encoding: chunked": refused, "Transfer-Encoding:\r\n chunked": refused,
		"Transfer-Encoding: chunked, identity": refused, "Transfer-Encoding: identity, chunked": refused, "Transfer-Encoding: chunked, chunked": refused,
		"Transfer-Encoding: gzip, chunked": refused, "Transfer-Encoding: ,chunked": refused, "Transfer-Encoding: chunked,": refused,
		"Transfer-Encoding: xchunked": refused, "Transfer-Encoding: chunkedx": refused, "Transfer-Encoding: \"chunked\"": refused,
		"Transfer-Encoding: 'chunked'": refused, "Transfer-Encoding: chunked;q=1": refused, "Transfer-Encoding: chunked\x0b": refused,
		"Transfer-Encoding: \x0bchunked": refused, "Transfer-Encoding: chunked\x00": refused, "Transfer-Encoding: chunk": refused,
		"Transfer-Encoding: identity": refused, "Transfer-Encoding:": refused, "Transfer-Encoding: \xa0chunked": refused,
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity": refused, "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked": refused,
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked": refused, "Transfer-Encoding\x00: chunked": refused,
		"X: y\rTransfer-Encoding: chunked": refused, "Transfer-Encod\xc4\xb1ng: chunked": refused,
		"Transfer_Encoding: chunked": unseen, "TE: chunked": unseen, "Content-Encoding: chunked": unseen, "X-Transfer-Encoding: chunked": unseen,
	} {
		alone := [...]fate{goes(2), ends(1), ends(2)}[kind]
		covered := [...]fate{ends(1), ends(1), goes(1)}[kind]
		cut := [...]fate{ends(1), ends(1), ends(3)}[kind]
		rest := "0\r\n\r\n" + smuggled
		chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled)
		length := fmt.Sprintf("Content-Length: %d\r\n", len(rest))
		c.add(alone, "coding alone: "+spelling, c.request("POST", spelling+"\r\n", rest))
		c.add(covered, "CL.TE: "+spelling, c.request("POST", length+spelling+"\r\n", rest))
		c.add(cut, "TE.CL: "+spelling, c.request("POST", spelling+"\r\nContent-Length: 4\r\n", chunk))
	}
}

// lengths varies Content-Length over a body that is a request itself.
func (c *rawCorpus) lengths() {
	n := len(smuggled)
	for spelling, f := range map[string]fate{
		"Content-Length: %d": goes(1), "content-length:%d": goes(1), "Content-Length: \t%d ": goes(1), "Content-Length: 000%d": goes(1),
		"Content-Length: +%d": ends(1), "Content-Length: -%d": ends(1), "Content-Length: 0x%x": ends(1), "Content-Length: %d.0": ends(1),
		"Content-Length: %[1]d,%[1]d": ends(1), "Content-Length: %[1]d, %[1]d": ends(1), "Content-Length: %d;": ends(1), "Content-Length: %d 0": ends(1),
		"Content-Length: %[1]d\r\nContent-Length: %[1]d": ends(1), "Content-Length: 0\r\nContent-Length: %d": ends(1),
		"Content-Length: %d\r\nContent-Length: 0": ends(1), "Content-Length : %d": ends(1), "Content-Length: %d\x0b": ends(1),
		"Content-Length: %d\x00": ends(1), "Content-Length:\r\n %d": ends(1), "Content-Length: %d\r\n 0": ends(1), "Content-Length: \"%d\"": ends(1),
		"Content-Length: %de0": ends(1), "Content-Length: %d_0": ends(1), "Content-Length: \xef\xbc\x94%d": ends(1),
		"Content-Length: 184467440737095516160%d": ends(1), "Content-Length: 18446744073709551616": ends(1), "Content-Length: 9223372036854775808": ends(1),
		"Content-Length: ": ends(1), "Content-Length: -0": ends(1), "Content-Length: 0": goes(2), "Content_Length: %d": goes(2), "X: y\nContent-Length: %d": goes(1),
		"Content-Length: 4294967296": ends(1), "Content-Length: 9223372036854775807": ends(1),
	} {
		text := spelling + "\r\n"
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, n)
		}
		for _, method := range []string{"POST", "GET", "DELETE"} {
			c.add(f, method+" length: "+spelling, c.request(method, text, smuggled))
		}
	}
}

// chunks varies the lines with the sizes of chunks, and what ends their data.
func (c *rawCorpus) chunks() {
	n := len(person)
	const size, data, end, last = 0, 1, 2, 3
	good := []string{fmt.Sprintf("%x\r\n", n), person, "\r\n", "0\r\n\r\n"}
	vary := func(f fate, name string, part int, text string) {
		parts := append([]string(nil), good...)
		parts[part] = text
		c.add(f, "chunk: "+name, c.request("POST", "Transfer-Encoding: chunked\r\n", strings.Join(parts, "")+smuggled))
	}
	for line, f := range map[string]fate{
		"%x\r\n": goes(2), "%X\r\n": goes(2), "0%x\r\n": goes(2), "00000000000000%x\r\n": goes(2), "%x;a=b\r\n": goes(2), "%x;a=\"b;c\"\r\n": goes(2),
		"%x ;a\r\n": ends(1), "%x\t\r\n": goes(2), "%x;a=\"\r\n": goes(2), "%x;\r\n": goes(2),
		"0x%x\r\n": ends(1), "+%x\r\n": ends(1), "-%x\r\n": ends(1), " %x\r\n": ends(1), "\t%x\r\n": ends(1), "%x\n": ends(1), "%x\r": ends(1),
		"%x;a\n": ends(1), "%x;a\x00\r\n": ends(1), "%x;a=\"b\r\nc\"\r\n": ends(1), "%x g\r\n": ends(1), "%[1]x,%[1]x\r\n": ends(1), "%x\r\r\n": ends(1),
		"%x\x00\r\n": ends(1), "\r\n%x\r\n": ends(1), ";a\r\n": ends(1), "\r\n": ends(1), "g\r\n": ends(1), "%x_0\r\n": ends(1), "%x.0\r\n": ends(1),
		"ffffffffffffffff\r\n": ends(1), "8000000000000000\r\n": ends(1), "1000000000000000000%x\r\n": ends(1), "-0\r\n": ends(1), "\xef\xbc\x94\r\n": ends(1),
	} {
		text := line
		if strings.Contains(line, "%") {
			text = fmt.Sprintf(line, n)
		}
		vary(f, "size "+line, size, text)
	}
	vary(ends(1), "an endless extension", size, fmt.Sprintf("%x;%s\r\n", n, strings.Repeat("a", 5000)))
	vary(ends(1), "one byte more than its size", data, person+"x")
	vary(ends(1), "one byte less than its size", data, person[1:])
	for _, text := range []string{"", "\n", "\r", "\r\r\n", " \r\n", "\n\r"} {
		vary(ends(1), fmt.Sprintf("data ends with %q", text), end, text)
	}
	for text, f := range map[string]fate{
		"0;a=b\r\n\r\n": goes(2), "000\r\n\r\n": goes(2), "0 \r\n\r\n": goes(2), "-0\r\n\r\n": ends(1), "0\n\r\n": ends(1), "0\r\n\n": ends(1), "0\n\n": ends(1),
		"0x0\r\n\r\n": ends(1), "0\r\n\r": ends(1), "": ends(1),
	} {
		vary(f, fmt.Sprintf("the last one is %q", text), last, text)
	}
}

// trailers varies what follows the last chunk. A field there must never count as one of the header.
func (c *rawCorpus) trailers() {
	for text, f := range map[string]fate{
		"X: y\r\n": goes(2), "X:\r\n": goes(2), "Content-Length: 5\r\n": goes(2), "Transfer-Encoding: chunked\r\n": goes(2), "Host: evil\r\n": goes(2),
		"x-client-key: other\r\n": goes(2), "X-Forwarded-For: 203.0.113.9\r\n": goes(2), "Connection: close\r\n": free(), "Expect: 100-continue\r\n": goes(2),
		"Trailer: X\r\nX: y\r\n": goes(2),
		"no colon\r\n":           ends(1), " folded\r\n": ends(1), "X: y\r\n folded\r\n": ends(1), "X : y\r\n": ends(1), "X: y\n": ends(1), ": y\r\n": ends(1),
		"X: \x00\r\n": ends(1), "X\x00: y\r\n": ends(1), "X: y\rZ: z\r\n": ends(1), "X: " + strings.Repeat("y", 5000) + "\r\n": ends(1),
		"GET / HTTP/1.1\r\n": ends(1), "\x0b: y\r\n": ends(1),
	} {
		name := fmt.Sprintf("trailer %.40q", text)
		c.add(f, name, c.request("POST", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n%s\r\n%s", len(person), person, text, smuggled)))
	}
}
