package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options changes how requests are made. The zero value is ready to use.
type Options struct {
	// HTTP makes the requests. Default: one that wants an answer to begin within 45
	// seconds and follows no redirects. How long the whole may take is the
	// context's business.
	HTTP *http.Client

	// Retries is how often a request is sent again after an answer of 429 or 503
	// that says when, in Retry-After, as long as that is at most a minute. Default
	// 0: never. Whatever is sent again carries the same idempotency key.
	Retries int

	// UserAgent names the caller; the server's audit log shows it.
	UserAgent string
}

const (
	maxAnswer    = 16 << 20 // bytes of an answer that is read at once
	maxWait      = time.Minute
	defaultAgent = "custodex-client"
)

// transport is what both clients share.
type transport struct {
	base    *url.URL
	header  http.Header // credentials among it
	http    *http.Client
	retries int
	problem func(*http.Response, []byte) *Error
}

func newTransport(base string, opts Options, header map[string]string, problem func(*http.Response, []byte) *Error) (*transport, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("the server's address must look like https://host:port")
	}
	t := &transport{base: u, header: make(http.Header), http: opts.HTTP, retries: opts.Retries, problem: problem}
	if t.http == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.ResponseHeaderTimeout = maxEventWait + 15*time.Second
		t.http = &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	t.header.Set("Accept", "application/json")
	t.header.Set("User-Agent", defaultAgent)
	if opts.UserAgent != "" {
		t.header.Set("User-Agent", opts.UserAgent)
	}
	for name, value := range header {
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errors.New("a credential has a character that no credential has")
		}
		t.header.Set(name, value)
	}
	return t, nil
}

// call is one request.
type call struct {
	method, path   string
	query          url.Values
	body           any    // sent as JSON; nil: none
	idempotencyKey string // sent if not empty
	prefer         string // sent if not empty
	conditions     []Condition
}

// actingFor is the same transport, whose requests name the user that they are made for.
func (t *transport) actingFor(user string) *transport {
	copied := *t
	copied.header = t.header.Clone()
	copied.header.Set("X-Acting-User", user)
	return &copied
}

// because is the same transport, whose requests say why they are made. A text that is empty is not
// sent.
func (t *transport) because(purpose, reason string) *transport {
	copied := *t
	copied.header = t.header.Clone()
	for name, value := range map[string]string{"X-Access-Purpose": purpose, "X-Access-Reason": reason} {
		if copied.header.Del(name); value != "" {
			copied.header.Set(name, value)
		}
	}
	return &copied
}

// do sends a request whose answer holds nothing of interest.
func (t *transport) do(ctx context.Context, c call) error {
	_, _, err := t.exchange(ctx, c)
	return err
}

// answer sends the request and gives what the answer holds.
func answer[T any](ctx context.Context, t *transport, c call) (T, error) {
	out, _, err := read[T](ctx, t, c)
	return out, err
}

// tagged is answer for what may have an entity tag.
func tagged[T any](ctx context.Context, t *transport, c call) (out T, tag string, err error) {
	out, header, err := read[T](ctx, t, c)
	return out, header.Get("ETag"), err
}

// read sends the request and gives what the answer holds, and its headers. Everything that is read of an
// answer is read here, so that nothing half-read stands beside an error.
func read[T any](ctx context.Context, t *transport, c call) (T, http.Header, error) {
	var out, none T
	data, header, err := t.exchange(ctx, c)
	if err != nil {
		return none, nil, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return none, nil, fmt.Errorf("the answer is not what was expected; is this a Custodex server? %w", err)
	}
	return out, header, nil
}

// exchange sends the request and gives the answer's body and headers.
func (t *transport) exchange(ctx context.Context, c call) ([]byte, http.Header, error) {
	res, err := t.send(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }() // it has been read
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	return data, res.Header, nil
}

// send sends the request, again if it may, until there is a good answer, whose
// body the caller closes.
func (t *transport) send(ctx context.Context, c call) (*http.Response, error) {
	for try := 0; ; try++ {
		res, err := t.once(ctx, c)
		if err != nil {
			return nil, err
		}
		if res.StatusCode/100 == 2 {
			return res, nil
		}
		data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		if res.StatusCode == http.StatusNotModified {
			return nil, ErrNotModified
		}
		problem := t.problem(res, data)
		again := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
		if !again || try >= t.retries || problem.RetryAfter <= 0 || problem.RetryAfter > maxWait {
			return nil, problem
		}
		wait := time.NewTimer(problem.RetryAfter)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil, errors.Join(ctx.Err(), problem)
		case <-wait.C:
		}
	}
}

func (t *transport) once(ctx context.Context, c call) (*http.Response, error) {
	u := t.base.JoinPath(c.path)
	u.RawQuery = c.query.Encode()
	var content io.Reader
	if c.body != nil {
		data, err := json.Marshal(c.body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, u.String(), content)
	if err != nil {
		return nil, err
	}
	req.Header = t.header.Clone()
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", c.idempotencyKey)
	}
	if c.prefer != "" {
		req.Header.Set("Prefer", c.prefer)
	}
	for _, condition := range c.conditions {
		req.Header.Add(condition.name, condition.tag)
	}
	return t.http.Do(req)
}
