package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Event says that something of an application changed. It holds ids and names, never a value.
type Event struct {
	ID       string    `json:"id"`   // evt_…, the same in every answer
	Type     string    `json:"type"` // for example customer.updated
	Time     time.Time `json:"time"`
	Object   string    `json:"object"`   // id of what changed
	Customer *string   `json:"customer"` // id of the customer that a transaction or address hangs on
	Version  *int64    `json:"version"`  // grows with each change of customers; nil: no customer changed by itself
	Fields   []string  `json:"fields"`   // names of what changed, if the type says that something did
}

// EventQuery asks for events, oldest first.
type EventQuery struct {
	After string        // Next of an earlier page, "latest" for the end, or "" for the oldest that is kept
	Types []string      // nil: all
	Limit int           // events a page, 1 to 1,000; 0: 100
	Wait  time.Duration // for an event if there is none: whole seconds up to 30
}

// maxEventWait is the longest that a server waits for an event, before it begins to answer.
const maxEventWait = 30 * time.Second

// EventPage is a part of an application's events.
type EventPage struct {
	Events []Event `json:"data"`
	Next   string  `json:"next"` // for EventQuery.After, also after an empty page
}

// ListEvents gives the events after a cursor. Its error has the code cursor_expired if they are gone:
// then read the records anew, from a cursor that "latest" gave before.
func (m *Manage) ListEvents(ctx context.Context, app string, q EventQuery) (EventPage, error) {
	values := url.Values{}
	if q.After != "" {
		values.Set("after", q.After)
	}
	if q.Types != nil {
		values.Set("types", strings.Join(q.Types, ","))
	}
	if q.Limit != 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	if q.Wait != 0 {
		values.Set("wait", strconv.Itoa(int(q.Wait/time.Second)))
	}
	return answer[EventPage](ctx, m.t, call{method: http.MethodGet, path: appPath(app) + "/events", query: values})
}
