package finder

import (
	"context"
	"slices"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/index"
	"custodex.dev/internal/search"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// A customer on a page may change between the scan and the reading of its row, and then no longer
// match. The page is then searched again, at most settleTries times. After that it is answered as
// it is if it holds any customer, or is the last. Another empty page would end a walk too early: so
// up to maxTries, each further try waits and looks at ten times as many places, which only a writer
// that changes them all keeps empty.
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
func (l *lookup) search(ctx context.Context, p *index.Permit, q *searchQuery) (listing, error) {
	q.Matcher = search.NewMatcher(q.Filter)
	stream := l.stream
	if q.ranked {
		stream = l.streamRanked
	}
	for try := 1; ; {
		ix, build, err := l.cfg.Indexes.Current(ctx, p, decoder(l.key))
		if err != nil {
			return listing{}, err
		}
		if ix == nil {
			// A page by relevance needs all customers, and a build reads them already.
			if !q.ranked || !build.Building() {
				found, done, err := stream(ctx, p, q, build)
				if done || err != nil {
					return found, err
				}
			}
			if err := p.AwaitBuild(ctx, build); err != nil {
				return listing{}, err
			}
			continue
		}
		found, settled, err := l.scan(ctx, p, ix, q, spare(try))
		switch {
		case err != nil || settled || try >= settleTries && len(found.Customers) > 0 || try == settleTries && !found.more:
			return found, err
		case try == maxTries:
			return listing{}, errUnsettled
		}
		try++
		if err := sleep.For(ctx, time.Duration(spare(try))*100*time.Microsecond); err != nil {
			return listing{}, err
		}
		if q.Group != nil {
			// Its deletion takes all customers out of it at once, which looks like many changes.
			if gone, err := l.groupGone(ctx, *q.Group); gone || err != nil {
				return listing{}, err
			}
		}
	}
}

// stream searches by reading customers newest first. It stops with done false as
// soon as the index is there, or is being built and worth waiting for.
func (l *lookup) stream(ctx context.Context, p *index.Permit, q *searchQuery, build *index.Build) (found listing, done bool, err error) {
	skip := q.skip
	done, err = l.cfg.Indexes.Stream(ctx, p, build, positionOf(q.after), q.status(), func(row *store.CustomerRow) bool {
		e := l.decode(ctx, row)
		switch {
		case !q.Match(indexEntry(&e.Customer)):
		case skip > 0:
			skip--
		case len(found.Customers) == q.take:
			found.more = true
			return false
		case !e.undecryptable:
			found.Customers, found.end = append(found.Customers, e.Customer), e.at
		}
		return true
	})
	if !done || err != nil {
		return listing{}, false, err
	}
	return found, true, nil
}

// scan searches the index for a page and that many places to spare. It looks for twice
// as many more as cannot be shown.
func (l *lookup) scan(ctx context.Context, p *index.Permit, ix *search.Index, q *searchQuery, spare int) (listing, bool, error) {
	release, err := p.AcquireScan(ctx)
	if err != nil {
		return listing{}, false, err
	}
	defer release()
	undecryptable := 0
	for {
		hits, more, err := q.in(ctx, ix, q.take+spare+2*undecryptable)
		if err != nil {
			return listing{}, false, err
		}
		entries, settled, err := l.load(ctx, ix, q, hits)
		if err != nil {
			return listing{}, false, err
		}
		found := cut(len(entries), q.take, more, func(i int) listEntry { return entries[i] })
		if !settled || !found.refill() {
			return found, settled, nil
		}
		undecryptable = found.undecryptable
	}
}

// maxLoad is how many numbers the store takes at once.
const maxLoad = 1000

// load reads the rows of hits, in their order. Each is matched again as it was
// read, so that a page never shows a customer that does not match or has another
// place by now; settled is false if that left one out.
func (l *lookup) load(ctx context.Context, ix *search.Index, q *searchQuery, hits []search.Rank) (entries []listEntry, settled bool, err error) {
	version := ix.Version()
	entries = make([]listEntry, 0, len(hits))
	var opaque []search.Entry
	for part := range slices.Chunk(hits, maxLoad) {
		seqs := make([]int64, len(part))
		for i, h := range part {
			seqs[i] = h.Seq
		}
		rows, err := l.cfg.Store.CustomerBySeq(ctx, l.app, seqs)
		if err != nil {
			return nil, false, err
		}
		for i := range rows {
			e := l.decode(ctx, &rows[i])
			searched := indexEntry(&e.Customer)
			if e.undecryptable {
				opaque = append(opaque, searched)
			}
			e.at = q.rank(searched)
			if _, found := slices.BinarySearchFunc(hits, e.at, search.Rank.Compare); found && q.Match(searched) {
				entries = append(entries, e)
			}
		}
	}
	slices.SortFunc(entries, func(x, y listEntry) int { return x.at.Compare(y.at) })
	if len(opaque) > 0 {
		// The index may hold a name from before the damage, or the erasure. It forgets
		// that, unless it has moved on.
		ix.Apply(opaque, version)
	}
	return entries, len(entries) == len(hits), nil
}
