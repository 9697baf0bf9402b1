package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
)

// seed is fixed, so that every fill makes the same people.
const seed = 20_261

// fillBatch is how many customers one bulk call imports. The call stores one part of
// them while it encrypts the next.
const fillBatch = 20_000

// errRefused ends a fill that makes no progress any more.
var errRefused = errors.New("the database takes no more customers: all are there already")

// fill imports people until there are so many customers. It begins with the number
// of those there are. An interrupted fill may have left gaps: what turns out to be
// there already is made up for by later numbers.
func (l *local) fill(ctx context.Context, status func(string), have, want int) error {
	p := newProgress(status, have, want)
	defer p.stop()
	for next, idle := have, 0; have < want; {
		made, err := l.fillRound(ctx, p, next, want-have)
		if err != nil {
			return err
		}
		next += want - have
		have += made
		if made > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return errRefused
		}
	}
	return nil
}

// fillRound imports n people from a number on and gives how many it made.
func (l *local) fillRound(ctx context.Context, p *progress, from, n int) (total int, err error) {
	invented := invent(from, min(fillBatch, n))
	for done := 0; done < n; done += fillBatch {
		inputs := <-invented
		if left := n - done - len(inputs); left > 0 {
			invented = invent(from+done+len(inputs), min(fillBatch, left))
		}
		made, err := l.importAll(ctx, inputs)
		p.add(made)
		total += made
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// invent generates people while others are imported.
func invent(from, n int) <-chan []customer.Input {
	invented := make(chan []customer.Input, 1)
	go func() {
		people, inputs := NewPeople(seed), make([]customer.Input, n)
		for i := range inputs {
			inputs[i] = people.Person(uint64(from + i)).Input()
		}
		invented <- inputs
	}()
	return invented
}

// importAll imports people and gives how many there were not yet.
func (l *local) importAll(ctx context.Context, inputs []customer.Input) (made int, err error) {
	result, err := l.server.Records().ImportCustomers(ctx, l.caller, inputs)
	for _, c := range result.Customers {
		if !c.IsZero() {
			made++
		}
	}
	if err != nil {
		return made, err
	}
	for _, p := range result.Problems {
		if !errors.Is(p.Err, fault.Conflict) {
			return made, p.Err
		}
	}
	return made, nil
}

// fillOver creates people one by one over HTTP, on all connections.
func (r *run) fillOver(ctx context.Context, to *endpoint, have, want int) error {
	p := newProgress(r.Status, have, want)
	defer p.stop()
	people := NewPeople(seed)
	var next atomic.Uint64
	next.Store(uint64(have))
	left := atomic.Int64{}
	left.Store(int64(want - have))
	g, ctx := errgroup.WithContext(ctx)
	for range r.Connections {
		g.Go(func() error {
			w := newWire(ctx, to)
			defer w.close()
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				body, err := json.Marshal(people.Person(next.Add(1) - 1))
				if err != nil {
					return err
				}
				switch err := w.call("POST", customers, body, 201); {
				case errors.Is(err, statusError(409)):
					left.Add(1) // it is there already
				case errors.Is(err, statusError(429)):
					return fmt.Errorf("%w: the key has a rate limit; use one without", err)
				case err != nil:
					return err
				default:
					p.add(1)
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
