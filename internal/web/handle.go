package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/web/body"
)

// Handler is how every handler looks. It writes an answer and returns nil, or
// writes nothing and returns an error, which the dialect renders.
type Handler func(w http.ResponseWriter, r *http.Request) error

// ErrorWriter renders a fault in its dialect's envelope. It is the only thing in a
// dialect that writes an error.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, f *fault.Error)

// Handle adapts a Handler. An error becomes the event's fault and is rendered by
// fail; so does a panic, as fault.Internal. An error after the answer has begun
// ends the connection, so that no client takes half an answer for a whole one.
func Handle(h Handler, fail ErrorWriter) http.Handler {
	return Refusable(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recorderOf(w)
		err := guarded(h, rec, r)
		if err == nil {
			return
		}
		f := faultOf(r.Context(), err)
		e := EventOf(r.Context())
		e.Fault, e.cause = f, err
		if rec.status != 0 {
			panic(http.ErrAbortHandler)
		}
		if body.BreaksFraming(f) && r.ProtoMajor == 1 {
			rec.Header().Set("Connection", "close")
		}
		failWith(fail, rec, r, f)
	}), fail)
}

// ErrorHeader names the code of a failure in every API. Most envelopes are published and
// have no room for one, and their sentences may be the same for several failures.
const ErrorHeader = "Custodex-Error"

// failWith renders a failure, with its code. What went wrong inside is for the log.
func failWith(fail ErrorWriter, w http.ResponseWriter, r *http.Request, f *fault.Error) {
	code := f.Code
	if f.Kind == fault.Internal {
		code = "internal"
	}
	w.Header().Set(ErrorHeader, code)
	fail(w, r, f)
}

// guarded runs h and turns a panic into an error that says where it was.
func guarded(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler: // the handler's way to end the connection
			panic(p)
		default:
			err = fault.Wrap(safe.Recovered(p), fault.Internal, "panic", "Internal server error")
		}
	}()
	return h(w, r)
}

// codeClientGone is the code of a request whose client did not wait for the answer.
const codeClientGone = "client_gone"

// faultOf classifies what a handler returned. A context that ended is nobody's
// bug: the client has gone away, or the time for a request is over.
func faultOf(ctx context.Context, err error) *fault.Error {
	f := fault.Of(err)
	switch {
	case f.Kind != fault.Internal:
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return fault.Wrap(err, fault.Unavailable, codeClientGone, "The request was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(err, fault.Unavailable, "timeout",
			"The server took too long; try again").After(time.Second)
	}
	return f
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing was written yet
}

func recorderOf(w http.ResponseWriter) *recorder {
	if rec, ok := w.(*recorder); ok {
		return rec
	}
	return &recorder{ResponseWriter: w}
}

// WriteHeader notes the first final status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the implied 200.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
