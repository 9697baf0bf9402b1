package sequencer

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// A checksum binds everything of an entry but its number, so a whole row copied to the end of the
// log carries a good one. It is refused because no two entries have the same checksum: each holds
// a personal part that is encrypted with a nonce of its own.

const (
	windowEntries = 1024   // entries that a window remembers at least
	windowTime    = 30_000 // milliseconds that it remembers at least
	windowSlack   = 5_000  // milliseconds by which times may be out of order
	windowLimit   = 1 << 16
	windowIdle    = 10 * time.Minute // after which it is forgotten
	earlierLimit  = 1 << 20
	scanPage      = 4096
)

// fingerprint is the first half of an entry's checksum.
type fingerprint [16]byte

func fingerprintOf(row *store.AuditRow) (f fingerprint) {
	copy(f[:], row.MAC)
	return f
}

// window remembers the last entries of one log, from the number first on.
type window struct {
	mu    sync.Mutex
	first int64
	times []int64 // of the entries, in their order
	order []fingerprint
	seqs  map[fingerprint]int64

	earlier *earlier // while the clock has been set back
	used    time.Time
}

// earlier are the entries before a window that are not older than a time. After the clock was set
// back, entries are made at times that others have had already.
type earlier struct {
	from, to int64 // times: complete from the first on; no entry is after the second
	known    map[fingerprint]struct{}
}

// mayHold reports whether there may be an entry of the time.
func (e *earlier) mayHold(at int64) bool { return e != nil && at <= e.to }

// add remembers an entry. What would take too much memory is looked for in the log instead.
func (e *earlier) add(f fingerprint, at int64) {
	if e == nil || at < e.from {
		return
	}
	if e.known[f] = struct{}{}; len(e.known) > earlierLimit {
		e.from, e.known = math.MaxInt64, nil
	}
}

func (w *window) next() int64 { return w.first + int64(len(w.order)) }

func (w *window) add(row *store.AuditRow) {
	if row.Seq != w.next() {
		return // remembered already
	}
	f := fingerprintOf(row)
	w.times, w.order = append(w.times, row.At), append(w.order, f)
	if _, known := w.seqs[f]; !known {
		w.seqs[f] = row.Seq
	}
}

// forget forgets the oldest entries that need not be remembered.
func (w *window) forget() {
	n := len(w.order)
	drop := 0
	for drop < n-windowEntries && (w.times[drop] < w.times[n-1]-2*windowTime || n-drop > windowLimit) {
		delete(w.seqs, w.order[drop])
		w.earlier.add(w.order[drop], w.times[drop])
		drop++
	}
	w.first += int64(drop)
	w.times, w.order = slices.Delete(w.times, 0, drop), slices.Delete(w.order, 0, drop)
}

// window gives the window of a log.
func (s *Sequencer) window(app id.App) *window {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.windows[app]
	if w == nil {
		w = &window{seqs: make(map[fingerprint]int64), used: time.Now()}
		s.windows[app] = w
	}
	return w
}

// copied gives the place in rows of the first that is a copy of an earlier entry, or of another of
// rows; len(rows) if none is. The rows follow each other, and are about to be integrated. An entry
// that is older than what is remembered is looked for in the whole log. No entry that was
// integrated is younger than the time of the signed tree, in milliseconds.
func (s *Sequencer) copied(ctx context.Context, app id.App, rows []store.AuditRow, signed int64) (int, error) {
	w := s.window(app)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = time.Now()
	oldest := slices.MinFunc(rows, func(a, b store.AuditRow) int { return cmp.Compare(a.At, b.At) }).At
	if err := s.backfill(ctx, app, w, rows[0].Seq, oldest); err != nil {
		return 0, err
	}
	if err := s.lookBack(ctx, app, w, oldest, signed); err != nil {
		return 0, err
	}
	old := make(map[fingerprint]int)
	at := len(rows)
	for i := range rows {
		f := fingerprintOf(&rows[i])
		if seq, known := w.seqs[f]; known && seq != rows[i].Seq {
			at = i
			break
		}
		switch e := w.earlier; {
		case w.first == 0:
		case e.mayHold(rows[i].At) && rows[i].At >= e.from:
			if _, known := e.known[f]; known {
				at = min(at, i)
			}
		case e.mayHold(rows[i].At) || rows[i].At < w.times[0]+windowSlack:
			old[f] = i
		}
		w.add(&rows[i])
	}
	if len(old) > 0 {
		err := s.scan(ctx, app, w.first, func(row *store.AuditRow) {
			if i, ok := old[fingerprintOf(row)]; ok {
				at = min(at, i)
			}
		})
		if err != nil {
			return 0, err
		}
	}
	w.forget()
	return at, nil
}

