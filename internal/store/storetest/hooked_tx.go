package storetest

import (
	"context"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// wrappedTx is a transaction of a Hooked store.
type wrappedTx struct {
	store.Tx
	hooks *Hooks
	ctx   context.Context // of the Update: the methods of a Tx take none
	app   id.App
	err   error // of a hook of AuditAppend or EventAppend, which return none: the Update fails with it
}

func (t *wrappedTx) AuditAppend(entry store.AuditRow) {
	err := run(t.ctx, t.hooks, "Tx.AuditAppend", t.app, func() error { t.Tx.AuditAppend(entry); return nil })
	if t.err == nil {
		t.err = err
	}
}

func (t *wrappedTx) EventAppend(row store.EventRow) {
	err := run(t.ctx, t.hooks, "Tx.EventAppend", t.app, func() error { t.Tx.EventAppend(row); return nil })
	if t.err == nil {
		t.err = err
	}
}

// The other methods of store.Tx, in alphabetical order.

func (t *wrappedTx) AlarmInsert(row store.AlarmRow) error {
	return run(t.ctx, t.hooks, "Tx.AlarmInsert", t.app, func() error { return t.Tx.AlarmInsert(row) })
}

func (t *wrappedTx) AlarmList(limit int) ([]store.AlarmRow, error) {
	return get(t.ctx, t.hooks, "Tx.AlarmList", t.app, func() ([]store.AlarmRow, error) { return t.Tx.AlarmList(limit) })
}

func (t *wrappedTx) AppInsert(row store.AppRow) error {
	return run(t.ctx, t.hooks, "Tx.AppInsert", t.app, func() error { return t.Tx.AppInsert(row) })
}

func (t *wrappedTx) AppGet() (store.AppRow, error) {
	return get(t.ctx, t.hooks, "Tx.AppGet", t.app, t.Tx.AppGet)
}

func (t *wrappedTx) AppRekey(row store.AppRow) error {
	return run(t.ctx, t.hooks, "Tx.AppRekey", t.app, func() error { return t.Tx.AppRekey(row) })
}

func (t *wrappedTx) AppUpdate(row store.AppRow) error {
	return run(t.ctx, t.hooks, "Tx.AppUpdate", t.app, func() error { return t.Tx.AppUpdate(row) })
}

func (t *wrappedTx) CredentialList() ([]store.CredentialRow, error) {
	return get(t.ctx, t.hooks, "Tx.CredentialList", t.app, t.Tx.CredentialList)
}

func (t *wrappedTx) CustomerCount() (int64, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerCount", t.app, t.Tx.CustomerCount)
}

func (t *wrappedTx) CredentialChange(row store.CredentialRow) error {
	return run(t.ctx, t.hooks, "Tx.CredentialChange", t.app, func() error { return t.Tx.CredentialChange(row) })
}

func (t *wrappedTx) CredentialGet(c id.Credential) (store.CredentialRow, error) {
	return get(t.ctx, t.hooks, "Tx.CredentialGet", t.app, func() (store.CredentialRow, error) { return t.Tx.CredentialGet(c) })
}

func (t *wrappedTx) CredentialInsert(row store.CredentialRow) error {
	return run(t.ctx, t.hooks, "Tx.CredentialInsert", t.app, func() error { return t.Tx.CredentialInsert(row) })
}

func (t *wrappedTx) CredentialUpdate(row store.CredentialRow) error {
	return run(t.ctx, t.hooks, "Tx.CredentialUpdate", t.app, func() error { return t.Tx.CredentialUpdate(row) })
}

func (t *wrappedTx) CustomerDelete(c id.Customer) error {
	return run(t.ctx, t.hooks, "Tx.CustomerDelete", t.app, func() error { return t.Tx.CustomerDelete(c) })
}

func (t *wrappedTx) CustomerGet(c id.Customer) (store.CustomerRow, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerGet", t.app, func() (store.CustomerRow, error) { return t.Tx.CustomerGet(c) })
}

func (t *wrappedTx) CustomerGetByEmail(hash []byte) (store.CustomerRow, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerGetByEmail", t.app, func() (store.CustomerRow, error) {
		return t.Tx.CustomerGetByEmail(hash)
	})
}

