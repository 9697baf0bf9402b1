package records

import (
	"context"
	"log/slog"
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// lineageStore is a store that looks at the lineage of every head that is read, which is
// several times a second under load: the sequencer reads one after each batch of entries.
// When it has changed, the database may have lost commits, so lost is called for what this
// process remembers of it. Search indexes see to themselves.
type lineageStore struct {
	store.Store
	lost func()
	log  *slog.Logger

	mu      sync.Mutex
	lineage store.Lineage
	known   bool
}

// Head is that of the store.
func (s *lineageStore) Head(ctx context.Context, app id.App) (store.Head, error) {
	head, err := s.Store.Head(ctx, app)
	if err == nil && s.changed(head.Lineage) {
		s.log.WarnContext(ctx, "the database was restarted, restored or replaced; what was remembered of it is read again")
		s.lost()
	}
	return head, err
}

func (s *lineageStore) changed(now store.Lineage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.known && now != s.lineage
	s.lineage, s.known = now, true
	return changed
}
