package sqlite

import (
	"fmt"

	"custodex.dev/internal/store"
)

const unlessEmailTaken = `
		ON CONFLICT (app_id, email_hash) WHERE email_hash IS NOT NULL DO NOTHING`

// maxInsert is how many rows CustomerInsertAll takes.
const maxInsert = 1000

// CustomerInsertAll adds customers but for those whose e-mail is taken. A statement
// of many rows would be no faster here: there is no way to the server and back.
func (t *tx) CustomerInsertAll(rows []store.CustomerRow) ([]int64, error) {
	if len(rows) > maxInsert {
		return nil, fmt.Errorf("sqlite: %d customers inserted at once, at most %d", len(rows), maxInsert)
	}
	seqs := make([]int64, len(rows))
	for i := range rows {
		seq, done, err := t.insert(insertCustomer+unlessEmailTaken, &rows[i])
		if err != nil {
			return nil, err
		}
		if done {
			seqs[i] = seq
		}
	}
	return seqs, nil
}
