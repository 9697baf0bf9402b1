package postgres

import (
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const deleteCustomer = `
		WITH gone AS (
			DELETE FROM customer
			WHERE app_id = $1
			AND customer_id = $2
			RETURNING seq
		), keys AS (
			DELETE FROM customer_key
			WHERE app_id = $1
			AND seq = (SELECT seq FROM gone)
		), items AS (
			DELETE FROM customer_item
			WHERE app_id = $1
			AND customer_seq = (SELECT seq FROM gone)
		), history AS (
			DELETE FROM customer_history
			WHERE app_id = $1
			AND customer_seq = (SELECT seq FROM gone)
		)
		INSERT INTO customer_tombstone (
			app_id,
			version,
			seq
		)
		SELECT
			$1,
			$3,
			seq
		FROM gone
		RETURNING seq`

// CustomerDelete removes a customer with all that hangs on it.
func (t *tx) CustomerDelete(c id.Customer) error {
	var done bool
	err := t.query(deleteCustomer,
		[]any{string(t.app), [16]byte(c), t.head.version + 1}, found(&done))
	switch {
	case err != nil:
		return err
	case !done:
		return store.NotFound("customer")
	}
	t.changed, t.touched = true, append(t.touched, c)
	t.head.customers--
	return nil
}
