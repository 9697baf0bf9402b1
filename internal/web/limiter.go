package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"custodex.dev/internal/fault"
)

// Limiter bounds how many requests are worked on at once, over all dialects. Past
// that, a request waits a moment for its turn and is then refused, before any work
// was done for it: under overload the server goes on answering as many requests
// as it can, each as fast as ever, and refuses the rest early.
type Limiter struct {
	slots chan struct{}
	wait  time.Duration
}

// NewLimiter admits size requests at once. Others wait at most for wait.
func NewLimiter(size int, wait time.Duration) *Limiter {
	return &Limiter{slots: make(chan struct{}, size), wait: wait}
}

var errOverloaded = fault.New(fault.Unavailable, "overloaded", "The server is busy; try again").After(time.Second)

// acquire waits for a place and reports whether there was one. A nil Limiter has
// room for all.
func (l *Limiter) acquire(ctx context.Context) bool {
	if l == nil {
		return true
	}
	select {
	case l.slots <- struct{}{}:
		return true
	default:
	}
	t := time.NewTimer(l.wait)
	defer t.Stop()
	select {
	case l.slots <- struct{}{}:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

func (l *Limiter) release() {
	if l != nil {
		<-l.slots
	}
}

// refusable is a handler that can refuse a request in the words of its API without
// working on it.
type refusable struct {
	http.Handler
	fail ErrorWriter
}

// Refusable makes h a handler for which Wrap, when there is no room for a request,
// calls fail. Handle and Router do so by themselves. A handler that is not refusable
// gets no request without room either: its clients get a refusal in plain text.
func Refusable(h http.Handler, fail ErrorWriter) http.Handler { return refusable{h, fail} }

// refuse answers a request for which there was no room. next does not run.
func refuse(w http.ResponseWriter, r *http.Request, next http.Handler) {
	EventOf(r.Context()).Fault = errOverloaded
	if h, ok := next.(refusable); ok {
		h.fail(w, r, errOverloaded)
		return
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, errOverloaded.Message, http.StatusServiceUnavailable)
}

// prefetch reads a body of a stated and allowed length before the Limiter is asked,
// so that a client that sends slowly holds a connection and some memory, but no place. It
// reports whether the body is whole, or there is none to read here.
func prefetch(r *http.Request, limit int64) bool {
	if r.ContentLength <= 0 || r.ContentLength > limit {
		return true // nothing to read, or refused unread
	}
	b := make([]byte, r.ContentLength)
	n, err := io.ReadFull(r.Body, b)
	r.Body = fetched{bytes.NewReader(b[:n]), err}
	return err == nil
}

// fetched is a body in memory that ends as the connection's did.
type fetched struct {
	*bytes.Reader
	err error
}

// Read gives the bytes that came, then the failure that stopped them.
func (f fetched) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF && f.err != nil {
		err = f.err
	}
	return n, err
}

// Close does nothing: net/http closes the connection's body.
func (fetched) Close() error { return nil }
