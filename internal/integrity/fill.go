package integrity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// fillAgain is how long Fill waits after a failure.
const fillAgain = 10 * time.Second

// Fill gives a checksum to each application of an earlier release, and to its credentials. It takes
// them as they are: before, nothing protected them. One that had a checksum before is damaged.
func (g *Guard) Fill(ctx context.Context) error {
	var failed []error
	err := store.EachApp(ctx, g.cfg.Store, func(row store.AppRow) error {
		if row.Sum != nil {
			g.know(row.ID, true)
			return nil
		}
		if err := g.fill(ctx, &row); err != nil {
			failed = append(failed, fmt.Errorf("application %s: %w", row.ID, err))
		}
		return ctx.Err()
	})
	return errors.Join(append(failed, err)...)
}

func (g *Guard) fill(ctx context.Context, row *store.AppRow) error {
	key, err := g.cfg.Keys.Key(ctx, row.ID)
	if err != nil {
		return err
	}
	lost, err := g.hasSums(ctx, row.ID, key)
	if err != nil {
		return err
	}
	if lost {
		err := g.App(ctx, key, row)
		if errors.Is(err, rowsum.ErrDamaged) {
			return nil // it was reported
		}
		return err
	}
	entry := audit.Entry{
		Time: g.cfg.Now(), App: row.ID, Action: authz.AppUpdate, Outcome: audit.Done, Dialect: "upgrade",
		Request: id.NewRequest(), Subject: string(row.ID), Fields: []string{"checksum"},
		Personal: sequencer.SealOrigin(key, audit.Origin{}),
	}
	err = g.cfg.Store.Update(ctx, row.ID, func(tx store.Tx) error {
		now, err := tx.AppGet()
		if err != nil || now.Sum != nil { // another replica was faster
			return err
		}
		list, err := tx.CredentialList()
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.Sum != nil {
				continue
			}
			c.Sum = rowsum.Credential(key, &c)
			if err := tx.CredentialUpdate(c); err != nil {
				return err
			}
		}
		now.Sum = rowsum.App(key, &now)
		entry.Sums = [][]byte{now.Sum}
		tx.AuditAppend(sequencer.NewRow(key, entry))
		return tx.AppUpdate(now)
	})
	if err == nil {
		g.know(row.ID, true)
	}
	return err
}

// madeWithSums reports whether an application has had a checksum from its creation on. Then the entry of
// its creation, one of the first of its log, has it too. It says so as well if that entry is not as it
// was written.
func (g *Guard) madeWithSums(ctx context.Context, app id.App, key *seal.App) (bool, error) {
	const first = 2 // the system application's first entry is that of its first credential
	rows, err := g.cfg.Store.AuditRange(ctx, app, 0, first)
	if err != nil {
		return false, err
	}
	for i := range rows {
		if e, intact := sequencer.ReadRow(app, key, &rows[i]); intact && e.Action == authz.AppCreate {
			return len(e.Sums) > 0, nil
		}
	}
	return true, nil
}

// filled reports whether an entry of the log has a checksum of the application. It says so as well if an
// entry is missing or not as it was written, which may be that one. It reads the whole log, a page at a
// time, once in each process for an application of an earlier release.
func (g *Guard) filled(ctx context.Context, app id.App, key *seal.App) (bool, error) {
	const page = 500
	head, err := g.cfg.Store.Head(ctx, app)
	if err != nil {
		return false, err
	}
	for from := int64(0); from < head.Entries; from += page {
		want := min(page, head.Entries-from)
		rows, err := g.cfg.Store.AuditRange(ctx, app, from, int(want))
		if err != nil {
			return false, err
		}
		if int64(len(rows)) < want {
			return true, nil
		}
		for i := range rows {
			e, intact := sequencer.ReadRow(app, key, &rows[i])
			if !intact || e.Action == authz.AppUpdate && len(e.Sums) > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}
