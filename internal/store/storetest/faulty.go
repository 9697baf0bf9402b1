package storetest

import (
	"context"
	"math/rand/v2"
	"sync"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Injection is what Faulty does to one call.
type Injection uint8

// The injections.
const (
	// Pass lets the call through.
	Pass Injection = iota
	// Fail reports ErrInjected and has no effect. The function of an Update is run
	// nevertheless, and rolled back, as it would be before a failed commit.
	Fail
	// Apply does the call and then reports ErrInjected instead of its success, as
	// when the answer was lost. A call that fails by itself keeps its own error.
	Apply
)

// ErrInjected is the error of every injected failure.
var ErrInjected = fault.New(fault.Unavailable, "injected", "Injected by a test; try again")

// Faulty is a store that fails on purpose. It passes everything on to the store it
// wraps, except the calls that it was told to spoil: either the next calls of a
// method, by name,
//
//	f := storetest.NewFaulty(s)
//	f.Next("Update", storetest.Apply)          // the next Update is done, and denied
//	f.Next("Record", storetest.Pass, storetest.Fail) // the one after the next Record
//
// or whatever a plan says, such as one of Seeded. What Next queued goes first.
// It is safe for concurrent use.
type Faulty struct {
	store.Store // what is not spoiled: Failed and Close

	mu    sync.Mutex
	next  map[string][]Injection
	calls map[string]int
	plan  func(method string, call int) Injection
}

var _ store.Store = (*Faulty)(nil)

// NewFaulty wraps s. Until told otherwise it passes everything on.
func NewFaulty(s store.Store) *Faulty {
	return &Faulty{Store: s, next: make(map[string][]Injection), calls: make(map[string]int)}
}

// Next spoils the next calls of a method, one injection each. The method is one of
// store.Store, for example "CustomerGet"; a method of store.Tx is none.
func (f *Faulty) Next(method string, injections ...Injection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[method] = append(f.next[method], injections...)
}

// Plan asks plan about every call that Next says nothing about. call counts the
// calls of the method from 0. nil ends an earlier plan. plan runs under a lock: it
// must not use the store, and needs no lock of its own.
func (f *Faulty) Plan(plan func(method string, call int) Injection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = plan
}

// Calls says how often a method was called.
func (f *Faulty) Calls(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// Seeded makes a plan that spoils one call in every, on average and at random, half
// of them each way. With methods, only those are spoiled. With one goroutine the
// same seed spoils the same calls.
func Seeded(seed uint64, every int, methods ...string) func(method string, call int) Injection {
	rnd := rand.New(rand.NewPCG(seed, uint64(every)))
	wanted := make(map[string]bool)
	for _, m := range methods {
		wanted[m] = true
	}
	return func(method string, _ int) Injection {
		if len(wanted) > 0 && !wanted[method] || rnd.IntN(every) > 0 {
			return Pass
		}
		return Fail + Injection(rnd.IntN(2))
	}
}

func (f *Faulty) inject(method string) Injection {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := f.calls[method]
	f.calls[method]++
	if queue := f.next[method]; len(queue) > 0 {
		f.next[method] = queue[1:]
		return queue[0]
	}
	if f.plan != nil {
		return f.plan(method, call)
	}
	return Pass
}

// spoil does a call that gives a value, or not.
func spoil[T any](f *Faulty, method string, do func() (T, error)) (T, error) {
	var none T
	injection := f.inject(method)
	if injection == Fail {
		return none, ErrInjected
	}
	v, err := do()
	if err == nil && injection == Apply {
		return none, ErrInjected
	}
	return v, err
}

// spoilDo does a call that gives only an error, or not.
func spoilDo(f *Faulty, method string, do func() error) error {
	_, err := spoil(f, method, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Update runs fn also when it injects Fail.
func (f *Faulty) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	injection := f.inject("Update")
	err := f.Store.Update(ctx, app, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if injection == Fail {
			return ErrInjected
		}
		return nil
	})
	if err == nil && injection == Apply {
		return ErrInjected
	}
	return err
}

// Record and the other writes.

// Record is the store's, unless it is spoiled.
func (f *Faulty) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	return spoilDo(f, "Record", func() error { return f.Store.Record(ctx, app, entries...) })
}

// RateTake is the store's, unless it is spoiled.
func (f *Faulty) RateTake(ctx context.Context, app id.App, take store.RateTake) (store.RateGrant, error) {
	return spoil(f, "RateTake", func() (store.RateGrant, error) { return f.Store.RateTake(ctx, app, take) })
}

// CredentialTouch is the store's, unless it is spoiled.
func (f *Faulty) CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error {
	return spoilDo(f, "CredentialTouch", func() error { return f.Store.CredentialTouch(ctx, app, used) })
}

// IdempotencyPurge is the store's, unless it is spoiled.
func (f *Faulty) IdempotencyPurge(ctx context.Context, app id.App, limit int) (int, error) {
	return spoil(f, "IdempotencyPurge", func() (int, error) { return f.Store.IdempotencyPurge(ctx, app, limit) })
}

// TreePut is the store's, unless it is spoiled.
func (f *Faulty) TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error {
	return spoilDo(f, "TreePut", func() error { return f.Store.TreePut(ctx, app, oldSize, tree, tiles) })
}

// Ping is the store's, unless it is spoiled.
func (f *Faulty) Ping(ctx context.Context) error {
	return spoilDo(f, "Ping", func() error { return f.Store.Ping(ctx) })
}
