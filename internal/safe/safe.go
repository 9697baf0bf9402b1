// Package safe turns a panic into an error, so that a defect in one piece of work does not end the
// process or leave others waiting for its outcome.
//
// The error says where the panic was, as functions and lines, and of what type its value is. It
// never prints the value, which may hold personal data. The exception is a [runtime.Error], such as
// an index out of range: the runtime words those itself.
//
// What a newcomer gets wrong: recover works only in the goroutine that panics. Each new goroutine
// needs a [Call] of its own; [Go] is that for groups. Begin with [Call].
package safe

import (
	"fmt"
	"runtime"
	"strings"
)

// Call runs fn and returns its error. If fn panics, the error is that of [Recovered].
func Call(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Recovered(p)
		}
	}()
	return fn()
}

// Go starts fn in a group, such as an [golang.org/x/sync/errgroup.Group], which then fails with the
// panic of fn instead of ending the process.
func Go(group interface{ Go(func() error) }, fn func() error) {
	group.Go(func() error { return Call(fn) })
}

// Recovered returns the error for p, which recover returned. It is for deferred functions that must
// decide on p themselves, and has to be called from one, because it describes the stack below it. An
// error of this package with which another goroutine panics again is returned as it is: it says
// where the panic was first.
func Recovered(p any) error {
	switch p := p.(type) {
	case *panicError:
		return p
	case runtime.Error:
		return &panicError{fmt.Errorf("panic: %w%s", p, stack())}
	}
	return &panicError{fmt.Errorf("panic of type %T%s", p, stack())}
}

// panicError is the error of a panic.
type panicError struct{ error }

func (p *panicError) Unwrap() error { return p.error }

// stack names the functions between the panic and the goroutine's start, a line each, without their
// arguments.
func stack() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" {
			b.Reset() // what is above it only recovers
		} else if f.Function != "" {
			fmt.Fprintf(&b, "\n%s:%d", f.Function, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}
