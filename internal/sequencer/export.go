package sequencer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// SignedTree is a checkpoint and its signed form.
type SignedTree struct {
	audit.Checkpoint
	Note []byte // C2SP tlog-checkpoint
}

// Sequence integrates what an application's log holds now and gives the newest tree.
// Where the log is damaged that is the tree before the damage; fault.Internal that
// wraps Damage if there is none.
func (s *Sequencer) Sequence(ctx context.Context, app id.App) (SignedTree, error) {
	if err := s.sequenceAll(ctx, app); err != nil {
		return SignedTree{}, err
	}
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return SignedTree{}, err
	}
	row, err := s.cfg.Store.TreeGet(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return SignedTree{}, damageFault(app, Damage("the signed tree is missing"), 0)
	}
	if err != nil {
		return SignedTree{}, err
	}
	c, err := s.open(app, key, &row)
	if err != nil || c.Size != row.Size {
		return SignedTree{}, damageFault(app, Damage("the stored checkpoint is not one that was signed"), row.Size)
	}
	if c.Size == 0 {
		return SignedTree{}, damageFault(app, Damage("not one entry could be sequenced"), 0)
	}
	return SignedTree{c, row.Checkpoint}, nil
}

// Export says what to export of a tree that Sequence gave.
type Export struct {
	Tree     SignedTree
	From, To int64 // sequence numbers, 0 <= From <= Seq < To <= Tree.Size
	Open     bool  // decrypt the personal parts too; the encrypted ones are there either way
}

// Export writes a part of an application's log to w in the form that
// audit.VerifyExport checks, batch by batch: after an error, w holds a part that does
// not verify. It does not hide damage. An entry that was altered since it was
// integrated is written as it is now and does not verify; one that is gone ends the
// export with fault.Internal that wraps Damage.
func (s *Sequencer) Export(ctx context.Context, app id.App, w io.Writer, in Export) error {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	x, err := audit.NewExporter(w, audit.Export{Checkpoint: in.Tree.Checkpoint, From: in.From, To: in.To, Opened: in.Open},
		in.Tree.Note, signerOf(key), s.tileReader(ctx, app))
	if err != nil {
		return damageFault(app, err, in.Tree.Size)
	}
	if err := s.exportEntries(ctx, app, key, x, in); err != nil {
		return damageFault(app, err, in.Tree.Size)
	}
	return x.Close()
}

// exportBatch is how many entries are read at a time: four tiles of leaves.
const exportBatch = 1024

// exportEntries adds the entries, each beside the leaf that the tree has for it.
func (s *Sequencer) exportEntries(ctx context.Context, app id.App, key *seal.App, x *audit.Exporter, in Export) error {
	tiles := s.tileReader(ctx, app)
	for from := in.From; from < in.To; {
		to := min(in.To, (from/exportBatch+1)*exportBatch)
		leaves, err := audit.ReadLeaves(from, to, tiles)
		if err != nil {
			return err
		}
		rows, err := s.cfg.Store.AuditRange(ctx, app, from, int(to-from))
		if err != nil {
			return err
		}
		for i := range leaves {
			if i >= len(rows) || rows[i].Seq != from+int64(i) {
				return damagef("entry %d is missing", from+int64(i))
			}
			e, _ := ReadRow(app, key, &rows[i]) // an altered one does not fit its leaf
			var origin *audit.Origin
			if in.Open {
				if o, ok := OpenOrigin(key, e.Personal); ok {
					origin = &o
				}
			}
			err := x.Add(&e, leaves[i], origin)
			if errors.Is(err, audit.ErrMalformed) {
				return damagef("entry %d cannot be read", e.Seq)
			}
			if err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// damageFault makes a fault of damage.
func damageFault(app id.App, err error, size int64) error {
	d, ok := errors.AsType[Damage](treeDamage(err, size))
	if !ok {
		return err
	}
	return fault.Wrap(fmt.Errorf("application %s: %w", app, d), fault.Internal, "audit_damaged",
		"The audit log is damaged: "+string(d))
}
