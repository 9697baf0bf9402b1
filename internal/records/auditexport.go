package records

import (
	"context"
	"errors"
	"fmt"
	"io"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// AuditCheckpoint is a signed state of a log, to be kept where the operators of
// the database cannot reach it.
type AuditCheckpoint struct {
	Note    []byte // C2SP tlog-checkpoint
	Key     string // public key to verify it with
	Entries int64  // number of entries that it covers
}

// SequenceAudit seals what caller.App's log holds now and gives the newest checkpoint.
// Faults: Forbidden, Unavailable.
func (s *Service) SequenceAudit(ctx context.Context, caller tenant.Caller) (AuditCheckpoint, error) {
	a, err := s.authorize(ctx, caller, authz.AuditCheck)
	if err != nil {
		return AuditCheckpoint{}, err
	}
	sealed, err := a.newestTree(ctx)
	if err != nil {
		return AuditCheckpoint{}, err
	}
	c := AuditCheckpoint{
		Note: sealed.note, Key: audit.VerifierKey(caller.App, a.key.Signer()), Entries: sealed.Size,
	}
	if err := a.record(ctx, a.entry(audit.Done, nil, "checkpoint"), nil); err != nil {
		return AuditCheckpoint{}, err
	}
	return c, nil
}

// AuditExport says what to export.
type AuditExport struct {
	From, To int64 // sequence numbers, From <= Seq < To; To 0 is the end of the log
	Open     bool  // open the personal parts too; the sealed ones are there either way
}

// ExportAudit writes caller.App's log to w in the form that audit.VerifyExport
// checks, up to what was recorded before the call. It writes batch by batch: after
// an error, w holds a part that does not verify. The entry that records the export
// is durable before the first byte. It does not hide damage: what was altered since
// it was sealed is written as it is now and does not verify; what is gone ends the
// export with fault.Internal. A nil w discards. Faults: Forbidden, Invalid,
// Unavailable.
func (s *Service) ExportAudit(ctx context.Context, caller tenant.Caller, w io.Writer, in AuditExport) error {
	a, err := s.authorize(ctx, caller, authz.AuditCheck)
	if err != nil {
		return err
	}
	sealed, err := a.newestTree(ctx)
	if err != nil {
		return err
	}
	if in.To == 0 {
		in.To = sealed.Size
	}
	if w == nil {
		w = io.Discard
	}
	if in.From < 0 || in.To > sealed.Size || in.From > in.To {
		return fault.Validation(fault.Field{Path: "from", Code: "invalid",
			Message: fmt.Sprintf("from and to must lie in the log's %d entries, from before to", sealed.Size)})
	}
	entry := a.entry(audit.Done, nil, entriesField(in.From, in.To))
	if in.Open {
		entry.Fields = append(entry.Fields, "opened")
	}
	if err := a.record(ctx, entry, nil); err != nil {
		return err
	}
	read := s.tileReader(ctx, caller.App)
	x, err := audit.NewExporter(w, audit.Export{Checkpoint: sealed.Checkpoint, From: in.From, To: in.To, Opened: in.Open},
		sealed.note, a.key.Signer(), read)
	if err != nil {
		return s.exportDamage(caller.App, err, sealed.Size)
	}
	if err := a.export(ctx, x, read, in); err != nil {
		return s.exportDamage(caller.App, err, sealed.Size)
	}
	return x.Close()
}

// exportBatch is how many entries are read at a time: four tiles of leaves.
const exportBatch = 1024

// export adds the entries, each beside the leaf that the tree has for it.
func (a *operation) export(ctx context.Context, x *audit.Exporter, read audit.TileReader, in AuditExport) error {
	for from := in.From; from < in.To; {
		to := min(in.To, (from/exportBatch+1)*exportBatch)
		leaves, err := audit.ReadLeaves(from, to, read)
		if err != nil {
			return err
		}
		rows, err := a.s.store.AuditRange(ctx, a.caller.App, from, int(to-from))
		if err != nil {
			return err
		}
		for i := range leaves {
			if i >= len(rows) || rows[i].Seq != from+int64(i) {
				return damagef("entry %d is missing", from+int64(i))
			}
			e, _ := entryOf(a.caller.App, a.key, &rows[i]) // altered ones show by their leaf
			var origin *audit.Origin
			if in.Open {
				if o, ok := openOrigin(a.key, e.Personal); ok {
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

// sealedLog is a checkpoint and its signed form.
type sealedLog struct {
	audit.Checkpoint
	note []byte
}

// newestTree seals what can be sealed and gives the outcome. Where the log is
// damaged that is the tree before the damage.
func (a *operation) newestTree(ctx context.Context) (sealedLog, error) {
	if err := a.s.seal(ctx, a.caller.App); err != nil {
		return sealedLog{}, err
	}
	row, err := a.s.store.TreeGet(ctx, a.caller.App)
	if errors.Is(err, fault.NotFound) {
		return sealedLog{}, a.s.exportDamage(a.caller.App, damage("not one entry could be sealed"), 0)
	}
	if err != nil {
		return sealedLog{}, err
	}
	c, err := audit.OpenCheckpoint(row.Checkpoint, audit.VerifierKey(a.caller.App, a.key.Signer()))
	if err != nil {
		return sealedLog{}, a.s.exportDamage(a.caller.App, damage("the stored checkpoint is not one that was signed"), row.Size)
	}
	return sealedLog{c, row.Checkpoint}, nil
}

// exportDamage makes a fault of damage, which names entries by number only.
func (s *Service) exportDamage(app id.App, err error, size int64) error {
	d, ok := errors.AsType[damage](treeDamage(err, size))
	if !ok {
		return err
	}
	return fault.Wrap(fmt.Errorf("application %s: %w", app, d), fault.Internal, "audit_damaged",
		"The audit log is damaged: "+string(d))
}
