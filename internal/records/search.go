package records

import (
	"context"
	"slices"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/index"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// SearchMemory is how many bytes the search indexes hold now, and how many there are.
func (s *Service) SearchMemory() (bytes int64, count int) { return s.indexes.Memory() }

// DropIndexes drops every search index, as if none had been used for long.
func (s *Service) DropIndexes() { s.indexes.Drop() }

// A customer on a page may change between the scan and the reading of its row, and then no longer match. The
// page is then searched again, at most settleTries times. After that it is answered as it is if it holds any
// customer, or is the last. Another empty page would end a walk too early: so up to maxTries, each further
// try waits and looks at ten times as many places, which only a writer that changes them all keeps empty.
const (
	settleTries = 3
	maxTries    = 6
)

var errUnsettled = fault.New(fault.Unavailable, "search_unsettled", "The customers found keep changing; try again").After(time.Second)

// spare is how many more places than its page holds a search looks at.
func spare(try int) int {
	n := 1
	for ; try > settleTries; try-- {
		n *= 10
	}
	return n - 1
}

// search finds a page by fragment: in the application's index, or in the store
// while there is none.
func (o *operation) search(ctx context.Context, p *index.Permit, find customer.ListQuery, w *walk) (listing, error) {
	q := search.Query{Filter: indexFilter(find.Filter), After: w.after, Skip: find.Skip, Take: find.Take}
	q.Except = w.lead
	for try := 1; ; {
		ix, build, err := o.s.indexes.Current(ctx, p, decoder(o.key))
		if err != nil {
			return listing{}, err
		}
		if ix == nil {
			l, done, err := o.stream(ctx, p, q, build)
			if done || err != nil {
				return l, err
			}
			if err := p.Wait(ctx, build); err != nil {
				return listing{}, err
			}
			continue
		}
		l, settled, err := o.scan(ctx, p, ix, q, spare(try))
		switch {
		case err != nil || settled || try >= settleTries && len(l.Customers) > 0 || try == settleTries && !l.more:
			return l, err
		case try == maxTries:
			return listing{}, errUnsettled
		}
		try++
		if err := sleep.For(ctx, time.Duration(spare(try))*100*time.Microsecond); err != nil {
			return listing{}, err
		}
	}
}

// stream searches by reading customers newest first. It stops with done false as
// soon as the index is there, or is being built and worth waiting for.
func (o *operation) stream(ctx context.Context, p *index.Permit, q search.Query, build *index.Build) (l listing, done bool, err error) {
	m := search.NewMatcher(q.Filter)
	var status uint8
	if q.Status != nil {
		status = *q.Status
	}
	skip := q.Skip
	done, err = o.s.indexes.Stream(ctx, p, build, q.After, status, func(row *store.CustomerRow) bool {
		e := o.decode(ctx, row)
		switch {
		case !m.Match(indexEntry(&e.Customer)):
		case skip > 0:
			skip--
		case len(l.Customers) == q.Take:
			l.more = true
			return false
		case !e.undecryptable:
			l.Customers, l.end = append(l.Customers, e.Customer), e.position()
		}
		return true
	})
	if !done || err != nil {
		return listing{}, false, err
	}
	return l, true, nil
}

// scan searches the index for a page and that many places to spare. It looks for twice
// as many more as cannot be shown.
func (o *operation) scan(ctx context.Context, p *index.Permit, ix *search.Index, q search.Query, spare int) (l listing, settled bool, err error) {
	release, err := p.AcquireScan(ctx)
	if err != nil {
		return listing{}, false, err
	}
	defer release()
	take, undecryptable := q.Take, 0
	for {
		q.Take = take + spare + 2*undecryptable
		found, err := ix.Search(ctx, q)
		if err != nil {
			return listing{}, false, err
		}
		entries, settled, err := o.load(ctx, ix, q.Filter, found.Hits)
		if err != nil {
			return listing{}, false, err
		}
		l := cut(len(entries), take, found.More, func(i int) listEntry { return entries[i] })
		if !settled || !l.refill() {
			return l, settled, nil
		}
		undecryptable = l.undecryptable
	}
}

// maxLoad is how many numbers the store takes at once.
const maxLoad = 1000

// load reads the rows of hits, in their order. Each is matched again as it was
// read, so that a page never shows a customer that does not match; settled is
// false if that left one out.
func (o *operation) load(ctx context.Context, ix *search.Index, f search.Filter, hits []page.Position) (entries []listEntry, settled bool, err error) {
	version := ix.Version()
	m := search.NewMatcher(f)
	entries = make([]listEntry, 0, len(hits))
	var opaque []search.Entry
	for part := range slices.Chunk(hits, maxLoad) {
		seqs := make([]int64, len(part))
		for i, h := range part {
			seqs[i] = h.Seq
		}
		rows, err := o.s.store.CustomerBySeq(ctx, o.caller.App, seqs)
		if err != nil {
			return nil, false, err
		}
		for i := range rows {
			e := o.decode(ctx, &rows[i])
			searched := indexEntry(&e.Customer)
			if e.undecryptable {
				opaque = append(opaque, searched)
			}
			if m.Match(searched) {
				entries = append(entries, e)
			}
		}
	}
	slices.SortFunc(entries, func(x, y listEntry) int { return x.position().Compare(y.position()) })
	if len(opaque) > 0 {
		// The index may hold a name from before the damage, or the erasure. It forgets
		// that, unless it has moved on.
		ix.Apply(opaque, version)
	}
	return entries, len(entries) == len(hits), nil
}
