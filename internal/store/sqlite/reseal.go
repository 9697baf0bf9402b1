package sqlite

import (
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// CustomerReseal replaces the sum and the wrapped key of a customer.
func (t *tx) CustomerReseal(row store.CustomerRow) error {
	seq, err := t.seqOf(row.ID)
	if err != nil {
		return err
	}
	n, err := t.exec("UPDATE customer_key SET wrapped_key = ? WHERE app_id = ? AND seq = ?", row.Key, string(t.app), seq)
	if err == nil && n == 0 {
		err = store.NotFound("customer")
	}
	if err != nil {
		return err
	}
	if _, err := t.exec("UPDATE customer SET sum = ? WHERE app_id = ? AND seq = ?", row.Sum, string(t.app), seq); err != nil {
		return err
	}
	t.batch.touched = append(t.batch.touched, customerKey{t.app, row.ID})
	return nil
}

// ItemSum replaces the sum of an item of the customer.
func (t *tx) ItemSum(cust id.Customer, row store.ItemRow) error {
	seq, err := t.seqOf(cust)
	if err != nil {
		return err
	}
	n, err := t.exec(`
		UPDATE customer_item
		SET sum = ?
		WHERE app_id = ?
			AND customer_seq = ?
			AND kind = ?
			AND item_id = ?`, row.Sum, string(t.app), seq, int64(row.Kind), row.ID[:])
	if err == nil && n == 0 {
		return store.NotFound("item")
	}
	return err
}
