package search

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A search that has scanned aloneFor blocks and still needs more is a large one. From then on it
// collects blocks to scan and shares each batch among the processors that no search uses.
const (
	aloneFor  = 8
	batchJobs = 16
	yieldJobs = 32 // about half a millisecond
)

// team scans blocks for a pager, in order, with helpers when that is worth it.
type team struct {
	ctx     context.Context
	p       *pager
	jobs    []job // not scanned yet
	scanned int
	scratch *scratch
}

// job is a piece of a block to scan and, afterwards, what was found.
type job struct {
	r      ref
	lo, hi int
	hits   []uint16
	looked int
}

// scratch is memory that searches use again and again.
type scratch struct {
	jobs [batchJobs]job
	hits [batchJobs][maxBlock]uint16
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newTeam(ctx context.Context, p *pager) team {
	s := scratches.Get().(*scratch)
	return team{ctx: ctx, p: p, scratch: s, jobs: s.jobs[:0]}
}

func (t *team) close() {
	clear(t.scratch.jobs[:]) // do not keep blocks alive
	scratches.Put(t.scratch)
}

// scan has a piece of a block scanned now or later, and reports whether the page is settled.
func (t *team) scan(r ref, lo, hi int) (settled bool, err error) {
	t.jobs = append(t.jobs, job{r: r, lo: lo, hi: hi, hits: t.scratch.hits[len(t.jobs)][:0]})
	if t.scanned >= aloneFor && len(t.jobs) < batchJobs {
		return false, nil
	}
	return t.finish()
}

// finish scans what is left to scan.
func (t *team) finish() (settled bool, err error) {
	jobs := t.jobs
	t.jobs = jobs[:0]
	before := t.scanned
	t.scanned += len(jobs)
	if t.scanned/yieldJobs != before/yieldJobs {
		runtime.Gosched() // others wait for far shorter work
	}
	helpers := 0
	for helpers < len(jobs)/4 && hire() {
		helpers++
	}
	if helpers > 0 {
		t.share(jobs, helpers)
	}
	for k := range jobs {
		if err := t.ctx.Err(); err != nil {
			return false, err
		}
		if helpers == 0 {
			t.do(&jobs[k], t.p.wanted())
		}
		t.p.Stats.Verified += jobs[k].looked
		if t.p.addAll(jobs[k].r, jobs[k].hits) {
			return true, nil
		}
	}
	return false, nil
}

// share scans the jobs with helpers beside this goroutine.
func (t *team) share(jobs []job, helpers int) {
	var next atomic.Int32
	limit := t.p.wanted()
	work := func() {
		for k := int(next.Add(1)) - 1; k < len(jobs) && t.ctx.Err() == nil; k = int(next.Add(1)) - 1 {
			t.do(&jobs[k], limit)
		}
	}
	var wg sync.WaitGroup
	for range helpers {
		wg.Go(func() {
			defer leave()
			work()
		})
	}
	work()
	wg.Wait()
}

func (t *team) do(j *job, limit int) {
	j.hits, j.looked = t.p.scan(j.r, j.lo, j.hi, limit, j.hits)
}

// atWork is how many goroutines of this process scan, in all arenas. It only steers: helpers are
// hired for processors that would idle otherwise.
var atWork atomic.Int32

func enter() { atWork.Add(1) }
func leave() { atWork.Add(-1) }

// hire makes room for one more goroutine, if a processor is free for it.
func hire() bool {
	limit := int32(runtime.GOMAXPROCS(0))
	for n := atWork.Load(); n < limit; n = atWork.Load() {
		if atWork.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}
