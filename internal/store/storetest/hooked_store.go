package storetest

import (
	"context"
	"sync"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Update runs fn with a transaction whose calls run hooks, too.
func (w *wrapped) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	hooks := w.hooks.Load()
	return run(ctx, hooks, "Update", app, func() error {
		return w.Store.Update(ctx, app, func(tx store.Tx) error {
			t := &wrappedTx{Tx: tx, hooks: hooks, ctx: ctx, app: app}
			if err := fn(t); err != nil {
				return err
			}
			if t.err != nil {
				return t.err
			}
			return hooks.before(ctx, "Tx.Commit", app)
		})
	})
}

func (w *wrapped) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	_, err := get(ctx, w.hooks.Load(), "CustomerScan", app, func() (rows int64, err error) {
		err = w.Store.CustomerScan(ctx, app, from, to, func(row *store.CustomerRow) error {
			rows++
			return fn(row)
		})
		return rows, err
	})
	return err
}

// The other methods of store.Store, in alphabetical order.

func (w *wrapped) AlarmList(ctx context.Context, app id.App, limit int) ([]store.AlarmRow, error) {
	return get(ctx, w.hooks.Load(), "AlarmList", app, func() ([]store.AlarmRow, error) { return w.Store.AlarmList(ctx, app, limit) })
}

func (w *wrapped) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	return get(ctx, w.hooks.Load(), "AppGet", app, func() (store.AppRow, error) { return w.Store.AppGet(ctx, app) })
}

func (w *wrapped) AppList(ctx context.Context, after id.App, limit int) ([]store.AppRow, error) {
	return get(ctx, w.hooks.Load(), "AppList", "", func() ([]store.AppRow, error) { return w.Store.AppList(ctx, after, limit) })
}

func (w *wrapped) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	return get(ctx, w.hooks.Load(), "AuditList", app, func() ([]store.AuditRow, error) {
		return w.Store.AuditList(ctx, app, list, limit)
	})
}

func (w *wrapped) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	return get(ctx, w.hooks.Load(), "AuditRange", app, func() ([]store.AuditRow, error) {
		return w.Store.AuditRange(ctx, app, from, limit)
	})
}

func (w *wrapped) BlockList(ctx context.Context, app id.App, from, to int64) ([]store.BlockRow, error) {
	return get(ctx, w.hooks.Load(), "BlockList", app, func() ([]store.BlockRow, error) {
		return w.Store.BlockList(ctx, app, from, to)
	})
}

func (w *wrapped) BlockPut(ctx context.Context, app id.App, row store.BlockRow) error {
	return run(ctx, w.hooks.Load(), "BlockPut", app, func() error { return w.Store.BlockPut(ctx, app, row) })
}

func (w *wrapped) CredentialByKey(ctx context.Context, app id.App, publicKey string) (store.CredentialRow, error) {
	return get(ctx, w.hooks.Load(), "CredentialByKey", app, func() (store.CredentialRow, error) {
		return w.Store.CredentialByKey(ctx, app, publicKey)
	})
}

func (w *wrapped) CredentialGet(ctx context.Context, app id.App, c id.Credential) (store.CredentialRow, error) {
	return get(ctx, w.hooks.Load(), "CredentialGet", app, func() (store.CredentialRow, error) {
		return w.Store.CredentialGet(ctx, app, c)
	})
}

func (w *wrapped) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	return get(ctx, w.hooks.Load(), "CredentialList", app, func() ([]store.CredentialRow, error) {
		return w.Store.CredentialList(ctx, app)
	})
}

func (w *wrapped) CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error {
	return run(ctx, w.hooks.Load(), "CredentialTouch", app, func() error { return w.Store.CredentialTouch(ctx, app, used) })
}

func (w *wrapped) CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerBySeq", app, func() ([]store.CustomerRow, error) {
		return w.Store.CustomerBySeq(ctx, app, seqs)
	})
}

func (w *wrapped) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerChanges", app, func() ([]store.CustomerRow, error) {
		return w.Store.CustomerChanges(ctx, app, after, limit)
	})
}

