package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"custodex.dev/internal/fault"
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
	c.group_seq,
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

func scanCustomer(r *rows, row *store.CustomerRow) error {
	return customerError(row, r.scan(customerFields(row)...))
}

// customerFields are where the columns of a customer go.
func customerFields(row *store.CustomerRow) []any {
	return []any{
		(*[16]byte)(&row.ID),
		&row.Seq,
		&row.Version,
		&row.Status,
		&row.Type,
		&row.Group,
		&row.EmailHash,
		&row.EmailForm,
		&row.CreatedAt,
		&row.UpdatedAt,
		&row.Sealed,
		&row.Key,
		&row.GroupGone,
		&row.Sum,
	}
}

// customerError says which customer cannot be read.
func customerError(row *store.CustomerRow, err error) error {
	if err != nil {
		return fmt.Errorf("customer %d: %w", row.Seq, err)
	}
	return nil
}

const (
	getCustomerBy = `
		SELECT` + customerColumns + `
		FROM customer AS c` + joinKey + `
		WHERE c.app_id = ?`
	getCustomer = getCustomerBy + `
			AND c.customer_id = ?`
	getCustomerBySeq = getCustomerBy + `
			AND c.seq = ?`
	getCustomerByEmail = getCustomerBy + `
			AND c.email_hash = ?`
)

func customerGet(ctx context.Context, c *conn, app id.App, query string, by any) (row store.CustomerRow, err error) {
	err = c.one(ctx, store.NotFound("customer"), query, []any{string(app), by}, func(r *rows) error {
		return scanCustomer(r, &row)
	})
	return row, err
}

// customerGet reads a row from the file and keeps it in the cache, unless a row
// has changed since the cache gave changes.
func (s *Store) customerGet(ctx context.Context, app id.App, query string, by any, changes uint64) (store.CustomerRow, error) {
	row := make([]store.CustomerRow, 1)
	err := s.read(ctx, func(ctx context.Context, c *conn) (err error) {
		row[0], err = customerGet(ctx, c, app, query, by)
		return err
	})
	if err != nil {
		return store.CustomerRow{}, err
	}
	s.cache.put(app, row, changes)
	return row[0], nil
}

// CustomerGet gives one customer with its wrapped key.
func (s *Store) CustomerGet(ctx context.Context, app id.App, cust id.Customer) (store.CustomerRow, error) {
	row, found, changes := s.cache.get(app, cust)
	if found {
		return row, s.checkOpen(ctx)
	}
	return s.customerGet(ctx, app, getCustomer, cust[:], changes)
}

// CustomerGetByEmail is CustomerGet by e-mail hash. The cache does not know hashes.
func (s *Store) CustomerGetByEmail(ctx context.Context, app id.App, hash []byte) (row store.CustomerRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) (err error) {
		row, err = customerGet(ctx, c, app, getCustomerByEmail, hash)
		return err
	})
	return row, err
}

// CustomerGetBySeq is CustomerGet by sequence number.
func (s *Store) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	row, found, changes := s.cache.getBySeq(app, seq)
	if found {
		return row, s.checkOpen(ctx)
	}
	return s.customerGet(ctx, app, getCustomerBySeq, seq, changes)
}

// Disclose reads one customer and appends the entry that use makes. What the cache has is the newest.
func (s *Store) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	return store.Disclose(ctx, s, app, ref, use)
}

// CustomerGet gives one customer as this transaction sees it. There is no other
// writer that it would have to be held against.
func (t *tx) CustomerGet(cust id.Customer) (store.CustomerRow, error) {
	return customerGet(t.ctx, t.batch.conn, t.app, getCustomer, cust[:])
}

// CustomerGetBySeq is CustomerGet by sequence number.
func (t *tx) CustomerGetBySeq(seq int64) (store.CustomerRow, error) {
	return customerGet(t.ctx, t.batch.conn, t.app, getCustomerBySeq, seq)
}

// CustomerGetByEmail is CustomerGet by e-mail hash.
func (t *tx) CustomerGetByEmail(hash []byte) (store.CustomerRow, error) {
	return customerGet(t.ctx, t.batch.conn, t.app, getCustomerByEmail, hash)
}

