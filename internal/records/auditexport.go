package records

import (
	"context"
	"fmt"
	"io"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/tenant"
)

// AuditCheckpoint is a signed state of a log, to be kept where the operators of
// the database cannot reach it.
type AuditCheckpoint struct {
	Note    []byte             // C2SP tlog-checkpoint
	Keys    audit.VerifierKeys // public keys to verify it with
	Entries int64              // number of entries that it covers
}

// SequenceAudit integrates what caller.App's log holds now into its tree and gives the
// newest checkpoint. Faults: Forbidden, Unavailable.
func (s *Service) SequenceAudit(ctx context.Context, caller tenant.Caller) (AuditCheckpoint, error) {
	o, err := s.authorize(ctx, caller, authz.AuditCheck)
	if err != nil {
		return AuditCheckpoint{}, err
	}
	tree, err := s.sequencer.Sequence(ctx, caller.App)
	if err != nil {
		return AuditCheckpoint{}, err
	}
	return recorded(ctx, o, o.entry(audit.Done, nil, "checkpoint"), AuditCheckpoint{
		Note: tree.Note, Keys: sequencer.VerifierKeys(caller.App, o.key), Entries: tree.Size,
	})
}

// AuditExport says what to export.
type AuditExport struct {
	From, To int64 // sequence numbers, From <= Seq < To; To 0 is the end of the log
	Open     bool  // decrypt the personal parts too; the encrypted ones are there either way
}

// ExportAudit writes caller.App's log to w in the form that audit.VerifyExport
// checks, up to what was recorded before the call. It writes batch by batch: after
// an error, w holds a part that does not verify. The entry that records the export
// is durable before the first byte. Damage shows as sequencer.Export says. A nil w
// discards. Faults: Forbidden, Invalid, Unavailable.
func (s *Service) ExportAudit(ctx context.Context, caller tenant.Caller, w io.Writer, in AuditExport) error {
	o, err := s.authorize(ctx, caller, authz.AuditCheck)
	if err != nil {
		return err
	}
	tree, err := s.sequencer.Sequence(ctx, caller.App)
	if err != nil {
		return err
	}
	if in.To == 0 {
		in.To = tree.Size
	}
	if w == nil {
		w = io.Discard
	}
	if in.From < 0 || in.To > tree.Size || in.From > in.To {
		return fault.Validation(fault.Field{Path: "from", Code: "invalid",
			Message: fmt.Sprintf("from and to must lie in the log's %d entries, from before to", tree.Size)})
	}
	entry := o.entry(audit.Done, nil, entriesField(in.From, in.To))
	if in.Open {
		entry.Fields = append(entry.Fields, "opened")
	}
	if err := o.record(ctx, entry, nil); err != nil {
		return err
	}
	return s.sequencer.Export(ctx, caller.App, w, sequencer.Export{Tree: tree, From: in.From, To: in.To, Open: in.Open})
}

// AuditHealth gives the state of sequencing as this process knows it.
func (s *Service) AuditHealth() sequencer.Health { return s.sequencer.Health() }
