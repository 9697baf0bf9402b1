// Package lineage notices that a database lost commits: after a failover, or a restore under
// running servers. It knows nothing of what depends on them.
package lineage

import (
	"context"
	"log/slog"
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Store is a store that looks at the lineage of every head that is read, which is
// several times a second under load: the sequencer reads one after each batch of entries.
// When it has changed, the database may have lost commits, so Lost is called for what this
// process remembers of it. Search indexes see to themselves.
type Store struct {
	store.Store
	Lost func()
	Log  *slog.Logger

	mu      sync.Mutex
	lineage store.Lineage
	known   bool
}

// Head is that of the store.
func (s *Store) Head(ctx context.Context, app id.App) (store.Head, error) {
	head, err := s.Store.Head(ctx, app)
	if err == nil && s.changed(head.Lineage) {
		s.Log.WarnContext(ctx, "the database was restarted, restored or replaced; what was remembered of it is read again")
		s.Lost()
	}
	return head, err
}

func (s *Store) changed(now store.Lineage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.known && now != s.lineage
	s.lineage, s.known = now, true
	return changed
}
