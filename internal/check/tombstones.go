package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"custodex.dev/internal/event"
	"custodex.dev/internal/store"
)

const tombstoneTable = "customer_tombstone"

// deletions are what there is of deleted customers, up to the head that was read first.
type deletions struct {
	log     int64               // that the log has
	rows    []store.ChangePoint // what is left of each
	known   map[int64]bool      // versions that events of deletions have
	latest  int64               // version of a row
	since   int64               // version from which on there are events
	unknown bool                // events or entries are not as they were written
}

// noteEvent takes the version of a deletion.
func (d *deletions) noteEvent(row *store.EventRow) {
	if row.Type == event.CustomerDeleted {
		d.known[row.Version] = true
	}
	if d.since == 0 {
		d.since = row.Version
	}
}

// tombstone names what is left of a customer.
func tombstone(row store.ChangePoint) string { return fmt.Sprintf("%d/%d", row.Version, row.Seq) }

// checkTombstones compares what is left of deleted customers with the log, which has as many deletions,
// with the events of the deletions, which have their versions, and with the customers that are there.
func (c *checker) checkTombstones(ctx context.Context) error {
	c.begin("deletions")
	d := &c.deleted
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	newest := max(head.Version, c.head.Version)
	d.rows = slices.DeleteFunc(d.rows, func(row store.ChangePoint) bool { // those that came since
		return row.Version > c.head.Version && row.Version <= newest
	})
	slices.SortFunc(d.rows, func(a, b store.ChangePoint) int { return cmp.Compare(a.Seq, b.Seq) })
	named := false
	for from := 0; from < len(d.rows); from += batch {
		rows := d.rows[from:min(from+batch, len(d.rows))]
		living, err := c.numbers(ctx, rows)
		if err != nil {
			return err
		}
		for i, row := range rows {
			twice := from+i > 0 && d.rows[from+i-1].Seq == row.Seq
			switch {
			case living[row.Seq] || twice || row.Seq <= 0:
				c.found(Invented, tombstoneTable, tombstone(row), "no customer with this number was deleted, or it was before")
			case row.Version > newest && d.known[row.Version]: // an event says so, too: the counter is wrong
				c.latest = max(c.latest, row.Version)
				continue
			case row.Version > newest, !d.unknown && row.Version > d.since && d.since > 0 && !d.known[row.Version]:
				c.found(Altered, tombstoneTable, tombstone(row), "no customer was deleted with this version")
			default:
				continue
			}
			named = true
		}
		if err := c.read(ctx, len(rows), int64(len(d.rows))); err != nil {
			return err
		}
	}
	switch n := int64(len(d.rows)); {
	case c.told.unsure:
	case n < d.log:
		c.found(Removed, tombstoneTable, string(c.app), "of deleted customers there are %d, and the log has %d", n, d.log)
	case n > d.log && !named:
		c.found(Invented, tombstoneTable, string(c.app), "of deleted customers there are %d, and the log has %d", n, d.log)
	}
	return nil
}

// numbers gives which of the numbers customers have that are there.
func (c *checker) numbers(ctx context.Context, rows []store.ChangePoint) (map[int64]bool, error) {
	seqs := make([]int64, len(rows))
	for i := range rows {
		seqs[i] = rows[i].Seq
	}
	there, err := c.cfg.Store.CustomerBySeq(ctx, c.app, seqs)
	if err != nil {
		return nil, err
	}
	living := make(map[int64]bool, len(there))
	for i := range there {
		living[there[i].Seq] = true
	}
	return living, nil
}
