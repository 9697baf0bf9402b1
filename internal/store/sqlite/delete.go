package sqlite

import "custodex.dev/internal/id"

// CustomerDelete removes a customer with all that hangs on it. What is deleted is
// overwritten in the file (conn.go, secure_delete), so the key is gone with it.
func (t *tx) CustomerDelete(cust id.Customer) error {
	h, err := t.head()
	if err != nil {
		return err
	}
	seq, err := t.seqOf(cust)
	if err != nil {
		return err
	}
	for _, query := range []string{
		`
		DELETE FROM customer_item
		WHERE app_id = ?
			AND customer_seq = ?`,
		`
		DELETE FROM customer_history
		WHERE app_id = ?
			AND customer_seq = ?`,
		`
		DELETE FROM customer_key
		WHERE app_id = ?
			AND seq = ?`,
		`
		DELETE FROM customer
		WHERE app_id = ?
			AND seq = ?`,
	} {
		if _, err := t.exec(query, string(t.app), seq); err != nil {
			return err
		}
	}
	_, err = t.exec(`
		INSERT INTO customer_tombstone (
			app_id,
			version,
			seq
		) VALUES (?, ?, ?)`, string(t.app), h.Version+1, seq)
	if err != nil {
		return err
	}
	t.added--
	t.changed = true
	t.batch.touched = append(t.batch.touched, customerKey{t.app, cust})
	return nil
}
