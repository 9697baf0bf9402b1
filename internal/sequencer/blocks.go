package sequencer

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"time"

	"custodex.dev/internal/bloom"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

const (
	blocksEvery = 5 * time.Second
	blocksPage  = 32 // that are read at a time; one of lists of 100 customers has 600 kB
)

// The kinds of keys in a filter.
func customerKey(c []byte) bloom.Key       { return bloom.KeyOf(append([]byte{'c'}, c...)) }
func actorKey(credential string) bloom.Key { return bloom.KeyOf([]byte("a" + credential)) }

// blockSum is the keyed checksum of a block: without the application's key nobody can make a filter
// that hides an entry.
func blockSum(key *seal.App, row *store.BlockRow) []byte {
	b := make([]byte, 0, 3*8+len(row.Filter))
	for _, v := range [...]int64{row.N, row.FirstAt, row.LastAt} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return key.RowSum("audit_block", append(b, row.Filter...))
}

// BlockIntact reports whether a block is as a sequencer made it.
func BlockIntact(key *seal.App, row *store.BlockRow) bool {
	return subtle.ConstantTimeCompare(blockSum(key, row), row.Sum) == 1
}

// runBlocks makes the blocks of all logs, also of those that were there before blocks were.
func (s *Sequencer) runBlocks(ctx context.Context) {
	for sleep.For(ctx, blocksEvery) == nil {
		for app, blocks := range s.unblocked() {
			err := safe.Call(func() error { return s.makeBlocks(ctx, app, blocks) })
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "audit blocks", "app", app, "cause", err)
			}
		}
	}
}

// unblocked gives the applications that have complete blocks in their signed trees which this process
// has not looked at, and the number of complete blocks of each.
func (s *Sequencer) unblocked() map[id.App]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := make(map[id.App]int64)
	for app, tree := range s.seen {
		if n := tree.Size / store.BlockEntries; n > s.blocked[app] && !s.damaged[app] {
			apps[app] = n
		}
	}
	return apps
}

// makeBlocks looks at an application's blocks, from where this process was to the given number, and
// makes those that are missing or damaged. What has been done is kept when it ends early.
func (s *Sequencer) makeBlocks(ctx context.Context, app id.App, to int64) error {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	s.mu.Lock()
	from := s.blocked[app]
	s.mu.Unlock()
	for from < to {
		end := min(from+blocksPage, to)
		there, err := s.blocks(ctx, app, key, from, end)
		if err != nil {
			return err
		}
		for n := from; n < end; n++ {
			if there[n] == nil {
				if err := s.makeBlock(ctx, app, key, n); err != nil {
					return err
				}
			}
		}
		if !s.advance(app, from, end) {
			return nil // the next pass goes on from there
		}
		from = end
	}
	return nil
}

// advance says that an application's blocks up to a number were looked at. It reports false if older ones
// must be looked at again meanwhile.
func (s *Sequencer) advance(app id.App, from, to int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocked[app] < from {
		return false
	}
	s.blocked[app] = to
	return true
}

// blocks gives the blocks from <= n < to that are there and intact. The background work makes the others
// again, or finds that it cannot.
func (s *Sequencer) blocks(ctx context.Context, app id.App, key *seal.App, from, to int64) (map[int64]*store.BlockRow, error) {
	rows, err := s.cfg.Store.BlockList(ctx, app, from, to)
	if err != nil {
		return nil, err
	}
	intact := make(map[int64]*store.BlockRow, len(rows))
	for i := range rows {
		if row := &rows[i]; BlockIntact(key, row) {
			intact[row.N] = row
			continue
		}
		s.cfg.Log.ErrorContext(ctx, "the filter of a block of the audit log was altered; the block is read in full, and the filter made again",
			"app", app, "block", rows[i].N)
	}
	for n := from; n < to; n++ {
		if intact[n] == nil {
			s.mu.Lock()
			s.blocked[app] = min(s.blocked[app], n)
			s.mu.Unlock()
			break
		}
	}
	return intact, nil
}

// makeBlock makes a block from its entries, and then pauses for as long as that took. A block with an
// entry that was altered has none: it is always read.
func (s *Sequencer) makeBlock(ctx context.Context, app id.App, key *seal.App, n int64) error {
	began := time.Now()
	rows, err := s.cfg.Store.AuditRange(ctx, app, n*store.BlockEntries, store.BlockEntries)
	if err != nil {
		return err
	}
	row, whole := newBlock(app, key, n, rows)
	if !whole {
		return nil // the checks of entries find it
	}
	if err := s.cfg.Store.BlockPut(ctx, app, row); err != nil {
		return err
	}
	return sleep.For(ctx, time.Since(began))
}

// newBlock summarises the entries of a block. It reports false if not all are there as they were
// written.
func newBlock(app id.App, key *seal.App, n int64, rows []store.AuditRow) (store.BlockRow, bool) {
	if len(rows) != store.BlockEntries {
		return store.BlockRow{}, false
	}
	var m summary
	for i := range rows {
		if _, intact := ReadRow(app, key, &rows[i]); !intact || rows[i].Seq != n*store.BlockEntries+int64(i) {
			return store.BlockRow{}, false
		}
		m.add(&rows[i])
	}
	return m.complete(key)
}
