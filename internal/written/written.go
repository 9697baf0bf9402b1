// Package written watches what a transaction writes and gives the checksums of those rows, for the
// audit entry of the change. So an entry says not only that a row was changed but what it was
// afterwards, and a row that is altered or put back later does not match the newest entry about it.
//
// It writes nothing of its own. Start from Watch.
package written

import (
	"errors"
	"fmt"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Tx is a store.Tx that is watched. Every method of store.Tx that writes a row which has a checksum
// has one here.
type Tx struct {
	store.Tx
	customers map[id.Customer][]byte
	others    []other // in the order in which they were written first
}

// other is a row that is no customer.
type other struct {
	name string
	sum  []byte
}

// Watch gives tx watched.
func Watch(tx store.Tx) *Tx { return &Tx{Tx: tx} }

var (
	// errUnnamed is the fault of an entry that leaves out a customer.
	errUnnamed = errors.New("a customer was written whom the audit entry does not name")

	// errUnsummed is the fault of a change that writes a row without its checksum.
	errUnsummed = errors.New("a row was written without its checksum")
)

// Sums gives the checksums of the rows as they were written last: one for each of the targets in
// their order, nil for one that was not written, and then one for each other row, in the order in
// which those were written first. It gives none if nothing was written. It fails if a customer was
// written who is no target, or a row without its checksum.
func (t *Tx) Sums(targets []id.Customer) ([][]byte, error) {
	if len(t.customers)+len(t.others) == 0 {
		return nil, nil
	}
	sums := make([][]byte, 0, len(targets)+len(t.others))
	named := 0
	for _, c := range targets {
		sum, ok := t.customers[c]
		if ok {
			named++
			if len(sum) == 0 {
				return nil, errUnsummed
			}
		}
		sums = append(sums, sum)
	}
	if named < len(t.customers) {
		return nil, errUnnamed
	}
	for _, o := range t.others {
		if len(o.sum) == 0 {
			return nil, errUnsummed
		}
		sums = append(sums, o.sum)
	}
	return sums, nil
}

// AppInsert is store.Tx.AppInsert.
func (t *Tx) AppInsert(row store.AppRow) error {
	return t.writeOther("application", row.Sum, t.Tx.AppInsert(row))
}

// AppRekey is store.Tx.AppRekey.
func (t *Tx) AppRekey(row store.AppRow) error {
	return t.writeOther("application", row.Sum, t.Tx.AppRekey(row))
}

// AppUpdate is store.Tx.AppUpdate.
func (t *Tx) AppUpdate(row store.AppRow) error {
	return t.writeOther("application", row.Sum, t.Tx.AppUpdate(row))
}

// CredentialChange is store.Tx.CredentialChange.
func (t *Tx) CredentialChange(row store.CredentialRow) error {
	return t.writeCredential(&row, t.Tx.CredentialChange(row))
}

// CredentialInsert is store.Tx.CredentialInsert.
func (t *Tx) CredentialInsert(row store.CredentialRow) error {
	return t.writeCredential(&row, t.Tx.CredentialInsert(row))
}

// CredentialUpdate is store.Tx.CredentialUpdate.
func (t *Tx) CredentialUpdate(row store.CredentialRow) error {
	return t.writeCredential(&row, t.Tx.CredentialUpdate(row))
}

func (t *Tx) writeCredential(row *store.CredentialRow, err error) error {
	return t.writeOther("credential "+string(row.ID), row.Sum, err)
}

// CustomerInsert is store.Tx.CustomerInsert.
func (t *Tx) CustomerInsert(row store.CustomerRow) (seq int64, err error) {
	if seq, err = t.Tx.CustomerInsert(row); err != nil {
		return 0, err
	}
	t.writeCustomer(&row)
	return seq, nil
}

// CustomerInsertAll is store.Tx.CustomerInsertAll.
func (t *Tx) CustomerInsertAll(rows []store.CustomerRow) ([]int64, error) {
	seqs, err := t.Tx.CustomerInsertAll(rows)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if seqs[i] != 0 { // else it was left out
			t.writeCustomer(&rows[i])
		}
	}
	return seqs, nil
}

// CustomerUpdate is store.Tx.CustomerUpdate.
func (t *Tx) CustomerUpdate(row store.CustomerRow) error {
	if err := t.Tx.CustomerUpdate(row); err != nil {
		return err
	}
	t.writeCustomer(&row)
	return nil
}

// CustomerReseal is store.Tx.CustomerReseal.
func (t *Tx) CustomerReseal(row store.CustomerRow) error {
	if err := t.Tx.CustomerReseal(row); err != nil {
		return err
	}
	t.writeCustomer(&row)
	return nil
}

// writeCustomer remembers a row that was written.
func (t *Tx) writeCustomer(row *store.CustomerRow) {
	if t.customers == nil {
		t.customers = make(map[id.Customer][]byte, 1)
	}
	t.customers[row.ID] = row.Sum
}

// CustomerDelete is store.Tx.CustomerDelete. What is deleted has no checksum.
func (t *Tx) CustomerDelete(c id.Customer) error {
	delete(t.customers, c)
	return t.Tx.CustomerDelete(c)
}

// GroupInsert is store.Tx.GroupInsert.
func (t *Tx) GroupInsert(row store.GroupRow) (seq int64, err error) {
	if row.Seq, err = t.Tx.GroupInsert(row); err != nil {
		return 0, err
	}
	return row.Seq, t.writeGroup(&row, nil)
}

// GroupUpdate is store.Tx.GroupUpdate.
func (t *Tx) GroupUpdate(row store.GroupRow) error {
	return t.writeGroup(&row, t.Tx.GroupUpdate(row))
}

func (t *Tx) writeGroup(row *store.GroupRow, err error) error {
	return t.writeOther(fmt.Sprint("group ", row.Seq), row.Sum, err)
}

// ItemInsert is store.Tx.ItemInsert.
func (t *Tx) ItemInsert(c id.Customer, row store.ItemRow) error {
	return t.writeOther("item "+row.ID.String(), row.Sum, t.Tx.ItemInsert(c, row))
}

// ItemSum is store.Tx.ItemSum.
func (t *Tx) ItemSum(c id.Customer, row store.ItemRow) error {
	return t.writeOther("item "+row.ID.String(), row.Sum, t.Tx.ItemSum(c, row))
}

// writeOther remembers a row that was written unless err says that it was not.
func (t *Tx) writeOther(name string, sum []byte, err error) error {
	if err != nil {
		return err
	}
	for i := range t.others {
		if t.others[i].name == name {
			t.others[i].sum = sum
			return nil
		}
	}
	t.others = append(t.others, other{name, sum})
	return nil
}
