package sequencer

import (
	"crypto/sha256"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// VerifierKeys gives the public keys that an application's checkpoints are checked with.
func VerifierKeys(app id.App, key *seal.App) audit.VerifierKeys {
	return audit.NewVerifierKeys(app, key.SignerPublic(), key.CosignerPublic())
}

func signerOf(key *seal.App) audit.Signer {
	return audit.Signer{Ed25519: key.Signer(), MLDSA: key.Cosigner()}
}

// A verified checkpoint is remembered by the hash of its note, because the same note is read again
// with every batch, check and sweep, and two signatures cost more than everything else there.
type verified struct {
	note       [sha256.Size]byte
	checkpoint audit.Checkpoint
}

// open checks a stored checkpoint and reads it. Both signatures must be there, except in format 1,
// which has one.
func (s *Sequencer) open(app id.App, key *seal.App, row *store.TreeRow) (audit.Checkpoint, error) {
	hash := sha256.Sum256(row.Checkpoint)
	s.mu.Lock()
	known := s.signed[app]
	s.mu.Unlock()
	if known.note == hash {
		return known.checkpoint, nil
	}
	c, err := audit.OpenCheckpoint(row.Checkpoint, VerifierKeys(app, key))
	if err != nil {
		return audit.Checkpoint{}, err
	}
	s.remember(app, verified{hash, c})
	return c, nil
}

func (s *Sequencer) remember(app id.App, v verified) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed[app] = v
}

// sign signs a tree that follows an older one. The time, in full seconds, never goes back.
func (s *Sequencer) sign(app id.App, key *seal.App, tree audit.Tree, older time.Time) ([]byte, verified) {
	now := s.cfg.Now().UTC().Truncate(time.Second)
	if now.Before(older) {
		now = older.Add(time.Second - 1).Truncate(time.Second) // a time of format 1 has milliseconds
	}
	c := audit.Checkpoint{App: app, Tree: tree, Time: now, Format: audit.CheckpointFormat}
	note := audit.SignCheckpoint(c, signerOf(key))
	return note, verified{sha256.Sum256(note), c}
}

// EmptyTree gives the signed tree that an application has from its creation on. Because every
// application has one, a tree that is missing was deleted and is no beginning.
func EmptyTree(app id.App, key *seal.App, now time.Time) []byte {
	return audit.SignCheckpoint(audit.Checkpoint{App: app, Tree: audit.EmptyTree(), Time: now}, signerOf(key))
}
