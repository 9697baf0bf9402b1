package selftest

import (
	"bytes"
	"context"

	"custodex.dev/client"
	"custodex.dev/internal/audit"
)

// auditLog looks for the entries of what was tried, and verifies the exports.
func auditLog(ctx context.Context, t *trial, c *Check) error {
	recorded := make(map[string]bool)
	for _, app := range []string{t.victim.app.ID, t.attacker.app.ID} {
		q := client.AuditQuery{Limit: 1000}
		for {
			page, err := t.cfg.Manage.ListAudit(ctx, app, q)
			if err != nil {
				return err
			}
			for _, e := range page.Entries {
				recorded[e.RequestID] = true
				if e.Damaged {
					c.found("an entry of the log", "it was altered in the database", "as it was written")
				}
			}
			if page.Next == nil {
				break
			}
			q.Before = *page.Next
		}
		if err := t.verifyExport(ctx, c, app); err != nil {
			return err
		}
	}
	for _, a := range t.ledger {
		c.Tried++
		if !recorded[a.request] {
			c.found(a.what, "no entry in the log", "an entry with its request id")
		}
	}
	return nil
}

// verifyExport exports a log and verifies it offline against its checkpoint.
func (t *trial) verifyExport(ctx context.Context, c *Check, app string) error {
	c.Tried++
	checkpoint, err := t.cfg.Manage.FetchCheckpoint(ctx, app)
	if err != nil {
		return err
	}
	var export bytes.Buffer
	if err := t.cfg.Manage.ExportAudit(ctx, app, client.ExportQuery{}, &export); err != nil {
		return err
	}
	keys, err := audit.ParseVerifierKeys(checkpoint.Keys...)
	if err != nil {
		c.found("the keys of a log", err.Error(), "two that can be read")
		return nil
	}
	if _, err := audit.VerifyExport(&export, keys, []byte(checkpoint.Checkpoint)); err != nil {
		c.found("the export of a log", err.Error(), "one that verifies")
	}
	return nil
}
