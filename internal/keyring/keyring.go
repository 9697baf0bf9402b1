// Package keyring opens the keys of epochs and applications and keeps them open. A key is
// unwrapped once a process: unwrapping may ask a key service over the network, and a key
// never changes while the application exists.
//
// It also makes the first epoch, and brings applications that were made before there were
// epochs into it. Both are safe with several processes at once, and if one is killed: a
// process that lost a race reads what the other has stored.
//
// A key that could not be opened is not remembered: the next caller tries again.
// The plain keys stay in memory until the process ends. Start from New.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Keyring holds the open keys of applications. It is safe for concurrent use.
type Keyring struct {
	store    store.Store
	provider seal.Provider
	now      func() time.Time
	open     sync.Map // id.App -> *seal.App; written once a key, read by every request

	mu     sync.Mutex
	epochs map[int64]seal.Epoch
}

// New makes a keyring that reads wrapped keys from st, whose epochs provider unwraps.
func New(st store.Store, provider seal.Provider, now func() time.Time) *Keyring {
	return &Keyring{store: st, provider: provider, now: now, epochs: map[int64]seal.Epoch{}}
}

// Key gives the open key of an application. Faults: NotFound if there is no such
// application, Unavailable, and what the provider says.
func (k *Keyring) Key(ctx context.Context, app id.App) (*seal.App, error) {
	if v, ok := k.open.Load(app); ok {
		return v.(*seal.App), nil
	}
	row, err := k.store.AppGet(ctx, app)
	if err != nil {
		return nil, err
	}
	if seal.EpochOf(row.Key) == 0 {
		if row, err = k.enter(ctx, row); err != nil {
			return nil, err
		}
	}
	key, err := k.openApp(ctx, row)
	if err != nil {
		return nil, err
	}
	key.SetSummed(row.Summed) // who altered that is found out by the checksum of the row
	v, _ := k.open.LoadOrStore(app, key)
	return v.(*seal.App), nil
}

// Forget drops what is known of checksums, after the database has lost changes.
func (k *Keyring) Forget() {
	k.open.Range(func(_, key any) bool {
		key.(*seal.App).SetSummed(false)
		return true
	})
}

// openApp opens the root and the wrap keys of an application that is in an epoch.
func (k *Keyring) openApp(ctx context.Context, row store.AppRow) (*seal.App, error) {
	epoch, err := k.epoch(ctx, seal.EpochOf(row.Key))
	if err != nil {
		return nil, err
	}
	root, err := epoch.OpenRoot(row.ID, row.Key)
	if err != nil {
		return nil, fmt.Errorf("root of %s: %w", row.ID, err)
	}
	rows, err := k.store.WrapKeyList(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no wrap key: %w", row.ID, seal.ErrOpen)
	}
	wraps := make([]seal.WrapKey, len(rows))
	for i, wrapped := range rows {
		if epoch, err = k.epoch(ctx, wrapped.Epoch); err != nil {
			return nil, err
		}
		if wraps[i], err = epoch.OpenWrapKey(row.ID, wrapped.Wrapped); err != nil {
			return nil, fmt.Errorf("wrap key of %s in epoch %d: %w", row.ID, wrapped.Epoch, err)
		}
	}
	return seal.OpenApp(row.ID, root, wraps...)
}

// enter brings an application that was made before there were epochs into the newest one, and
// gives its row as it is then.
func (k *Keyring) enter(ctx context.Context, row store.AppRow) (store.AppRow, error) {
	old, ok := k.provider.(seal.RootOpener)
	if !ok {
		return store.AppRow{}, fmt.Errorf("root of %s was wrapped by a provider of another kind: %w", row.ID, seal.ErrOpen)
	}
	root, err := old.UnwrapRoot(ctx, row.ID, row.Key)
	if err != nil {
		return store.AppRow{}, fmt.Errorf("root of %s: %w", row.ID, err)
	}
	epoch, err := k.newest(ctx)
	if err != nil {
		return store.AppRow{}, err
	}
	key, err := seal.OpenApp(row.ID, root)
	if err != nil {
		return store.AppRow{}, err
	}
	_, wrap := epoch.NewWrapKey(row.ID)
	err = k.store.Update(ctx, row.ID, func(tx store.Tx) error {
		now, err := tx.AppGet()
		if err != nil || seal.EpochOf(now.Key) != 0 { // another process was faster
			return err
		}
		if now.Sum != nil {
			if err := rowsum.Check(now.Sum, rowsum.App(key, &now)); err != nil {
				return fmt.Errorf("%s: %w", row.ID, err)
			}
		}
		now.Key, now.WrapKey, now.Epoch = epoch.WrapRoot(row.ID, root), wrap, epoch.Number()
		if now.Sum != nil { // else it gets one later, with its credentials
			now.Sum = rowsum.App(key, &now)
		}
		return tx.AppRekey(now)
	})
	if errors.Is(err, fault.Conflict) {
		err = fmt.Errorf("%s has a wrap key, and a root of before there were any: %w", row.ID, seal.ErrOpen)
	}
	if err != nil {
		return store.AppRow{}, err
	}
	return k.store.AppGet(ctx, row.ID)
}

