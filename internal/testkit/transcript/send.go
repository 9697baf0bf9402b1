package transcript

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is what came back.
type answer struct {
	code   string // "201", or "closed"
	status string // "201 Created", or "closed"
	header http.Header
	body   []byte
}

// send carries out a request as it stands in the file.
func (p *player) send(request []string) (*answer, error) {
	lines := make([]string, len(request))
	for i, line := range request {
		var err error
		if lines[i], err = p.vars.expand(line); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(lines[0], "@") {
		return p.sendRaw(lines)
	}
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok || !strings.HasPrefix(target, "/") || strings.Contains(target, "#") {
		return nil, errors.New("a request starts with a method and a target, or with @raw")
	}
	header, rest := lines[1:], []string(nil)
	for i, line := range header {
		if line == "" {
			header, rest = header[:i], header[i+1:]
			break
		}
	}
	body, err := payload(rest)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, p.target.URL+target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("this needs @raw: %w", err)
	}
	for _, line := range header {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "host":
			req.Host = value
		case "content-length", "transfer-encoding":
			return nil, fmt.Errorf("header %s needs @raw", name)
		default:
			if !ok {
				return nil, errors.New("a header without a colon")
			}
			req.Header.Add(name, value)
		}
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body)) // Do has read the first
	return p.receive(req, resp)
}

// payload puts a body together: text lines with line breaks between them,
// directives with none.
func payload(lines []string) ([]byte, error) {
	var out []byte
	text := false
	for _, line := range lines {
		if strings.HasPrefix(line, "@") {
			data, err := directive(line)
			if err != nil {
				return nil, err
			}
			out, text = append(out, data...), false
			continue
		}
		if text {
			out = append(out, '\n')
		}
		out, text = append(out, line...), true
	}
	return out, nil
}

// directive gives the bytes that @body-hex or @repeat stands for.
func directive(line string) ([]byte, error) {
	name, args, _ := strings.Cut(line, " ")
	switch name {
	case "@body-hex":
		return hex.DecodeString(strings.ReplaceAll(args, " ", ""))
	case "@repeat":
		count, text, ok := strings.Cut(args, " ")
		n, err := strconv.Atoi(count)
		if !ok || err != nil || n < 0 || n > 1<<24 || text == "" {
			return nil, errors.New("@repeat wants a count and a text")
		}
		return bytes.Repeat([]byte(text), n), nil
	}
	return nil, fmt.Errorf("unknown directive %s", name)
}

// sendRaw writes bytes to a connection of its own and reads one answer.
func (p *player) sendRaw(lines []string) (*answer, error) {
	if !strings.HasPrefix(p.target.URL, "http://") {
		return nil, errors.New("@raw needs an http URL")
	}
	var message []byte
	shut := false
	for _, line := range lines {
		text, isRaw := strings.CutPrefix(line, "@raw ")
		switch {
		case line == "@close-write":
			shut = true
		case isRaw:
			data, err := unescape(text)
			if err != nil {
				return nil, err
			}
			message = append(message, data...)
		default:
			data, err := directive(line)
			if err != nil {
				return nil, err
			}
			message = append(message, data...)
		}
	}
	conn, err := net.DialTimeout("tcp", p.host, timeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	// A server may answer and hang up before it has read everything, so what
	// counts is whether there is an answer.
	_, sendErr := conn.Write(message)
	if shut {
		sendErr = errors.Join(sendErr, conn.(*net.TCPConn).CloseWrite())
	}
	method, _, _ := strings.Cut(string(message[:min(len(message), 32)]), " ")
	in := bufio.NewReader(conn)
	if _, err := in.Peek(1); errors.Is(err, io.EOF) {
		return &answer{code: "closed", status: "closed", header: http.Header{}}, nil
	}
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return nil, errors.Join(err, sendErr)
	}
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(message)))
	if err != nil {
		req = nil
	}
	return p.receive(req, resp)
}

// unescape reads \r, \n, \xff and the like as a Go string would.
func unescape(text string) ([]byte, error) {
	var out []byte
	for text != "" {
		r, multibyte, rest, err := strconv.UnquoteChar(text, 0)
		if err != nil {
			return nil, errors.New("bad escape in @raw")
		}
		if multibyte {
			out = append(out, string(r)...)
		} else {
			out = append(out, byte(r))
		}
		text = rest
	}
	return out, nil
}

// receive reads an answer and has the exchange checked, unless the request is nil.
func (p *player) receive(req *http.Request, resp *http.Response) (*answer, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("answer's body: %w", err)
	}
	// net/http takes these two out of the header.
	if len(resp.TransferEncoding) > 0 {
		resp.Header["Transfer-Encoding"] = resp.TransferEncoding
	}
	if resp.Close && resp.Header.Get("Connection") == "" {
		resp.Header.Set("Connection", "close")
	}
	if p.target.Check != nil && req != nil {
		resp.Body = io.NopCloser(bytes.NewReader(body))
		p.complaint = p.target.Check(req, resp)
	}
	return &answer{
		code: strconv.Itoa(resp.StatusCode), status: resp.Status, header: resp.Header, body: body,
	}, nil
}
