package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// customerColumns is a customer with its key, as scanCustomer reads it.
const customerColumns = `
			c.customer_id,
			c.seq,
			c.version,
			c.status,
			c.type,
			COALESCE(c.group_seq, 0) AS group_seq,
			c.email_hash,
			c.email_form,
			c.created_at,
			c.updated_at,
			c.sealed,
			k.wrapped_key,
			c.group_seq IS NOT NULL AND g.seq IS NULL AS group_gone,
			c.sum`

// joinKey leaves a customer without its key in, and one whose group was deleted.
const joinKey = `
		LEFT JOIN customer_key AS k ON k.app_id = c.app_id AND k.seq = c.seq
		LEFT JOIN customer_group AS g ON g.app_id = c.app_id AND g.seq = c.group_seq`

func scanCustomer(row pgx.Row, into *store.CustomerRow) error {
	return row.Scan(customerFields(into)...)
}

// customerFields are where the columns of a customer go.
func customerFields(into *store.CustomerRow) []any {
	return []any{
		(*[16]byte)(&into.ID),
		&into.Seq,
		&into.Version,
		&into.Status,
		&into.Type,
		&into.Group,
		&into.EmailHash,
		&into.EmailForm,
		&into.CreatedAt,
		&into.UpdatedAt,
		&into.Sealed,
		&into.Key,
		&into.GroupGone,
		&into.Sum,
	}
}

const (
	getCustomerBy = `
		SELECT` + customerColumns + `
		FROM customer AS c` + joinKey + `
		WHERE c.app_id = $1`
	getCustomer = getCustomerBy + `
		AND c.customer_id = $2`
	getCustomerBySeq = getCustomerBy + `
		AND c.seq = $2`
	getCustomerByEmail = getCustomerBy + `
		AND c.email_hash = $2`
)

func (s *Store) customerGet(ctx context.Context, app id.App, sql string, by any) (store.CustomerRow, error) {
	var row store.CustomerRow
	err := s.do(ctx, app, sql, []any{string(app), by},
		one("customer", func(r pgx.Row) error { return scanCustomer(r, &row) }))
	return row, err
}

// customerGet reads and claims a customer and its address. What it read before the claim is the newest
// state: whoever changes a customer has read it before, and keeps the claim.
func (t *tx) customerGet(sql string, by any) (store.CustomerRow, error) {
	var row store.CustomerRow
	informed := t.informed
	err := t.share(sql, []any{string(t.app), by},
		one("customer", func(r pgx.Row) error { return scanCustomer(r, &row) }))
	if err != nil {
		return store.CustomerRow{}, err
	}
	t.informed = informed // for now
	waited, err := t.claim(customerClaim, row.ID[:])
	if err == nil && !waited {
		waited, err = t.claim(emailClaim, row.EmailHash)
	}
	if err != nil {
		return store.CustomerRow{}, err
	}
	if waited {
		return t.customerGet(sql, by)
	}
	t.informed = true
	return row, nil
}

// CustomerGet gives one customer with its wrapped key.
func (s *Store) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	return s.customerGet(ctx, app, getCustomer, [16]byte(c))
}

// CustomerGetByEmail is CustomerGet by e-mail hash.
func (s *Store) CustomerGetByEmail(ctx context.Context, app id.App, hash []byte) (store.CustomerRow, error) {
	return s.customerGet(ctx, app, getCustomerByEmail, hash)
}

// CustomerGetBySeq is CustomerGet by sequence number.
func (s *Store) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	return s.customerGet(ctx, app, getCustomerBySeq, seq)
}

// CustomerElsewhere reports whether some other application than app has the
// customer. The function has its owner's rights and answers nothing but that.
func (s *Store) CustomerElsewhere(ctx context.Context, app id.App, c id.Customer) (bool, error) {
	var elsewhere bool
	err := s.do(ctx, app, `SELECT custodex_customer_elsewhere($1, $2)`,
		[]any{string(app), [16]byte(c)},
		one("answer", func(r pgx.Row) error { return r.Scan(&elsewhere) }))
	return elsewhere, err
}

// CustomerGet gives one customer with its key, as this transaction sees it.
func (t *tx) CustomerGet(c id.Customer) (store.CustomerRow, error) {
	return t.customerGet(getCustomer, [16]byte(c))
}

// CustomerGetBySeq is CustomerGet by sequence number.
func (t *tx) CustomerGetBySeq(seq int64) (store.CustomerRow, error) {
	return t.customerGet(getCustomerBySeq, seq)
}

