package sequencer

import (
	"context"
	"sync"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/bloom"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// gatherLimit is how many keys are held for all applications together. What does not fit is read again
// by the background work.
const gatherLimit = 1 << 20

// gathered are the summaries of blocks whose entries this process integrates one after the other, so
// that they need not be read again when the block is complete.
type gathered struct {
	mu   sync.Mutex
	held int // keys
	apps map[id.App]*summary
}

// summary is what is known of a block so far: of its entries up to, but not including, next. It is about
// the entries of this tree: a log that lost some and got others has another.
type summary struct {
	tree audit.Tree // zero while a block is made from stored entries
	next int64
	row  store.BlockRow
	keys map[bloom.Key]struct{}
}

// add adds an entry that was written as it is here.
func (m *summary) add(row *store.AuditRow) {
	if row.Seq%store.BlockEntries == 0 {
		*m = summary{row: store.BlockRow{N: row.Seq / store.BlockEntries, FirstAt: row.At, LastAt: row.At}, keys: make(map[bloom.Key]struct{})}
	}
	m.next = row.Seq + 1
	m.row.FirstAt, m.row.LastAt = min(m.row.FirstAt, row.At), max(m.row.LastAt, row.At)
	m.keys[actorKey(row.Actor)] = struct{}{}
	for t := row.Targets; len(t) >= len(id.Customer{}); t = t[len(id.Customer{}):] {
		m.keys[customerKey(t[:len(id.Customer{})])] = struct{}{}
	}
}

// complete gives the block of a summary of all its entries.
func (m *summary) complete(key *seal.App) (store.BlockRow, bool) {
	if m.next != (m.row.N+1)*store.BlockEntries {
		return store.BlockRow{}, false
	}
	row := m.row
	row.Filter = bloom.New(m.keys)
	row.Sum = blockSum(key, &row)
	return row, true
}

// gather adds entries that were just integrated, after those of the tree before, to the summary of their
// block, and stores the blocks that they complete.
func (s *Sequencer) gather(ctx context.Context, app id.App, key *seal.App, before, after audit.Tree, rows []store.AuditRow) error {
	for _, block := range s.gathered.add(app, key, before, after, rows) {
		if err := s.cfg.Store.BlockPut(ctx, app, block); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathered) add(app id.App, key *seal.App, before, after audit.Tree, rows []store.AuditRow) (complete []store.BlockRow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.apps[app]
	if m != nil && m.tree != before {
		g.drop(app)
		m = nil
	}
	defer func() {
		if m != nil {
			m.tree = after
		}
	}()
	for i := range rows {
		if row := &rows[i]; m == nil || m.next != row.Seq {
			g.drop(app)
			m = nil
			if row.Seq%store.BlockEntries != 0 {
				continue // the background work makes a block that was begun elsewhere
			}
			m = new(summary)
			g.apps[app] = m
		}
		held := len(m.keys)
		if rows[i].Seq%store.BlockEntries == 0 {
			g.held -= held
			held = 0
		}
		m.add(&rows[i])
		if g.held += len(m.keys) - held; g.held > gatherLimit {
			g.drop(app)
			m = nil
			continue
		}
		if block, ok := m.complete(key); ok {
			complete = append(complete, block)
		}
	}
	return complete
}

// drop forgets the summary of an application.
func (g *gathered) drop(app id.App) {
	if m := g.apps[app]; m != nil {
		g.held -= len(m.keys)
		delete(g.apps, app)
	}
}
