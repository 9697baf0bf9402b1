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

// seed makes every fill the same people.
const seed = 20_261

// So many customers a call of the bulk path, and so many calls at once: one is
// sealed while another is stored.
const (
	fillBatch   = 1000
	fillWorkers = 2
)

// errRefused ends a fill that gains nothing any more.
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
func (l *local) fillRound(ctx context.Context, p *progress, from, n int) (made int, err error) {
	people := NewPeople(seed)
	var next, total atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range fillWorkers {
		g.Go(func() error {
			for {
				first := int(next.Add(fillBatch)) - fillBatch
				if first >= n {
					return nil
				}
				made, err := l.importSome(ctx, people, from+first, min(fillBatch, n-first))
				p.add(made)
				total.Add(int64(made))
				if err != nil {
					return err
				}
			}
		})
	}
	err = g.Wait()
	return int(total.Load()), err
}

func (l *local) importSome(ctx context.Context, people People, from, n int) (made int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	inputs := make([]customer.Input, n)
	for i := range inputs {
		inputs[i] = people.Person(uint64(from + i)).Input()
	}
	result, err := l.server.Records().ImportCustomers(ctx, l.caller, inputs)
	if err != nil {
		return 0, err
	}
	for _, p := range result.Problems {
		if !errors.Is(p.Err, fault.Conflict) {
			return n - len(result.Problems), p.Err
		}
	}
	return n - len(result.Problems), nil
}

// fillOver creates people one by one, on all connections.
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
