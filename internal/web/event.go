package web

import (
	"context"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// Event is what is known of one request, and all that is logged of it. Wrap makes
// it; handlers fill it in as they learn. It belongs to the request's goroutine.
type Event struct {
	Request    id.Request
	Dialect    string
	Route      string // the pattern, for example /api/v0/customers/{id}; "" matched none
	App        id.App
	Credential id.Credential
	Strict     bool         // the credential's: unknown names are refused unless the request says otherwise
	Quota      Quota        // what the headers say of it; zero before ConsumeQuota
	Fault      *fault.Error // why the request failed; nil if it did not

	cause   error  // what the handler returned
	address string // of the client, without port
	maxBody int64  // for ReadBody
	now     func() time.Time
	limiter *Limiter
	leave   func() // gives back what the request has of limiter
}

// why is the failure for the log: with the context that was added to it on its way.
func (e *Event) why() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return e.Fault.Error()
}

func (e *Event) clock() time.Time {
	if e.now == nil {
		return time.Now()
	}
	return e.now()
}

type eventKey struct{}

// EventOf gives the event of the request that ctx belongs to. Outside of Wrap it
// is an empty one that nobody reads.
func EventOf(ctx context.Context) *Event {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		return e
	}
	return &Event{}
}

func withEvent(ctx context.Context, e *Event) context.Context {
	return context.WithValue(ctx, eventKey{}, e)
}
