package postgres

import (
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// CustomerReseal replaces the sum and the wrapped key of a customer.
func (t *tx) CustomerReseal(row store.CustomerRow) error {
	var done bool
	err := t.query(`
		WITH sealed AS (
			UPDATE customer_key AS k
			SET wrapped_key = $3
			FROM customer AS c
			WHERE c.app_id = $1
			AND c.customer_id = $2
			AND k.app_id = $1
			AND k.seq = c.seq
			RETURNING k.seq
		)
		UPDATE customer AS c
		SET sum = $4
		FROM sealed
		WHERE c.app_id = $1
		AND c.seq = sealed.seq
		RETURNING c.seq`,
		[]any{string(t.app), [16]byte(row.ID), row.Key, row.Sum}, found(&done))
	if err == nil && !done {
		err = store.NotFound("customer")
	}
	t.touched = append(t.touched, row.ID) // its version does not tell others; what they keep opens as well
	return err
}

// ItemSum replaces the sum of an item of the customer.
func (t *tx) ItemSum(c id.Customer, row store.ItemRow) error {
	var done bool
	err := t.query(`
		UPDATE customer_item AS i
		SET sum = $5
		FROM customer AS c
		WHERE c.app_id = $1
		AND c.customer_id = $2
		AND i.app_id = $1
		AND i.customer_seq = c.seq
		AND i.kind = $3
		AND i.item_id = $4
		RETURNING i.item_id`,
		[]any{string(t.app), [16]byte(c), uint8(row.Kind), [16]byte(row.ID), row.Sum}, found(&done))
	if err == nil && !done {
		err = store.NotFound("item")
	}
	return err
}
