package sequencer

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Look compares all entries of an application with its tree, as the background work does in time.
func (s *Sequencer) Look(ctx context.Context, app id.App) { _ = s.checkLog(ctx, app) }

// NewFormerRow makes the row of an entry as release 0.1.0 did.
func NewFormerRow(key *seal.App, e audit.Entry) store.AuditRow {
	e.Format = audit.Format1
	row := unplaced(&e)
	row.MAC = key.EntryMAC(e.AppendContent(nil))
	return row
}

// MakeBlocks makes the blocks of a log that are missing or damaged, as the background work does in
// time, and looks at all of them again.
func (s *Sequencer) MakeBlocks(ctx context.Context, app id.App) error {
	s.mu.Lock()
	s.blocked[app] = 0
	s.mu.Unlock()
	return s.makeBlocks(ctx, app, s.lastSeen(app).Size/store.BlockEntries)
}

// NewBlock is newBlock.
var NewBlock = newBlock

// MakeMissingBlocks makes those blocks that this process has not looked at, as the background work does.
func (s *Sequencer) MakeMissingBlocks(ctx context.Context, app id.App) error {
	if n, behind := s.unblocked()[app]; behind {
		return s.makeBlocks(ctx, app, n)
	}
	return nil
}
