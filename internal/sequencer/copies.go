package sequencer

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The checksum of an entry of audit.Format1 does not bind its place, so a whole row that is copied
// to the end of the log carries a good one. It is refused because no two entries have the same
// checksum: each holds a personal part that is encrypted with a nonce of its own. Entries of this
// format are integrated only after an upgrade, which leaves a second's worth of them at most, so
// that the log is read for them and nothing is remembered.

const scanPage = 4096

// fingerprint is the first half of an entry's checksum.
type fingerprint [16]byte

func fingerprintOf(row *store.AuditRow) (f fingerprint) {
	copy(f[:], row.MAC)
	return f
}

// copied gives the place in rows of the first of audit.Format1 that is a copy of an earlier entry,
// or of another of rows; len(rows) if none is. The rows follow each other, and are about to be
// integrated.
func (s *Sequencer) copied(ctx context.Context, app id.App, rows []store.AuditRow) (int, error) {
	former := make(map[fingerprint]int) // places in rows
	at := len(rows)
	for i := range rows {
		if audit.FormatOf(rows[i].Detail) != audit.Format1 {
			continue
		}
		f := fingerprintOf(&rows[i])
		if _, known := former[f]; known {
			at = min(at, i)
			continue
		}
		former[f] = i
	}
	if len(former) == 0 {
		return at, nil
	}
	err := s.scan(ctx, app, rows[0].Seq, func(row *store.AuditRow) {
		if i, known := former[fingerprintOf(row)]; known {
			at = min(at, i)
		}
	})
	return at, err
}

// scan calls fn for the entries before the number end; Damage if one is missing.
func (s *Sequencer) scan(ctx context.Context, app id.App, end int64, fn func(*store.AuditRow)) error {
	for from := int64(0); from < end; from += scanPage {
		n := min(scanPage, end-from)
		page, err := s.cfg.Store.AuditRange(ctx, app, from, int(n))
		if err != nil {
			return err
		}
		if int64(len(page)) != n {
			return damagef("entries before %d are missing", end)
		}
		for i := range page {
			fn(&page[i])
		}
	}
	return nil
}