func (w *wrapped) CustomerElsewhere(ctx context.Context, app id.App, c id.Customer) (bool, error) {
	return get(ctx, w.hooks.Load(), "CustomerElsewhere", app, func() (bool, error) {
		return w.Store.CustomerElsewhere(ctx, app, c)
	})
}

func (w *wrapped) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerGet", app, func() (store.CustomerRow, error) {
		return w.Store.CustomerGet(ctx, app, c)
	})
}

func (w *wrapped) CustomerGetByEmail(ctx context.Context, app id.App, hash []byte) (store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerGetByEmail", app, func() (store.CustomerRow, error) {
		return w.Store.CustomerGetByEmail(ctx, app, hash)
	})
}

func (w *wrapped) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerGetBySeq", app, func() (store.CustomerRow, error) {
		return w.Store.CustomerGetBySeq(ctx, app, seq)
	})
}

func (w *wrapped) CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	return get(ctx, w.hooks.Load(), "CustomerList", app, func() ([]store.CustomerRow, error) {
		return w.Store.CustomerList(ctx, app, list)
	})
}

func (w *wrapped) CustomerRange(ctx context.Context, app id.App) (store.CustomerRange, error) {
	return get(ctx, w.hooks.Load(), "CustomerRange", app, func() (store.CustomerRange, error) {
		return w.Store.CustomerRange(ctx, app)
	})
}

// Disclose also runs the hooks of CustomerGet or CustomerGetBySeq and of Record, which it stands for.
// That after the read runs for each row that the function is given.
func (w *wrapped) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	hooks, read := w.hooks.Load(), "CustomerGet"
	if ref.ID.IsZero() {
		read = "CustomerGetBySeq"
	}
	for _, method := range []string{"Disclose", read} {
		if err := hooks.before(ctx, method, app); err != nil {
			return err
		}
	}
	refuse := sync.OnceValue(func() error { return hooks.before(ctx, "Record", app) })
	err := w.Store.Disclose(ctx, app, ref, func(row *store.CustomerRow) (store.AuditRow, error) {
		if err := hooks.after(ctx, read, app, row); err != nil {
			return store.AuditRow{}, err
		}
		entry, err := use(row)
		if err == nil {
			err = refuse()
		}
		return entry, err
	})
	if err != nil {
		return err
	}
	if err := hooks.after(ctx, "Record", app, nil); err != nil {
		return err
	}
	return hooks.after(ctx, "Disclose", app, nil)
}

func (w *wrapped) EpochInsert(ctx context.Context, row store.EpochRow) error {
	return run(ctx, w.hooks.Load(), "EpochInsert", "", func() error { return w.Store.EpochInsert(ctx, row) })
}

func (w *wrapped) EpochList(ctx context.Context) ([]store.EpochRow, error) {
	return get(ctx, w.hooks.Load(), "EpochList", "", func() ([]store.EpochRow, error) { return w.Store.EpochList(ctx) })
}

func (w *wrapped) EventList(ctx context.Context, app id.App, after int64, limit int) ([]store.EventRow, error) {
	return get(ctx, w.hooks.Load(), "EventList", app, func() ([]store.EventRow, error) {
		return w.Store.EventList(ctx, app, after, limit)
	})
}

func (w *wrapped) EventPurge(ctx context.Context, app id.App, before int64, limit int) (int, error) {
	return get(ctx, w.hooks.Load(), "EventPurge", app, func() (int, error) {
		return w.Store.EventPurge(ctx, app, before, limit)
	})
}

func (w *wrapped) GroupCount(ctx context.Context, app id.App, from, to int64) (int, error) {
	return get(ctx, w.hooks.Load(), "GroupCount", app, func() (int, error) { return w.Store.GroupCount(ctx, app, from, to) })
}

func (w *wrapped) GroupGet(ctx context.Context, app id.App, seq int64) (store.GroupRow, error) {
	return get(ctx, w.hooks.Load(), "GroupGet", app, func() (store.GroupRow, error) { return w.Store.GroupGet(ctx, app, seq) })
}

