package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/sleep"
)

type eventCmd struct {
	List   eventListCmd   `cmd:"" help:"List events, oldest first."`
	Follow eventFollowCmd `cmd:"" help:"Print events as they happen, one a line, until interrupted."`
}

// eventFlags are those of both verbs.
type eventFlags struct {
	appFlags
	Types []string `name:"types" placeholder:"TYPE,…" help:"Only these types, as customer.created."`
}

type eventListCmd struct {
	eventFlags
	After string `name:"after" placeholder:"CURSOR" help:"Only events after this cursor, to go on from an earlier list. Default: the oldest that are kept."`
	Limit int    `name:"limit" default:"100" help:"Events to show, 1 to 1000."`
}

// Run lists events.
func (c *eventListCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.EventPage, error) {
		return op.ListEvents(ctx, app, client.EventQuery{After: c.After, Types: c.Types, Limit: cmp.Or(c.Limit, -1)})
	}, env.printEvents)
}

func (e *environment) printEvents(page client.EventPage) error {
	if e.json {
		return e.printJSON(page)
	}
	var rows [][]string
	for _, event := range page.Events {
		rows = append(rows, eventColumns(event))
	}
	if err := e.table([]string{"TIME", "TYPE", "OBJECT", "CUSTOMER", "FIELDS"}, rows); err != nil {
		return err
	}
	return e.tellCursor(page.Next)
}

func eventColumns(event client.Event) []string {
	customer := "-"
	if event.Customer != nil {
		customer = *event.Customer
	}
	return []string{formatTime(event.Time), event.Type, event.Object, customer, orDash(strings.Join(event.Fields, ","))}
}

func (e *environment) tellCursor(next string) error {
	_, err := fmt.Fprintf(e.err, "to go on: add --after %s\n", next)
	return err
}

type eventFollowCmd struct {
	eventFlags
	After string `name:"after" placeholder:"CURSOR" default:"latest" help:"Where to begin: a cursor, or latest for what happens from now on."`
	Count int    `name:"count" placeholder:"N" help:"End after this many events. Default: never."`
}

// followWait is how long one request waits for an event.
const followWait = 20 * time.Second

// Run follows events. An interruption is an orderly end.
func (c *eventFollowCmd) Run(ctx context.Context, env *environment) error {
	if c.Count < 0 {
		return usage("--count: use a number of events, as 100", "without it the events are followed until interrupted")
	}
	return askApp(env, &c.appFlags, func(op operator, app string) (struct{}, error) {
		return struct{}{}, c.follow(ctx, env, op, app)
	}, func(struct{}) error { return nil })
}

// follow prints events until it is interrupted, has printed enough or fails, and tells how to go on
// whenever it knows.
func (c *eventFollowCmd) follow(ctx context.Context, env *environment, op operator, app string) error {
	q := client.EventQuery{After: c.After, Types: c.Types, Limit: 1000} // at first no Wait: it makes a place of latest
	place := ""
	err := func() error {
		for shown := 0; c.Count == 0 || shown < c.Count; {
			if c.Count > 0 {
				q.Limit = min(c.Count-shown, 1000)
			}
			page, err := op.ListEvents(ctx, app, q)
			if ctx.Err() != nil {
				return nil
			}
			refused, ok := client.AsError(err)
			if ok && refused.RetryAfter > 0 {
				_ = sleep.For(ctx, refused.RetryAfter) // an interruption ends the next request
				continue
			}
			if ok && refused.Status == http.StatusGone {
				place = ""
			}
			if err != nil {
				return err
			}
			if err := env.printFollowed(page.Events); err != nil {
				return err
			}
			shown += len(page.Events)
			place, q.After, q.Wait = page.Next, page.Next, followWait
		}
		return nil
	}()
	if place == "" {
		return err
	}
	return errors.Join(err, env.tellCursor(place))
}

// printFollowed prints an event a line.
func (e *environment) printFollowed(events []client.Event) error {
	for _, event := range events {
		line := strings.Join(eventColumns(event), "  ")
		if e.json {
			b, err := json.Marshal(event)
			if err != nil {
				return err
			}
			line = string(b)
		}
		if err := e.printf("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}