// lookBack makes the window know the entries before it that may be as young as those of a batch.
// There are some if the last entries are older than the signed tree: the clock was set back.
func (s *Sequencer) lookBack(ctx context.Context, app id.App, w *window, oldest, signed int64) error {
	if e := w.earlier; e != nil {
		if oldest > e.to+2*windowTime {
			w.earlier = nil // the clock has caught up
		}
		return nil
	}
	if w.first == 0 || oldest > signed {
		return nil
	}
	last := w.times[len(w.times)-1]
	if last+windowSlack >= signed {
		return nil
	}
	e := &earlier{from: min(oldest, last) - windowSlack, to: signed, known: make(map[fingerprint]struct{})}
	err := s.scan(ctx, app, w.first, func(row *store.AuditRow) {
		e.to = max(e.to, row.At)
		e.add(fingerprintOf(row), row.At)
	})
	if err == nil {
		w.earlier = e
	}
	return err
}

// backfill makes the window reach the entry before the given one, and back far enough for entries of
// the time since.
func (s *Sequencer) backfill(ctx context.Context, app id.App, w *window, before, since int64) error {
	if w.next() == before || w.first <= before && before < w.next() {
		return nil
	}
	if gap := before - w.next(); len(w.order) > 0 && gap > 0 && gap <= windowLimit {
		return s.extend(ctx, app, w, before) // other replicas integrated some
	}
	w.earlier = nil
	var rows []store.AuditRow
	for start := before; start > 0 && len(rows) < windowLimit; {
		to := start
		start = max(0, start-windowEntries)
		page, err := s.cfg.Store.AuditRange(ctx, app, start, int(to-start))
		if err != nil {
			return err
		}
		if int64(len(page)) != to-start {
			return damagef("entries before %d are missing", to)
		}
		rows = append(page, rows...)
		if page[0].At < since-windowTime {
			break
		}
	}
	w.first = before - int64(len(rows))
	w.times, w.order = nil, nil
	clear(w.seqs)
	for i := range rows {
		w.add(&rows[i])
	}
	return nil
}

// extend reads on to the entry before from.
func (s *Sequencer) extend(ctx context.Context, app id.App, w *window, from int64) error {
	for w.next() < from {
		start := w.next()
		n := min(scanPage, from-start)
		page, err := s.cfg.Store.AuditRange(ctx, app, start, int(n))
		if err != nil {
			return err
		}
		if int64(len(page)) != n {
			return damagef("entries before %d are missing", from)
		}
		for i := range page {
			w.add(&page[i])
		}
	}
	return nil
}

// scan calls fn for the entries before the number end.
func (s *Sequencer) scan(ctx context.Context, app id.App, end int64, fn func(*store.AuditRow)) error {
	for from := int64(0); from < end; from += scanPage {
		page, err := s.cfg.Store.AuditRange(ctx, app, from, int(min(scanPage, end-from)))
		if err != nil {
			return err
		}
		for i := range page {
			fn(&page[i])
		}
	}
	return nil
}

// evictIdleWindows forgets the windows of logs to which nothing has been added for a while.
func (s *Sequencer) evictIdleWindows() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for app, w := range s.windows {
		if !w.mu.TryLock() {
			continue // in use
		}
		if time.Since(w.used) > windowIdle {
			delete(s.windows, app)
		}
		w.mu.Unlock()
	}
}
