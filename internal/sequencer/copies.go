package sequencer

import (
	"context"
	"slices"
	"sync"

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
		w = &window{seqs: make(map[fingerprint]int64)}
		s.windows[app] = w
	}
	return w
}

// copied gives the place in rows of the first that is a copy of an earlier entry, or of another of
// rows; len(rows) if none is. The rows follow each other, and are about to be integrated. An entry
// that is older than what is remembered is looked for in the whole log.
func (s *Sequencer) copied(ctx context.Context, app id.App, rows []store.AuditRow) (int, error) {
	w := s.window(app)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := s.fill(ctx, app, w, rows[0].Seq, rows[0].At); err != nil {
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
		if w.first > 0 && rows[i].At < w.times[0]+windowSlack {
			old[f] = i
		}
		w.add(&rows[i])
	}
	found, err := s.scan(ctx, app, w.first, old)
	w.forget()
	return min(at, found), err
}

// fill makes the window reach the entry before from, and back far enough for entries of the time.
func (s *Sequencer) fill(ctx context.Context, app id.App, w *window, from, time int64) error {
	if w.next() == from || w.first <= from && from < w.next() {
		return nil
	}
	var rows []store.AuditRow
	for start := from; start > 0 && len(rows) < windowLimit; {
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
		if page[0].At < time-windowTime {
			break
		}
	}
	w.first = from - int64(len(rows))
	w.times, w.order = nil, nil
	clear(w.seqs)
	for i := range rows {
		w.add(&rows[i])
	}
	return nil
}

// scan looks for the entries among those before the number end. It gives the least place of one
// that is there.
func (s *Sequencer) scan(ctx context.Context, app id.App, end int64, wanted map[fingerprint]int) (int, error) {
	found := int(^uint(0) >> 1)
	for from := int64(0); from < end && len(wanted) > 0; from += scanPage {
		page, err := s.cfg.Store.AuditRange(ctx, app, from, int(min(scanPage, end-from)))
		if err != nil {
			return 0, err
		}
		for i := range page {
			if at, ok := wanted[fingerprintOf(&page[i])]; ok {
				found = min(found, at)
			}
		}
	}
	return found, nil
}
