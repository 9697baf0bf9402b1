package search

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/page"
	"custodex.dev/internal/safe"
)

// Builder gathers customers for a new Index. Several goroutines may add at once: folding, which is
// most of the work, happens outside its lock. The zero Builder is not usable.
type Builder struct {
	layout layout
	pool   *Pool
	mu     sync.Mutex
	keys   []key
	stages []*stageUse
	single []Entry // gathered by Add
}

// key is what Finish sorts by: a position, and where the customer is staged.
type key struct {
	page.Position
	stage, i uint32
}

// stageUse is a staging block and how many of its customers are not in a block yet. The text is
// let go of when there are none, so that a build does not need all of its memory twice.
type stageUse struct {
	b    atomic.Pointer[block]
	left atomic.Int64
}

const batchSize = 1024

// NewBuilder returns an empty Builder. Its Index will share pool with others; nil is a pool of its
// own. Hint is the expected number of customers, or 0.
func NewBuilder(pool *Pool, hint int) *Builder {
	if pool == nil {
		pool = NewPool()
	}
	return &Builder{layout: usualLayout(), pool: pool, keys: make([]key, 0, max(hint, 0))}
}

// Add adds one customer; see AddBatch. Deleted is not looked at.
func (b *Builder) Add(e Entry) {
	b.mu.Lock()
	b.single = append(b.single, e)
	var batch []Entry
	if len(b.single) == batchSize {
		batch, b.single = b.single, nil
	}
	b.mu.Unlock()
	b.AddBatch(batch)
}

// AddBatch adds customers, in any order. It keeps nothing of entries. Batches of some hundred to
// some thousand are best. Two entries must not have the same Seq, unless they have the same
// CreatedAt too: then one of them counts, the last if they were added one after the other.
func (b *Builder) AddBatch(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	stage := newStage(entries)
	u := &stageUse{}
	u.b.Store(stage)
	u.left.Store(int64(len(entries)))
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range entries {
		b.keys = append(b.keys, key{entries[i].Position, uint32(len(b.stages)), uint32(i)})
	}
	b.stages = append(b.stages, u)
}

// Finish makes the index, with all processors, and leaves the Builder empty. Version is that of the
// application when the customers were read, or an earlier one.
func (b *Builder) Finish(version int64) *Index {
	b.AddBatch(b.single)
	keys := sortKeys(b.keys)
	keys = slices.CompactFunc(keys, func(x, y key) bool { return x.Position == y.Position })
	stages := b.stages
	b.keys, b.stages, b.single = nil, nil, nil

	// Full blocks from the oldest on; what does not fill one is the newest, where most changes come.
	size := b.layout.block
	refs := make([]ref, (len(keys)+size-1)/size)
	newest := len(keys) - size*(len(refs)-1)
	parallel(len(refs), func(k int) {
		hi := newest + k*size
		refs[k].block = takeBlock(keys[max(hi-size, 0):hi], stages)
	})
	ix := &Index{layout: b.layout, pool: b.pool, pending: map[int64]item{}}
	ix.state.Store(&state{version: version, refs: refs, live: len(keys), rates: newRates(refs)})
	return ix
}

func takeBlock(keys []key, stages []*stageUse) *block {
	items := make([]item, len(keys))
	for n, k := range keys {
		items[n] = item{stages[k.stage].b.Load(), int(k.i)}
	}
	made := newBlock(items, nil, nil)
	for n := 0; n < len(keys); {
		run := n + 1
		for run < len(keys) && keys[run].stage == keys[n].stage {
			run++
		}
		if u := stages[keys[n].stage]; u.left.Add(int64(n-run)) == 0 {
			u.b.Store(nil)
		}
		n = run
	}
	return made
}

// sortKeys sorts in list order; of equal positions the last added comes first. Input that is in
// order, or in the opposite order, costs next to nothing.
func sortKeys(keys []key) []key {
	order := func(x, y key) int {
		if c := x.Position.Compare(y.Position); c != 0 {
			return c
		}
		if c := cmp.Compare(y.stage, x.stage); c != 0 {
			return c
		}
		return cmp.Compare(y.i, x.i)
	}
	if slices.IsSortedFunc(keys, order) {
		return keys
	}
	if slices.IsSortedFunc(keys, func(x, y key) int { return order(y, x) }) {
		slices.Reverse(keys)
		return keys
	}
	half := len(keys) / 2
	parallel(2, func(k int) {
		if k == 0 {
			slices.SortFunc(keys[:half], order)
		} else {
			slices.SortFunc(keys[half:], order)
		}
	})
	x, y := keys[:half], keys[half:]
	sorted := make([]key, 0, len(keys))
	for len(x) > 0 && len(y) > 0 {
		if order(x[0], y[0]) <= 0 {
			sorted, x = append(sorted, x[0]), x[1:]
		} else {
			sorted, y = append(sorted, y[0]), y[1:]
		}
	}
	return append(append(sorted, x...), y...)
}

// parallel calls do for 0..n-1 on all processors. A panic of one becomes one of the caller.
func parallel(n int, do func(k int)) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k := range n {
		safe.Go(&group, func() error {
			do(k)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		panic(err)
	}
}

// newStage folds entries into a block for staging.
func newStage(entries []Entry) *block {
	n := len(entries)
	text, digits := 0, 0
	for i := range entries {
		text += len(entries[i].First) + len(entries[i].Last) + len(entries[i].Email) + 3
		digits += len(entries[i].Phone) + 1
	}
	numbers, ends, small, firsts := alloc[int64](4*n), alloc[uint32](3*n), alloc[uint8](2*n), alloc[uint16](n)
	names, mails, phones := make([]byte, 0, text/2), make([]byte, 0, text*3/4), make([]byte, 0, digits)
	b := &block{
		created: numbers[:n], seq: numbers[n : 2*n], group: numbers[2*n : 3*n], bought: numbers[3*n:],
		status: small[:n], typ: small[n:], firsts: firsts,
		names: column{ends: ends[:n]}, mails: column{ends: ends[n : 2*n]}, phones: column{ends: ends[2*n:]},
	}
	for i, e := range entries {
		var first int
		names, first = appendName(names, e)
		names = append(names, 0)
		mails = append(appendMail(mails, e), 0)
		phones = append(append(phones, e.Phone...), 0)
		b.firsts[i] = uint16(min(first, math.MaxUint16))
		b.created[i], b.seq[i], b.group[i], b.bought[i] = e.CreatedAt, e.Seq, e.Group, e.Bought
		b.status[i], b.typ[i] = e.Status, e.Type
		b.names.ends[i], b.mails.ends[i], b.phones.ends[i] = uint32(len(names)), uint32(len(mails)), uint32(len(phones))
	}
	b.names.text, b.mails.text, b.phones.text = names, mails, phones
	b.size = int64(unsafe.Sizeof(*b)) + int64(cap(names)+cap(mails)+cap(phones)+8*cap(numbers)+4*cap(ends)+cap(small)+2*cap(firsts))
	return b
}
