package postgres

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

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

func scanEntry(row pgx.Row, into *store.AuditRow) error {
	return row.Scan(
		&into.Seq,
		&into.At,
		&into.Actor,
		&into.Action,
		&into.Outcome,
		&into.Targets,
		&into.Detail,
		&into.Personal,
		&into.MAC,
	)
}

const insertEntries = `
	INSERT INTO audit (
		app_id,
		seq,
		at,
		actor,
		action,
		outcome,
		targets,
		detail,
		personal,
		mac
	)
	SELECT
		$1,
		$2 + e.place - 1,
		e.at,
		e.actor,
		e.action,
		e.outcome,
		e.targets,
		e.detail,
		e.personal,
		e.mac
	FROM unnest(
		$3::bigint[],
		$4::text[],
		$5::text[],
		$6::smallint[],
		$7::bytea[],
		$8::bytea[],
		$9::bytea[],
		$10::bytea[]
	) WITH ORDINALITY AS e (
		at, actor, action, outcome, targets, detail, personal, mac, place
	)`

// entryArgs places entries from seq first on, and gives the arguments of insertEntries: a column
// each, so that any number of entries is one statement.
func entryArgs(app id.App, first int64, entries []store.AuditRow) []any {
	n := len(entries)
	at, outcome := make([]int64, n), make([]int16, n)
	actor, action := make([]string, n), make([]string, n)
	bytes := make([][]byte, 4*n)
	targets, detail, personal, mac := bytes[:n], bytes[n:2*n], bytes[2*n:3*n], bytes[3*n:]
	for i := range entries {
		e := &entries[i]
		e.Place(first + int64(i))
		at[i], outcome[i] = e.At, int16(e.Outcome)
		actor[i], action[i] = e.Actor, e.Action
		targets[i], detail[i], personal[i], mac[i] = e.Targets, e.Detail, e.Personal, e.MAC
	}
	return []any{
		string(app), first, at, actor, action, outcome, targets, detail, personal, mac,
	}
}

// AuditAppend appends an entry in this transaction; the batch writes it.
func (t *tx) AuditAppend(entry store.AuditRow) { t.entries = append(t.entries, entry) }

// auditWindow is how much of a log one statement looks through for a filter, so that
// a filter that matches little does not run into the statement's time limit.
const auditWindow = 50_000

// AuditList gives entries newest first, at most limit.
func (s *Store) AuditList(ctx context.Context, app id.App, l store.AuditList, limit int) ([]store.AuditRow, error) {
	before := l.Before
	if before == 0 {
		h, err := s.Head(ctx, app)
		if err != nil {
			return nil, ignoreAbsent(err)
		}
		before = h.Entries
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	window := before // without a filter every entry matches
	if l.Customer != nil || l.Actor != "" || l.Action != "" || l.From != 0 || l.To != 0 {
		window = auditWindow
	}
	var all []store.AuditRow
	for before > max(l.Since, 0) && len(all) < limit {
		from := max(before-window, l.Since, 0)
		sql, args := listEntries(app, l, from, before, limit-len(all))
		part, err := list(ctx, s, app, sql, args, scanEntry)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		before = from
	}
	return all, nil
}

func listEntries(app id.App, l store.AuditList, from, before int64, limit int) (string, []any) {
	args := []any{string(app), from, before, limit}
	sql := `
		SELECT` + auditColumns + `
		FROM audit
		WHERE app_id = $1
		AND seq >= $2
		AND seq < $3`
	with := func(condition string, value any) {
		args = append(args, value)
		sql += `
		AND ` + condition + `$` + strconv.Itoa(len(args))
	}
	if l.Actor != "" {
		with(`actor = `, l.Actor)
	}
	if l.Action != "" {
		with(`action = `, l.Action)
	}
	if l.From != 0 {
		with(`at >= `, l.From)
	}
	if l.To != 0 {
		with(`at < `, l.To)
	}
	if l.Customer != nil {
		// Ids begin at every sixteenth byte; a match across two of them is none.
		with(`EXISTS (
			SELECT
			FROM generate_series(1, length(targets), 16) AS i
			WHERE substring(targets FROM i FOR 16) = `, l.Customer[:])
		sql += `
		)`
	}
	return sql + `
		ORDER BY seq DESC
		LIMIT $4`, args
}

// AuditRange gives the entries with from <= Seq < from+limit, ascending.
func (s *Store) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	return list(ctx, s, app, `
		SELECT`+auditColumns+`
		FROM audit
		WHERE app_id = $1
		AND seq >= $2
		AND seq < $3
		ORDER BY seq`,
		[]any{string(app), from, from + int64(max(limit, 0))}, scanEntry)
}
