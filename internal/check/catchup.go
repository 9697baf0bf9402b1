package check

import (
	"context"
	"strconv"

	"custodex.dev/internal/sequencer"
)

// catchUp takes what the entries say that have come since, up to the end that the log has now. It keeps
// no rate: if it were slower than the server writes, each call would have more to read.
func (c *checker) catchUp(ctx context.Context) error {
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	return c.noteUpTo(ctx, head.Entries, false)
}

// noteUpTo takes what the entries before one say that were not read yet, at the rate if that is asked
// for. One that is missing or altered is a finding, if it was not told of.
func (c *checker) noteUpTo(ctx context.Context, to int64, rated bool) error {
	for c.said.next < to {
		end := min(c.said.next+batch, to)
		rows, err := c.cfg.Store.AuditRange(ctx, c.app, c.said.next, int(end-c.said.next))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			if end, err = c.after(ctx, end, to); err != nil {
				return err
			}
		}
		for i := range rows {
			e, intact := sequencer.ReadRow(c.app, c.key, &rows[i])
			c.missed(c.said.next, e.Seq)
			if c.said.note(&e, intact); !intact && e.Seq >= c.named {
				c.found(Altered, "audit", strconv.FormatInt(e.Seq, 10), "the entry does not match its checksum")
			}
		}
		c.missed(c.said.next, end)
		c.said.next = end
		if !rated {
			continue
		}
		if err := c.read(ctx, len(rows), to); err != nil {
			return err
		}
	}
	return nil
}

// missed reports that the entries with from <= Seq < to are missing, unless it was told of: a few each
// for itself.
func (c *checker) missed(from, to int64) {
	const few = 1000
	if from = max(from, c.named); from < to && c.told != nil {
		c.told.gaps = true
	}
	if to-from > few {
		c.found(Removed, "audit", strconv.FormatInt(from, 10), "the entries from %d to %d are missing", from, to-1)
		return
	}
	for ; from < to; from++ {
		c.found(Removed, "audit", strconv.FormatInt(from, 10), "the entry is missing")
	}
}