// CustomerElsewhere reports whether another application has the customer. It and
// AppList are the statements that look beyond one application. INDEXED BY makes it fail
// without its index, where it would otherwise read the customers of everybody.
func (s *Store) CustomerElsewhere(ctx context.Context, app id.App, cust id.Customer) (found bool, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT 1
			FROM customer INDEXED BY customer_id
			WHERE customer_id = ?
				AND app_id <> ?
			LIMIT 1`, []any{cust[:], string(app)}, func(*rows) error {
			found = true
			return nil
		})
	})
	return found, err
}

const insertCustomer = `
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
		) VALUES (?, ?, ?, ?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?, ?, ?)`

// CustomerNext gives the number that the next customer will get, and the version of what is written.
func (t *tx) CustomerNext() (seq, version int64, err error) {
	h, err := t.head()
	if err != nil {
		return 0, 0, err
	}
	return h.lastCustomer + t.numbers + 1, h.Version + 1, nil
}

// CustomerVersion gives the version of what is written.
func (t *tx) CustomerVersion() (int64, error) {
	h, err := t.head()
	if err != nil {
		return 0, err
	}
	return h.Version + 1, nil
}

// insert adds a customer and its key by a form of insertCustomer. done is false if
// the statement passed the row over.
func (t *tx) insert(statement string, row *store.CustomerRow) (seq int64, done bool, err error) {
	if err := t.inUse(); err != nil {
		return 0, false, err
	}
	seq, version, err := t.CustomerNext()
	if err != nil {
		return 0, false, err
	}
	t.numbers++ // also if the statement passes the row over: CustomerInsertAll counts every row
	n, err := t.exec(statement,
		string(t.app), seq, row.ID[:], version, int64(row.Status), int64(row.Type), row.Group,
		row.EmailHash, int64(row.EmailForm), row.CreatedAt, row.UpdatedAt, row.Sealed, row.Sum)
	if err != nil || n == 0 {
		return 0, false, err
	}
	_, err = t.exec(`
		INSERT INTO customer_key (
			app_id,
			seq,
			wrapped_key
		) VALUES (?, ?, ?)`, string(t.app), seq, row.Key)
	if err != nil {
		return 0, false, err
	}
	t.added++
	t.changed = true
	return seq, true, nil
}

// CustomerInsert adds a customer and its key.
func (t *tx) CustomerInsert(row store.CustomerRow) (int64, error) {
	seq, _, err := t.insert(insertCustomer, &row)
	if err != nil {
		return 0, t.emailTaken(err, row)
	}
	return seq, nil
}

// CustomerUpdate replaces a customer but for what never changes.
func (t *tx) CustomerUpdate(row store.CustomerRow) error {
	h, err := t.head()
	if err != nil {
		return err
	}
	n, err := t.exec(`
		UPDATE customer
		SET
			version = ?,
			status = ?,
			type = ?,
			group_seq = NULLIF(?, 0),
			email_hash = ?,
			email_form = ?,
			updated_at = ?,
			sealed = ?,
			sum = ?
		WHERE app_id = ?
			AND customer_id = ?`,
		h.Version+1, int64(row.Status), int64(row.Type), row.Group, row.EmailHash,
		int64(row.EmailForm), row.UpdatedAt, row.Sealed, row.Sum, string(t.app), row.ID[:])
	if err != nil {
		return t.emailTaken(err, row)
	}
	if n == 0 {
		return store.NotFound("customer")
	}
	t.changed = true
	t.batch.touched = append(t.batch.touched, customerKey{t.app, row.ID})
	return nil
}

// emailTaken makes store.ErrEmailTaken out of the violation of a unique index, if
// it was the index of e-mail hashes. The driver's code does not say which it was;
// the rows do.
func (t *tx) emailTaken(violation error, row store.CustomerRow) error {
	if !errors.Is(violation, fault.Conflict) || row.EmailHash == nil {
		return violation
	}
	taken := false
	err := t.each(`
		SELECT 1
		FROM customer
		WHERE app_id = ?
			AND email_hash = ?
			AND customer_id <> ?`, []any{string(t.app), row.EmailHash, row.ID[:]}, func(*rows) error {
		taken = true
		return nil
	})
	if err != nil {
		return errors.Join(violation, err)
	}
	if taken {
		t.failed = store.ErrEmailTaken
		return store.ErrEmailTaken
	}
	return violation
}

// maxBySeq is how many numbers CustomerBySeq takes.
const maxBySeq = 1000

// CustomerBySeq gives the customers with these numbers.
func (s *Store) CustomerBySeq(ctx context.Context, app id.App, seqs []int64) (list []store.CustomerRow, err error) {
	if len(seqs) > maxBySeq {
		return nil, fmt.Errorf("sqlite: %d numbers asked for at once, at most %d", len(seqs), maxBySeq)
	}
	if len(seqs) == 0 {
		return nil, ctx.Err()
	}
	asked, err := json.Marshal(seqs)
	if err != nil {
		return nil, err
	}
	list = make([]store.CustomerRow, 0, len(seqs))
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+customerColumns+`
			FROM customer AS c`+joinKey+`
			WHERE c.app_id = ?
				AND c.seq IN (SELECT value FROM json_each(?))`,
			[]any{string(app), string(asked)}, appendTo(&list, scanCustomer))
	})
	return list, err
}
