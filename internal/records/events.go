package records

import (
	"context"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/event"
	"custodex.dev/internal/feed"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// EventsRequest asks for events, oldest first.
type EventsRequest struct {
	After string        // Next of an earlier answer, feed.LatestCursor, or "" for the oldest
	Types []string      // nil: all
	Limit int           // at most this many, up to 1,000; 0 is 100
	Wait  time.Duration // for an event if there is none, up to 30 s
}

// EventPage is a part of the events. Next goes on behind it, also when it is empty.
type EventPage struct {
	Events []store.EventRow
	Next   string
}

// ListEvents gives the events of caller.App. An answer with events leaves an entry that names their
// customers. One without leaves none: it says that nothing happened, of nobody, and whoever waits
// asks again all day. Faults: Forbidden, Invalid, feed.ErrCursorExpired, TooMany.
func (s *Service) ListEvents(ctx context.Context, caller tenant.Caller, in EventsRequest) (EventPage, error) {
	o, err := s.authorize(ctx, caller, authz.EventList)
	if err != nil {
		return EventPage{}, err
	}
	q := feed.Query{Latest: in.After == feed.LatestCursor, Types: in.Types, Limit: in.Limit, Wait: in.Wait}
	if err := q.Check(event.Types()); err != nil {
		return EventPage{}, err
	}
	if in.After != "" && !q.Latest {
		c, err := o.openCursor(in.After)
		if err != nil {
			return EventPage{}, err
		}
		q.After = feed.Position{Next: c.Seq, Mark: c.ID}
	}
	found, err := s.feed.Read(ctx, caller.App, q)
	if err != nil {
		return EventPage{}, o.recordFailure(ctx, err)
	}
	answer := EventPage{found.Events, o.sealCursor(page.Cursor{Seq: found.Next.Next, ID: found.Next.Mark})}
	if len(found.Events) == 0 {
		return answer, nil
	}
	entry := o.entry(audit.Done, nil)
	event.Describe(&entry, found.Events, in.Types != nil)
	return recorded(ctx, o, entry, answer)
}
