package bench

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// progress reports how far a fill is, a few times a second.
type progress struct {
	status     func(string)
	done       atomic.Int64
	from, want int
	begun      time.Time
	ended      chan struct{}
	printer    sync.WaitGroup
}

func newProgress(status func(string), have, want int) *progress {
	p := &progress{status: status, from: have, want: want, begun: time.Now(), ended: make(chan struct{})}
	p.printer.Go(func() {
		t := time.NewTicker(250 * time.Millisecond)
		defer t.Stop()
		for {
			status(p.line(time.Since(p.begun)))
			select {
			case <-t.C:
			case <-p.ended:
				return
			}
		}
	})
	return p
}

func (p *progress) add(n int) { p.done.Add(int64(n)) }

func (p *progress) stop() {
	close(p.ended)
	p.printer.Wait()
}

// line is a bar with figures.
func (p *progress) line(took time.Duration) string {
	const width = 24
	done := int(p.done.Load())
	now := p.from + done
	filled := min(width*now/p.want, width)
	line := fmt.Sprintf("filling [%s%s] %d of %d customers",
		strings.Repeat("#", filled), strings.Repeat(".", width-filled), now, p.want)
	if rate := float64(done) / took.Seconds(); rate >= 1 {
		left := time.Duration(float64(p.want-now) / rate * float64(time.Second))
		line += fmt.Sprintf(", %.0f/s, %s left", rate, left.Round(time.Second))
	}
	return line
}
