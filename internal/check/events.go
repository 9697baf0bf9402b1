package check

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"strconv"
	"strings"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/event"
	"custodex.dev/internal/store"
)

// told are the events that the entries of a log stand for, as far as the newest are compared: a hash of
// each. They are in the order of the rows, because both are written in the order of commits.
type told struct {
	seed    maphash.Seed
	most    int // that are kept
	all     int64
	hashes  []uint64        // of the newest
	doubted map[string]bool // objects that altered entries name: nobody knows what happened to them
	gaps    bool            // entries are missing or altered, so the number of an event does not find it here
	gone    bool            // events are missing
	unsure  bool            // some were altered that say that they are of changes
}

func newTold(most int64) *told {
	return &told{seed: maphash.MakeSeed(), most: int(max(min(most, maxEvents), 0)), doubted: make(map[string]bool)}
}

// maxEvents is how many of the newest events are compared with the log.
const maxEvents = 10_000_000

// hash gives a number of what the log knows of an event: all but its version.
func (w *told) hash(row *store.EventRow) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	_, _ = h.WriteString(strconv.FormatInt(row.At, 10))
	for _, s := range [...]string{row.Type, row.Object, row.Customer, row.Fields} {
		_ = h.WriteByte(0)
		_, _ = h.WriteString(s)
	}
	return h.Sum64()
}

// note takes the events of an entry.
func (w *told) note(e *audit.Entry, intact bool) {
	if !intact {
		w.gaps = true
		if !event.Silent(e.Action) {
			w.doubt(e)
		}
		return
	}
	if e.Dialect == "upgrade" { // it was written without events
		return
	}
	for _, row := range event.Of(e) {
		w.add(w.hash(&row))
	}
}

func (w *told) add(hash uint64) {
	w.all++
	if w.hashes = append(w.hashes, hash); len(w.hashes) > 2*w.most {
		w.hashes = append(w.hashes[:0], w.hashes[len(w.hashes)-w.most:]...)
	}
}

// doubt takes an altered entry. Its events are probably as many as it says, and about the same objects.
func (w *told) doubt(e *audit.Entry) {
	w.unsure = true
	w.doubted[strings.TrimPrefix(e.Subject, "group ")] = true
	for _, target := range e.Targets {
		w.doubted[target.String()] = true
	}
	for range event.Of(e) {
		w.add(0)
	}
}

// firstEvent gives the number of the oldest event, and that of the next one if there is none.
func (c *checker) firstEvent(ctx context.Context) (int64, error) {
	rows, err := c.cfg.Store.EventList(ctx, c.app, -1, 1)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return c.head.Events, nil
	}
	return rows[0].Seq, nil
}

// checkEvents compares the events with the entries of the changes that they are about.
func (c *checker) checkEvents(ctx context.Context) error {
	c.begin("events")
	first, err := c.firstEvent(ctx)
	if err != nil {
		return err
	}
	var hashes []uint64       // of the rows from first on; 0 of one that is not compared
	bad := map[int64]string{} // by number
	version := int64(0)
	for next, end, more := first, c.head.Events, true; more; {
		rows, err := c.cfg.Store.EventList(ctx, c.app, next-1, batch)
		if err != nil {
			return err
		}
		if end, err = c.eventsEnd(ctx, rows, end); err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			if row.Seq >= end { // it came since
				break
			}
			hashes = append(hashes, c.goneEvents(next, row.Seq)...)
			next = row.Seq + 1
			if version, err = c.nextVersion(row, version); err != nil {
				bad[row.Seq] = err.Error()
			}
			c.deleted.noteEvent(row)
			if c.told.doubted[row.Object] {
				hashes = append(hashes, 0)
			} else {
				hashes = append(hashes, c.told.hash(row))
			}
		}
		if len(rows) < batch || rows[len(rows)-1].Seq >= end {
			if c.told.ended(hashes) && end != math.MaxInt64 && next < end {
				c.found(Counter, "head", "events", "the counter of events is %d, and the newest is %d", end, next-1)
			} else if end != math.MaxInt64 {
				hashes = append(hashes, c.goneEvents(next, end)...)
			}
			more = false
		}
		if err := c.read(ctx, len(rows), c.head.Events-first); err != nil {
			return err
		}
	}
	for _, i := range c.told.differ(hashes, c.head.Events) {
		bad[first+int64(i)] = "the log has another event in this place, or none"
	}
	c.deleted.unknown = c.told.unsure || len(bad) > 0 || c.told.gone
	for seq, text := range bad {
		c.found(Altered, "event", strconv.FormatInt(seq, 10), "%s", text)
	}
	return nil
}