// NewApp makes the keys of a new application: open, and as its row holds them.
func (k *Keyring) NewApp(ctx context.Context, app id.App) (key *seal.App, row store.AppRow, err error) {
	epoch, err := k.newest(ctx)
	if err != nil {
		return nil, store.AppRow{}, err
	}
	key, root, wrap := epoch.NewApp(app)
	return key, store.AppRow{ID: app, Key: root, WrapKey: wrap, Epoch: epoch.Number()}, nil
}

// Prepare brings every application into an epoch, but those whose row is damaged: others do without
// them, and whoever asks for the key of one is told. Faults: those of Key.
func (k *Keyring) Prepare(ctx context.Context) error {
	return store.EachApp(ctx, k.store, func(row store.AppRow) error {
		if seal.EpochOf(row.Key) != 0 {
			return nil
		}
		_, err := k.enter(ctx, row)
		if errors.Is(err, seal.ErrOpen) || errors.Is(err, rowsum.ErrDamaged) {
			return nil
		}
		return err
	})
}

// Check fails with seal.ErrOpen if the provider's key is not the one that the database was made
// with, and with fault.NotFound if the database has no system application.
func (k *Keyring) Check(ctx context.Context) error {
	row, err := k.store.AppGet(ctx, id.System)
	if err != nil {
		return err
	}
	n := seal.EpochOf(row.Key)
	if n != 0 {
		_, err = k.epoch(ctx, n)
		return err
	}
	if old, ok := k.provider.(seal.RootOpener); ok {
		_, err = old.UnwrapRoot(ctx, id.System, row.Key)
		return err
	}
	return nil
}

// newest gives the epoch in which new keys are wrapped, and makes the first if there is none.
func (k *Keyring) newest(ctx context.Context) (seal.Epoch, error) {
	rows, err := k.store.EpochList(ctx)
	if err != nil {
		return seal.Epoch{}, err
	}
	if len(rows) == 0 {
		if err := k.insertFirst(ctx); err != nil {
			return seal.Epoch{}, err
		}
		if rows, err = k.store.EpochList(ctx); err != nil {
			return seal.Epoch{}, err
		}
	}
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].State == store.EpochActive {
			return k.openEpoch(ctx, rows[i])
		}
	}
	return seal.Epoch{}, errors.New("no epoch of keys is active")
}

func (k *Keyring) insertFirst(ctx context.Context) error {
	ref, version, err := k.provider.Describe(ctx)
	if err != nil {
		return err
	}
	wrapped, err := k.provider.Wrap(ctx, 1, seal.NewEpochKey())
	if err != nil {
		return err
	}
	err = k.store.EpochInsert(ctx, store.EpochRow{
		Epoch: 1, Provider: ref, ProviderVersion: version, Wrapped: wrapped, State: store.EpochActive, CreatedAt: k.now().UnixMilli(),
	})
	if errors.Is(err, fault.Conflict) { // another process was faster
		return nil
	}
	return err
}

// epoch gives the key of an epoch by its number.
func (k *Keyring) epoch(ctx context.Context, n int64) (seal.Epoch, error) {
	k.mu.Lock()
	e, ok := k.epochs[n]
	k.mu.Unlock()
	if ok {
		return e, nil
	}
	rows, err := k.store.EpochList(ctx)
	if err != nil {
		return seal.Epoch{}, err
	}
	for _, row := range rows {
		if row.Epoch == n {
			return k.openEpoch(ctx, row)
		}
	}
	return seal.Epoch{}, fmt.Errorf("epoch %d of keys is absent: %w", n, seal.ErrOpen)
}

func (k *Keyring) openEpoch(ctx context.Context, row store.EpochRow) (seal.Epoch, error) {
	k.mu.Lock()
	defer k.mu.Unlock() // also while the provider is asked, so that it is asked once
	if e, ok := k.epochs[row.Epoch]; ok {
		return e, nil
	}
	raw, err := k.provider.Unwrap(ctx, row.Epoch, row.Wrapped)
	if err != nil {
		return seal.Epoch{}, err
	}
	e, err := seal.OpenEpoch(row.Epoch, raw)
	if err != nil {
		return seal.Epoch{}, err
	}
	k.epochs[row.Epoch] = e
	return e, nil
}

// App gives the row of an application, which may change: it is read each time. Who asks often
// keeps it for as long as an old name may be shown. Faults are those of store.AppGet.
func (k *Keyring) App(ctx context.Context, app id.App) (store.AppRow, error) {
	return k.store.AppGet(ctx, app)
}
