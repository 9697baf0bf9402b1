package search

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/safe"
)

// A search that has scanned soloBlocks blocks and still needs more is a large one. From then on it
// collects blocks to scan and shares each batch among the processors that no search uses.
const (
	soloBlocks = 8
	batchJobs  = 16
	yieldJobs  = 32 // about half a millisecond
)

// Pool is what the searches of several indexes share: the count of goroutines that scan, so that
// large searches start workers for idle processors only, and memory for their results. Indexes that
// are searched in one process should have one Pool. It may be used by several goroutines. Make one
// with NewPool.
type Pool struct {
	scanning atomic.Int32
	buffers  sync.Pool // of *buffers
}

// NewPool returns a Pool that no index uses yet.
func NewPool() *Pool {
	return &Pool{buffers: sync.Pool{New: func() any { return new(buffers) }}}
}

func (p *Pool) enter()   { p.scanning.Add(1) }
func (p *Pool) release() { p.scanning.Add(-1) }

// tryAcquire makes room for one more goroutine, if a processor is free for it.
func (p *Pool) tryAcquire() bool {
	limit := int32(runtime.GOMAXPROCS(0))
	for n := p.scanning.Load(); n < limit; n = p.scanning.Load() {
		if p.scanning.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (p *Pool) take() *buffers { return p.buffers.Get().(*buffers) }
func (p *Pool) put(b *buffers) { p.buffers.Put(b) }

// buffers is memory that searches use again and again.
type buffers struct {
	jobs [batchJobs]job
	hits [batchJobs][maxBlock]uint16
}

// scanner scans blocks for a pager, in order, with workers when that is worth it.
type scanner struct {
	p       *pager
	pool    *Pool
	buffers *buffers
	jobs    []job // not scanned yet
	scanned int
}

// job is a piece of a block to scan and, afterwards, what was found.
type job struct {
	r      ref
	lo, hi int
	hits   []uint16
	looked int
}

func newScanner(pool *Pool, p *pager) scanner {
	b := pool.take()
	return scanner{p: p, pool: pool, buffers: b, jobs: b.jobs[:0]}
}

func (s *scanner) close() {
	clear(s.buffers.jobs[:]) // do not keep blocks alive
	s.pool.put(s.buffers)
}

// scan has a piece of a block scanned now or later, and reports whether the page is settled.
func (s *scanner) scan(ctx context.Context, r ref, lo, hi int) (settled bool, err error) {
	s.jobs = append(s.jobs, job{r: r, lo: lo, hi: hi, hits: s.buffers.hits[len(s.jobs)][:0]})
	if s.scanned >= soloBlocks && len(s.jobs) < batchJobs {
		return false, nil
	}
	return s.finish(ctx)
}

// finish scans what is left to scan.
func (s *scanner) finish(ctx context.Context) (settled bool, err error) {
	jobs := s.jobs
	s.jobs = jobs[:0]
	before := s.scanned
	s.scanned += len(jobs)
	if s.scanned/yieldJobs != before/yieldJobs {
		runtime.Gosched() // others wait for far shorter work
	}
	workers := 0
	for workers < len(jobs)/4 && s.pool.tryAcquire() {
		workers++
	}
	if workers > 0 {
		s.share(ctx, jobs, workers)
	}
	for k := range jobs {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if workers == 0 {
			s.do(&jobs[k], s.p.wanted())
		}
		s.p.Stats.Verified += jobs[k].looked
		if s.p.addAll(jobs[k].r, jobs[k].hits) {
			return true, nil
		}
	}
	return false, nil
}

// share scans the jobs with workers beside this goroutine. A worker's panic becomes one of this
// goroutine, where the caller can recover from it.
func (s *scanner) share(ctx context.Context, jobs []job, workers int) {
	var next atomic.Int32
	limit := s.p.wanted()
	work := func() error {
		for k := int(next.Add(1)) - 1; k < len(jobs) && ctx.Err() == nil; k = int(next.Add(1)) - 1 {
			s.do(&jobs[k], limit)
		}
		return nil
	}
	var group errgroup.Group
	for range workers {
		safe.Go(&group, func() error {
			defer s.pool.release()
			return work()
		})
	}
	err := safe.Call(work) // the workers use this search's memory until they end
	if failed := group.Wait(); err == nil {
		err = failed
	}
	if err != nil {
		panic(err)
	}
}

func (s *scanner) do(j *job, limit int) {
	j.hits, j.looked = s.p.scan(j.r, j.lo, j.hi, limit, j.hits)
}