func (t *wrappedTx) CustomerGetBySeq(seq int64) (store.CustomerRow, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerGetBySeq", t.app, func() (store.CustomerRow, error) {
		return t.Tx.CustomerGetBySeq(seq)
	})
}

func (t *wrappedTx) CustomerInsert(row store.CustomerRow) (int64, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerInsert", t.app, func() (int64, error) { return t.Tx.CustomerInsert(row) })
}

func (t *wrappedTx) CustomerInsertAll(rows []store.CustomerRow) ([]int64, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerInsertAll", t.app, func() ([]int64, error) { return t.Tx.CustomerInsertAll(rows) })
}

func (t *wrappedTx) CustomerNext() (seq, version int64, err error) {
	err = run(t.ctx, t.hooks, "Tx.CustomerNext", t.app, func() (err error) {
		seq, version, err = t.Tx.CustomerNext()
		return err
	})
	return seq, version, err
}

func (t *wrappedTx) CustomerVersion() (int64, error) {
	return get(t.ctx, t.hooks, "Tx.CustomerVersion", t.app, t.Tx.CustomerVersion)
}

func (t *wrappedTx) CustomerReseal(row store.CustomerRow) error {
	return run(t.ctx, t.hooks, "Tx.CustomerReseal", t.app, func() error { return t.Tx.CustomerReseal(row) })
}

func (t *wrappedTx) CustomerUpdate(row store.CustomerRow) error {
	return run(t.ctx, t.hooks, "Tx.CustomerUpdate", t.app, func() error { return t.Tx.CustomerUpdate(row) })
}

func (t *wrappedTx) GroupDelete(seq int64) error {
	return run(t.ctx, t.hooks, "Tx.GroupDelete", t.app, func() error { return t.Tx.GroupDelete(seq) })
}

func (t *wrappedTx) GroupGet(seq int64) (store.GroupRow, error) {
	return get(t.ctx, t.hooks, "Tx.GroupGet", t.app, func() (store.GroupRow, error) { return t.Tx.GroupGet(seq) })
}

func (t *wrappedTx) GroupInsert(row store.GroupRow) (int64, error) {
	return get(t.ctx, t.hooks, "Tx.GroupInsert", t.app, func() (int64, error) { return t.Tx.GroupInsert(row) })
}

func (t *wrappedTx) GroupNext() (int64, error) {
	return get(t.ctx, t.hooks, "Tx.GroupNext", t.app, t.Tx.GroupNext)
}

func (t *wrappedTx) GroupUpdate(row store.GroupRow) error {
	return run(t.ctx, t.hooks, "Tx.GroupUpdate", t.app, func() error { return t.Tx.GroupUpdate(row) })
}

func (t *wrappedTx) HistoryAppend(row store.HistoryRow) error {
	return run(t.ctx, t.hooks, "Tx.HistoryAppend", t.app, func() error { return t.Tx.HistoryAppend(row) })
}

func (t *wrappedTx) IdempotencyGet(scope []byte) (store.IdempotencyRow, error) {
	return get(t.ctx, t.hooks, "Tx.IdempotencyGet", t.app, func() (store.IdempotencyRow, error) {
		return t.Tx.IdempotencyGet(scope)
	})
}

func (t *wrappedTx) IdempotencyPut(row store.IdempotencyRow, ttl time.Duration) error {
	return run(t.ctx, t.hooks, "Tx.IdempotencyPut", t.app, func() error { return t.Tx.IdempotencyPut(row, ttl) })
}

func (t *wrappedTx) ItemInsert(c id.Customer, row store.ItemRow) error {
	return run(t.ctx, t.hooks, "Tx.ItemInsert", t.app, func() error { return t.Tx.ItemInsert(c, row) })
}

func (t *wrappedTx) ItemSum(c id.Customer, row store.ItemRow) error {
	return run(t.ctx, t.hooks, "Tx.ItemSum", t.app, func() error { return t.Tx.ItemSum(c, row) })
}
