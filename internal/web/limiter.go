package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"custodex.dev/internal/admission"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// Limiter bounds how many requests are worked on at once, over all dialects. Past
// that, a request waits a moment for its turn and is then refused: under overload the
// server goes on answering as many requests as it can, and refuses the rest early. A
// request of an application is refused after its credential was checked and before
// anything else is done; beside size of these, size requests of callers that are not
// known yet are worked on.
//
// A request takes one of the slots until it is known whose it is, which is soon, and then a place
// of its application (Enter). A request of nobody keeps its slot to its end.
type Limiter struct {
	slots  chan struct{}
	places *admission.Gate
	wait   time.Duration
}

// NewLimiter admits size requests of applications at once, and as many whose application is not
// known. Others wait at most for wait.
func NewLimiter(size int, wait time.Duration) *Limiter {
	return &Limiter{slots: make(chan struct{}, size), places: admission.New(size, wait), wait: wait}
}

// Enter waits for a place of the application whose request ctx is of, or fails with
// admission.ErrOverloaded. It is called once, when the caller is known.
func Enter(ctx context.Context, app id.App) error {
	e := EventOf(ctx)
	if e.limiter == nil {
		return nil
	}
	e.leave() // its slot is not for waiting
	e.leave = func() {}
	leave, err := e.limiter.places.Enter(ctx, app)
	if err == nil {
		e.leave = leave
	}
	return err
}

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

// refuse answers a request that is not worked on, because of f. next does not run.
func refuse(w http.ResponseWriter, r *http.Request, next http.Handler, f *fault.Error) {
	EventOf(r.Context()).Fault = f
	if h, ok := next.(refusable); ok {
		failWith(h.fail, w, r, f)
		return
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, f.Message, http.StatusServiceUnavailable)
}

// prefetch reads a body of an allowed length before the Limiter is asked,
// so that a client that sends slowly holds a connection and some memory, but no place. Of
// a body that does not announce its length it reads what r.Body gives, which has a limit. It
// reports whether the body is whole, or there is none to read here, or too much.
func prefetch(r *http.Request, limit int64) bool {
	if r.ContentLength == 0 || r.ContentLength > limit || r.Body == http.NoBody {
		return true // nothing to read, or refused unread
	}
	var body fetched
	if r.ContentLength > 0 {
		body = readAnnounced(r.Body, int(r.ContentLength))
	} else {
		b, err := io.ReadAll(r.Body)
		body = fetched{bytes.NewReader(b), err}
	}
	r.Body = body
	_, tooLarge := errors.AsType[*http.MaxBytesError](body.err)
	return body.err == nil || tooLarge
}

// firstBuffer is how much memory an announced body gets before a byte of it has come.
const firstBuffer = 4 << 10

// readAnnounced reads length bytes. Its buffer grows with what comes, so that a body which is announced
// and not sent takes little.
func readAnnounced(from io.Reader, length int) fetched {
	b := make([]byte, min(length, firstBuffer))
	for n := 0; ; {
		step, err := io.ReadFull(from, b[n:])
		n += step
		if err == io.EOF && n > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil || n == length {
			return fetched{bytes.NewReader(b[:n]), err}
		}
		grown := make([]byte, min(length, 2*n))
		copy(grown, b)
		b = grown
	}
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
