package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/store"
)

const insertCustomers = `
		WITH given AS MATERIALIZED (
			SELECT
				g.place,
				g.customer_id,
				g.status,
				g.type,
				g.group_seq,
				g.email_hash,
				g.email_form,
				g.created_at,
				g.updated_at,
				g.sealed,
				g.wrapped_key,
				g.sum
			FROM unnest(
				$3::uuid[],
				$4::smallint[],
				$5::smallint[],
				$6::bytea[],
				$7::smallint[],
				$8::bigint[],
				$9::bigint[],
				$10::bytea[],
				$11::bytea[],
				$12::bigint[],
				$14::bytea[]
			) WITH ORDINALITY AS g (
				customer_id, status, type, email_hash, email_form, created_at, updated_at,
				sealed, wrapped_key, group_seq, sum, place
			)
		), made AS (
			INSERT INTO customer (
				app_id,
				seq,
				customer_id,
				version,
				status,
				type,
				group_seq,
				email_hash,
				email_form,
				created_at,
				updated_at,
				sealed,
				sum
			)
			SELECT
				$1,
				$13 + place,
				customer_id,
				$2,
				status,
				type,
				NULLIF(group_seq, 0),
				email_hash,
				email_form,
				created_at,
				updated_at,
				sealed,
				sum
			FROM given
			ORDER BY place
			ON CONFLICT (app_id, email_hash) WHERE email_hash IS NOT NULL DO NOTHING
			RETURNING customer_id, seq
		), keyed AS (
			INSERT INTO customer_key (
				app_id,
				seq,
				wrapped_key
			)
			SELECT
				$1,
				made.seq,
				given.wrapped_key
			FROM made
			JOIN given ON given.customer_id = made.customer_id
		)
		SELECT
			given.place,
			made.seq
		FROM made
		JOIN given ON given.customer_id = made.customer_id`

// maxInsert is how many rows CustomerInsertAll takes, and insertChunk how many of
// them one statement adds: few enough to be far from writeLimit.
const (
	maxInsert   = 1000
	insertChunk = 250
)

// CustomerInsertAll adds customers but for those whose e-mail is taken.
func (t *tx) CustomerInsertAll(rows []store.CustomerRow) ([]int64, error) {
	if len(rows) > maxInsert {
		return nil, fmt.Errorf("postgres: %d customers inserted at once, at most %d", len(rows), maxInsert)
	}
	if err := t.aloneInUse(); err != nil {
		return nil, err
	}
	if t.number != 0 { // which CustomerNext has given is that of the first row
		if t.number != t.head.lastCustomer { // others have taken numbers before it was alone
			t.again, t.failed = !t.wrote, errSerial
			return nil, t.failed
		}
		t.head.lastCustomer, t.number = t.number-1, 0
	}
	seqs := make([]int64, 0, len(rows))
	for part := range slices.Chunk(rows, insertChunk) {
		got, err := t.insertPart(part)
		if err != nil {
			return nil, err
		}
		seqs = append(seqs, got...)
	}
	return seqs, nil
}

// insertPart adds customers in one statement, a column an argument.
func (t *tx) insertPart(rows []store.CustomerRow) ([]int64, error) {
	n := len(rows)
	ids, small, times := make([][16]byte, n), make([]int16, 3*n), make([]int64, 3*n)
	bytes := make([][]byte, 4*n)
	status, kind, form := small[:n], small[n:2*n], small[2*n:]
	created, updated, groups := times[:n], times[n:2*n], times[2*n:]
	hashes, sealed, keys, sums := bytes[:n], bytes[n:2*n], bytes[2*n:3*n], bytes[3*n:]
	for i := range rows {
		r := &rows[i]
		ids[i] = r.ID
		status[i], kind[i], form[i] = int16(r.Status), int16(r.Type), int16(r.EmailForm)
		created[i], updated[i], groups[i] = r.CreatedAt, r.UpdatedAt, r.Group
		hashes[i], sealed[i], keys[i], sums[i] = r.EmailHash, r.Sealed, r.Key, r.Sum
	}
	seqs := make([]int64, n)
	made := int64(0)
	err := t.query(insertCustomers,
		[]any{
			string(t.app), t.head.version + 1, ids, status, kind, hashes, form, created, updated,
			sealed, keys, groups, t.head.lastCustomer, sums,
		},
		func(rows pgx.Rows) error {
			for rows.Next() {
				var place, seq int64
				if err := rows.Scan(&place, &seq); err != nil {
					return err
				}
				seqs[place-1] = seq
				made++
			}
			return rows.Err()
		})
	if err != nil {
		return nil, err
	}
	t.changed = t.changed || made > 0
	t.head.customers += made
	t.head.lastCustomer += int64(n)
	return seqs, nil
}
