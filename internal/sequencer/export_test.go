package sequencer

import (
	"context"

	"custodex.dev/internal/id"
)

// Look compares all entries of an application with its tree, as the background work does in time.
func (s *Sequencer) Look(ctx context.Context, app id.App) { _ = s.checkLog(ctx, app) }

// Windows counts the logs whose last entries are remembered.
func (s *Sequencer) Windows() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.windows)
}