// CustomerGetByEmail is CustomerGet by e-mail hash.
func (t *tx) CustomerGetByEmail(hash []byte) (store.CustomerRow, error) {
	if _, err := t.claim(emailClaim, hash); err != nil {
		return store.CustomerRow{}, err
	}
	return t.customerGet(getCustomerByEmail, hash)
}

// CustomerNext gives the Seq that the next customer will get, and the Version of what is written.
func (t *tx) CustomerNext() (seq, version int64, err error) {
	if !t.head.found {
		return 0, 0, store.NotFound("application")
	}
	if t.number == 0 {
		t.head.lastCustomer++
		t.number = t.head.lastCustomer
	}
	return t.number, t.head.version + 1, nil
}

// CustomerVersion gives the version of what is written.
func (t *tx) CustomerVersion() (int64, error) {
	if !t.head.found {
		return 0, store.NotFound("application")
	}
	return t.head.version + 1, nil
}

const insertCustomer = `
		WITH made AS (
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
			VALUES ($1, $13, $2, $3, $4, $5, NULLIF($12::bigint, 0), $6, $7, $8, $9, $10, $14)
			ON CONFLICT DO NOTHING
			RETURNING app_id, seq
		), keyed AS (
			INSERT INTO customer_key (
				app_id,
				seq,
				wrapped_key
			)
			SELECT
				app_id,
				seq,
				$11
			FROM made
		)
		SELECT seq
		FROM made`

// CustomerInsert adds a customer and its key and returns its Seq.
func (t *tx) CustomerInsert(row store.CustomerRow) (int64, error) {
	if _, err := t.claim(emailClaim, row.EmailHash); err != nil {
		return 0, err
	}
	if err := t.inUse(); err != nil {
		return 0, err
	}
	seq, version, err := t.CustomerNext()
	if err != nil {
		return 0, err
	}
	made, err := t.put(insertCustomer,
		[]any{
			string(t.app),
			[16]byte(row.ID),
			version,
			row.Status,
			row.Type,
			row.EmailHash,
			row.EmailForm,
			row.CreatedAt,
			row.UpdatedAt,
			row.Sealed,
			row.Key,
			row.Group,
			seq,
			row.Sum,
		})
	switch {
	case err != nil:
		return 0, err
	case !made:
		return 0, t.conflict(row, true)
	}
	t.changed = true
	t.head.customers++
	t.number = 0
	return seq, nil
}

const updateCustomer = `
		UPDATE customer AS c
		SET
			version = $3,
			status = $4,
			type = $5,
			email_hash = $6,
			email_form = $7,
			updated_at = $8,
			sealed = $9,
			group_seq = NULLIF($10::bigint, 0),
			sum = $11
		WHERE c.app_id = $1
		AND c.customer_id = $2
		AND NOT EXISTS (
			SELECT
			FROM customer AS o
			WHERE o.app_id = $1
			AND o.email_hash = $6
			AND o.customer_id <> $2
		)
		RETURNING c.seq`

// CustomerUpdate replaces what may change of a customer. The look for the e-mail
// hash only spares the savepoint an error: the unique index decides.
func (t *tx) CustomerUpdate(row store.CustomerRow) error {
	if _, err := t.claim(customerClaim, row.ID[:]); err != nil {
		return err
	}
	if _, err := t.claim(emailClaim, row.EmailHash); err != nil {
		return err
	}
	done, err := t.put(updateCustomer,
		[]any{
			string(t.app),
			[16]byte(row.ID),
			t.head.version + 1,
			row.Status,
			row.Type,
			row.EmailHash,
			row.EmailForm,
			row.UpdatedAt,
			row.Sealed,
			row.Group,
			row.Sum,
		})
	switch {
	case err != nil:
		return err
	case !done:
		return t.conflict(row, false)
	}
	t.changed, t.touched = true, append(t.touched, row.ID)
	return nil
}

// conflict says why a customer could not be written: its e-mail hash is another's,
// or else its id is taken (by an insert) or absent (to an update).
func (t *tx) conflict(row store.CustomerRow, insert bool) error {
	var email bool
	err := t.share(`
		SELECT
			EXISTS (
				SELECT
				FROM customer
				WHERE app_id = $1
				AND email_hash = $3
				AND customer_id <> $2
			)`,
		[]any{string(t.app), [16]byte(row.ID), row.EmailHash},
		one("answer", func(r pgx.Row) error { return r.Scan(&email) }))
	switch {
	case err != nil:
		return err
	case email:
		return t.refuse(store.ErrEmailTaken)
	case insert: // or its number is taken, which takes somebody who set the counter back
		return t.refuse(store.ErrExists)
	}
	return store.NotFound("customer")
}
