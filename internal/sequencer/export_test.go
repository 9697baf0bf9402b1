package sequencer

import (
	"context"

	"custodex.dev/internal/id"
)

// Look compares all entries of an application with its tree, as the background work does in time.
func (s *Sequencer) Look(ctx context.Context, app id.App) { _ = s.checkLog(ctx, app) }
