package storetest

import (
	"context"
	"sync/atomic"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Hooks are what a Hooked store runs around its calls. A nil hook does nothing. A hook
// may run on several goroutines at once.
//
// method is the name of a method of store.Store, for example "CustomerGet", or of
// store.Tx with "Tx." before it, for example "Tx.CustomerInsert". app is the call's
// application, or empty if it has none. ctx of a method of Tx is the one of Update.
type Hooks struct {
	// Before runs before a call. Its error is returned instead of the call. Before
	// also runs as "Tx.Commit" when the function of an Update has returned nil: its
	// error rolls the transaction back.
	Before func(ctx context.Context, method string, app id.App) error
	// After runs after a call that succeeded. Its error is returned instead of the
	// success, as when the answer was lost. result points to what the call gives and
	// may change it: a *store.CustomerRow for CustomerGet, a *[]store.CustomerRow for
	// CustomerList, a *int64, the number of rows, for CustomerScan. It is nil for a
	// call that gives only an error.
	After func(ctx context.Context, method string, app id.App, result any) error
}

// ErrInjected is the error of the failures below.
var ErrInjected = fault.New(fault.Unavailable, "injected", "Injected by a test; try again")

// FailNotApplied makes one call of a method fail without effect: the nth from now on,
// counted from 1. "Tx.Commit" fails an Update after its function has run.
func FailNotApplied(method string, nth int64) Hooks {
	var calls atomic.Int64
	return Hooks{Before: func(_ context.Context, m string, _ id.App) error {
		if m == method && calls.Add(1) == nth {
			return ErrInjected
		}
		return nil
	}}
}

// FailApplied makes one successful call of a method report a failure: the nth from now
// on, counted from 1.
func FailApplied(method string, nth int64) Hooks {
	var calls atomic.Int64
	return Hooks{After: func(_ context.Context, m string, _ id.App, _ any) error {
		if m == method && calls.Add(1) == nth {
			return ErrInjected
		}
		return nil
	}}
}

// Hooked is a store that runs hooks around its calls, so that a test can make them
// fail, wait, count or lie. Failed and Close have none; Disclose has those of its parts too. Store is the wrapped store. It
// is safe for concurrent use if the hooks are.
type Hooked struct{ wrapped }

// wrapped has the methods of store.Store for Hooked.
type wrapped struct {
	store.Store
	hooks atomic.Pointer[Hooks]
}

var _ store.Store = (*Hooked)(nil)

// NewHooked wraps s. Until Set it passes everything on.
func NewHooked(s store.Store) *Hooked {
	h := &Hooked{wrapped{Store: s}}
	h.Set(Hooks{})
	return h
}

// Set replaces the hooks. A call under way keeps those that it began with.
func (h *Hooked) Set(hooks Hooks) { h.hooks.Store(&hooks) }

func (h *Hooks) before(ctx context.Context, method string, app id.App) error {
	if h.Before == nil {
		return nil
	}
	return h.Before(ctx, method, app)
}

func (h *Hooks) after(ctx context.Context, method string, app id.App, result any) error {
	if h.After == nil {
		return nil
	}
	return h.After(ctx, method, app, result)
}

// get does a call that gives a value, with its hooks.
func get[T any](ctx context.Context, h *Hooks, method string, app id.App, do func() (T, error)) (T, error) {
	var none T
	if err := h.before(ctx, method, app); err != nil {
		return none, err
	}
	v, err := do()
	if err != nil {
		return v, err
	}
	if err := h.after(ctx, method, app, &v); err != nil {
		return none, err
	}
	return v, nil
}

// run does a call that gives only an error, with its hooks.
func run(ctx context.Context, h *Hooks, method string, app id.App, do func() error) error {
	if err := h.before(ctx, method, app); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return h.after(ctx, method, app, nil)
}
