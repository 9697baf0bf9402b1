package sqlite

import (
	"bytes"
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const auditColumns = `
	seq,
	at,
	actor,
	action,
	outcome,
	targets,
	detail,
	personal,
	mac`

func scanAudit(r *rows, row *store.AuditRow) error {
	return r.scan(
		&row.Seq,
		&row.At,
		&row.Actor,
		&row.Action,
		&row.Outcome,
		&row.Targets,
		&row.Detail,
		&row.Personal,
		&row.MAC,
	)
}

// AuditAppend appends an entry. It is written at the end of the batch.
func (t *tx) AuditAppend(row store.AuditRow) { t.entries = append(t.entries, row) }

// writeEntries inserts the entries of all items.
func (b *batch) writeEntries(ctx context.Context) error {
	for _, e := range b.entries {
		_, err := b.conn.exec(ctx, `
			INSERT INTO audit (
				app_id,`+auditColumns+`
			) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(e.app), e.row.Seq, e.row.At, e.row.Actor, e.row.Action, int64(e.row.Outcome),
			e.row.Targets, e.row.Detail, e.row.Personal, e.row.MAC)
		if err != nil {
			return err
		}
	}
	return nil
}

// AuditList gives entries newest first.
func (s *Store) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) (page []store.AuditRow, err error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	query, args := auditQuery(app, list)
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, query, args, func(r *rows) error {
			var row store.AuditRow
			if err := scanAudit(r, &row); err != nil {
				return err
			}
			if list.Customer != nil && !targets(row.Targets, *list.Customer) {
				return nil
			}
			if page = append(page, row); len(page) == limit {
				return errStop
			}
			return nil
		})
	})
	return page, err
}

func auditQuery(app id.App, list store.AuditList) (string, []any) {
	query, args := `
		SELECT`+auditColumns+`
		FROM audit
		WHERE app_id = ?`, []any{string(app)}
	if list.Before > 0 {
		query, args = query+`
			AND seq < ?`, append(args, list.Before)
	}
	if list.Since > 0 {
		query, args = query+`
			AND seq >= ?`, append(args, list.Since)
	}
	if list.From != 0 {
		query, args = query+`
			AND at >= ?`, append(args, list.From)
	}
	if list.To != 0 {
		query, args = query+`
			AND at < ?`, append(args, list.To)
	}
	if list.Actor != "" {
		query, args = query+`
			AND actor = ?`, append(args, list.Actor)
	}
	if list.Action != "" {
		query, args = query+`
			AND action = ?`, append(args, list.Action)
	}
	if list.Customer != nil {
		// Leaves out nearly all; targets looks where the ids begin.
		query, args = query+`
			AND instr(targets, ?) > 0`, append(args, list.Customer[:])
	}
	return query + `
		ORDER BY seq DESC`, args
}

// targets reports whether one of the ids, 16 bytes each, is c.
func targets(ids []byte, c id.Customer) bool {
	for ; len(ids) >= len(c); ids = ids[len(c):] {
		if bytes.Equal(ids[:len(c)], c[:]) {
			return true
		}
	}
	return false
}

// AuditRange gives entries by their place in the log, ascending.
func (s *Store) AuditRange(ctx context.Context, app id.App, from int64, limit int) (list []store.AuditRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+auditColumns+`
			FROM audit
			WHERE app_id = ?
				AND seq >= ?
				AND seq < ?
			ORDER BY seq`, []any{string(app), from, from + int64(max(limit, 0))}, appendTo(&list, scanAudit))
	})
	return list, err
}