// eventsEnd gives where the comparison ends after these rows: at end, unless there are events behind it
// that the counter does not know of.
func (c *checker) eventsEnd(ctx context.Context, rows []store.EventRow, end int64) (int64, error) {
	if len(rows) == 0 || rows[len(rows)-1].Seq < end {
		return end, nil
	}
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return 0, err
	}
	last := rows[len(rows)-1].Seq
	if last < head.Events {
		return end, nil
	}
	c.found(Counter, "head", "events", "the counter of events is %d, and there is event %d", head.Events, last)
	return math.MaxInt64, nil
}

// ended reports whether the last row is the last event of the log.
func (w *told) ended(rows []uint64) bool {
	return len(rows) > 0 && len(w.hashes) > 0 && rows[len(rows)-1] == w.hashes[len(w.hashes)-1]
}

// differ gives the rows that are not those of the log, which end together. 0 is any row. If entries are
// missing, the log may have none in the place of some rows, as many as it has fewer than there were: what
// fits better with the rows before decides. A log that is older than events has more of them.
func (w *told) differ(rows []uint64, were int64) (bad []int) {
	const ahead = 64
	lost := were - w.all
	if lost < 0 {
		lost = were
	}
	fit := func(i, j int) (n int) {
		for k := range min(ahead, i+1, j+1) {
			if rows[i-k] == w.hashes[j-k] {
				n++
			}
		}
		return n
	}
	skip := 0 // rows of which the log has none
	for i, j := len(rows)-1, len(w.hashes)-1; i >= 0 && (j >= 0 || w.all == int64(len(w.hashes))); i-- {
		if j >= 0 && skip == 0 && rows[i] == w.hashes[j] {
			j--
			continue
		}
		if w.gaps && skip == 0 {
			best := fit(i-1, j-1)
			for k := 1; k <= int(min(lost, ahead, int64(i))); k++ {
				if n := fit(i-k, j); n > best {
					best, skip = n, k
				}
			}
			lost -= int64(skip)
		}
		if skip > 0 {
			skip--
		} else {
			j--
		}
		if rows[i] != 0 {
			bad = append(bad, i)
		}
	}
	return bad
}

// goneEvents reports that the events with from <= Seq < to are missing, and gives a hash for each.
func (c *checker) goneEvents(from, to int64) []uint64 {
	const few = 1000
	c.told.gone = c.told.gone || from < to
	none := make([]uint64, min(max(to-from, 0), maxEvents))
	if to-from > few {
		c.found(Removed, "event", strconv.FormatInt(from, 10), "the events from %d to %d are missing", from, to-1)
		return none
	}
	for ; from < to; from++ {
		c.found(Removed, "event", strconv.FormatInt(from, 10), "the event is missing")
	}
	return none
}

// errVersion is the fault of an event that has not the version of a change in its place.
var errVersion = errors.New("the version of the event is not between those of its neighbours")

// nextVersion compares the version of an event with that of the one before, which has no greater one.
func (c *checker) nextVersion(row *store.EventRow, before int64) (int64, error) {
	switch changes := c.told.changes(row.Type); {
	case changes && row.Version > max(c.head.Version, c.latest, c.deleted.latest), changes && row.Version < before, !changes && row.Version != 0:
		return before, errVersion
	}
	return max(before, row.Version), nil
}

// changes reports whether events of a type have the version of a customer.
func (*told) changes(kind string) bool {
	switch kind {
	case event.CustomerCreated, event.CustomerUpdated, event.CustomerDeleted:
		return true
	}
	return false
}