func (w *wrapped) GroupList(ctx context.Context, app id.App, list store.GroupList) ([]store.GroupRow, error) {
	return get(ctx, w.hooks.Load(), "GroupList", app, func() ([]store.GroupRow, error) {
		return w.Store.GroupList(ctx, app, list)
	})
}

func (w *wrapped) Head(ctx context.Context, app id.App) (store.Head, error) {
	return get(ctx, w.hooks.Load(), "Head", app, func() (store.Head, error) { return w.Store.Head(ctx, app) })
}

func (w *wrapped) IdempotencyPurge(ctx context.Context, app id.App, limit int) (int, error) {
	return get(ctx, w.hooks.Load(), "IdempotencyPurge", app, func() (int, error) {
		return w.Store.IdempotencyPurge(ctx, app, limit)
	})
}

func (w *wrapped) ItemCount(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind) (int, error) {
	return get(ctx, w.hooks.Load(), "ItemCount", app, func() (int, error) { return w.Store.ItemCount(ctx, app, c, kind) })
}

func (w *wrapped) HistoryList(ctx context.Context, app id.App, seq int64, list store.HistoryList) ([]store.HistoryRow, error) {
	return get(ctx, w.hooks.Load(), "HistoryList", app, func() ([]store.HistoryRow, error) {
		return w.Store.HistoryList(ctx, app, seq, list)
	})
}

func (w *wrapped) HistoryNext(ctx context.Context, app id.App, seq, at int64) (store.HistoryRow, error) {
	return get(ctx, w.hooks.Load(), "HistoryNext", app, func() (store.HistoryRow, error) {
		return w.Store.HistoryNext(ctx, app, seq, at)
	})
}

func (w *wrapped) ItemGet(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind, item id.Item) (store.ItemRow, error) {
	return get(ctx, w.hooks.Load(), "ItemGet", app, func() (store.ItemRow, error) {
		return w.Store.ItemGet(ctx, app, c, kind, item)
	})
}

func (w *wrapped) ItemList(ctx context.Context, app id.App, c id.Customer, list store.ItemList) ([]store.ItemRow, error) {
	return get(ctx, w.hooks.Load(), "ItemList", app, func() ([]store.ItemRow, error) {
		return w.Store.ItemList(ctx, app, c, list)
	})
}

func (w *wrapped) Ping(ctx context.Context) error {
	return run(ctx, w.hooks.Load(), "Ping", "", func() error { return w.Store.Ping(ctx) })
}

func (w *wrapped) RateTake(ctx context.Context, app id.App, take store.RateTake) (store.RateGrant, error) {
	return get(ctx, w.hooks.Load(), "RateTake", app, func() (store.RateGrant, error) {
		return w.Store.RateTake(ctx, app, take)
	})
}

func (w *wrapped) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	return run(ctx, w.hooks.Load(), "Record", app, func() error { return w.Store.Record(ctx, app, entries...) })
}

func (w *wrapped) TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error) {
	return get(ctx, w.hooks.Load(), "TileGet", app, func() ([]store.TileRow, error) { return w.Store.TileGet(ctx, app, tiles) })
}

func (w *wrapped) Time(ctx context.Context) (time.Time, error) {
	return get(ctx, w.hooks.Load(), "Time", "", func() (time.Time, error) { return w.Store.Time(ctx) })
}

func (w *wrapped) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	return get(ctx, w.hooks.Load(), "TreeGet", app, func() (store.TreeRow, error) { return w.Store.TreeGet(ctx, app) })
}

func (w *wrapped) TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error {
	return run(ctx, w.hooks.Load(), "TreePut", app, func() error { return w.Store.TreePut(ctx, app, oldSize, tree, tiles) })
}

func (w *wrapped) WrapKeyList(ctx context.Context, app id.App) ([]store.WrapKeyRow, error) {
	return get(ctx, w.hooks.Load(), "WrapKeyList", app, func() ([]store.WrapKeyRow, error) { return w.Store.WrapKeyList(ctx, app) })
}
