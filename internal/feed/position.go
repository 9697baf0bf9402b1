package feed

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Position is a place among the events of an application. The zero value is before the oldest that
// is stored, whatever its number.
type Position struct {
	Next int64    // number of the event that follows
	Mark [16]byte // of the event before it; zero: unknown
}

// first is the mark of the place before event 0, which is not the oldest that is stored for ever.
var first = [16]byte{1}

// end is the place before event n, of which nothing else is known.
func end(n int64) Position {
	if n == 0 {
		return Position{Mark: first}
	}
	return Position{Next: n}
}

// positionAfter is the place behind a row. Its mark tells the row from one that has its number in
// another history of the database: a failover or restore gives numbers again.
func positionAfter(row *store.EventRow) Position {
	b := binary.AppendVarint(nil, row.At)
	b = binary.AppendVarint(b, row.Version)
	b = append(b, row.Type+"\x00"+row.Object...)
	sum := sha256.Sum256(b)
	return Position{Next: row.Seq + 1, Mark: [16]byte(sum[:])}
}

// after gives the events after a position, without a gap, or fails with ErrCursorExpired.
func (f *Feed) after(ctx context.Context, app id.App, p Position, limit int) ([]store.EventRow, error) {
	if p == (Position{}) {
		return f.store.EventList(ctx, app, -1, limit)
	}
	// The one before is read too, if it is still there.
	rows, err := f.store.EventList(ctx, app, p.Next-2, limit+1)
	if err != nil {
		return nil, err
	}
	switch {
	case len(rows) == 0:
		return nil, f.mustEnd(ctx, app, p)
	case rows[0].Seq == p.Next-1:
		if p.Mark != [16]byte{} && positionAfter(&rows[0]) != p {
			return nil, ErrCursorExpired
		}
		return rows[1:], nil
	case rows[0].Seq == p.Next:
		return rows[:min(len(rows), limit)], nil
	}
	return nil, ErrCursorExpired
}

// mustEnd refuses a position from which nothing is stored, unless it is the end.
func (f *Feed) mustEnd(ctx context.Context, app id.App, p Position) error {
	head, err := f.store.Head(ctx, app)
	if err != nil || head.Events == p.Next {
		return err
	}
	// An event may have come since the events were read.
	rows, err := f.store.EventList(ctx, app, p.Next-1, 1)
	if err == nil && (len(rows) == 0 || rows[0].Seq != p.Next) {
		err = ErrCursorExpired
	}
	return err
}

// latest is the end of the events.
func (f *Feed) latest(ctx context.Context, app id.App) (Position, error) {
	head, err := f.store.Head(ctx, app)
	if err != nil {
		return Position{}, err
	}
	rows, err := f.store.EventList(ctx, app, head.Events-2, 1)
	if err != nil || len(rows) == 0 || rows[0].Seq != head.Events-1 {
		return end(head.Events), err
	}
	return positionAfter(&rows[0]), nil
}
