package framing

import (
	"container/heap"
	"container/list"
	"net"
	"net/http"
	"sync"
)

// What a connection takes while it is waited for, in bytes, by measurement: itself with its goroutines
// and buffers, a TLS handshake, and what net/http makes of a byte of the header.
const (
	weightOfConn      = 12 << 10
	weightOfHandshake = 32 << 10
	weightOfHeader    = 8
)

// maxUnfinished is how many bytes all unfinished requests may take together.
const maxUnfinished = 32 << 20

// crowd bounds what connections cost that nobody is served on. Strangers can open as many as they like
// and send half a request on each; whoever serves must not run out of memory, or refuse the requests of
// others, because of that.
//
// When unfinished requests take too much, the one that began first of those that are waited for is closed.
// A client that sends its request at once is hardly ever that one.
// When there are too many connections, the one is closed that has been idle for longest.
type crowd struct {
	most   int   // connections; 0: any number
	budget int64 // of the unfinished

	mu         sync.Mutex
	open       int
	taken      int64
	turn       uint64
	unfinished oldest
	idle       list.List // of *member, the longest idle first
}

// member is a connection in a crowd. Its crowd's mutex guards it.
type member struct {
	net.Conn
	turn   uint64 // when its unfinished request began, or the connection; 0: it has none
	weight int64
	place  int // among the unfinished; -1: it is not waited for
	idle   *list.Element
	closed bool
}

// oldest is a heap of the members that are waited for. Its first is the one whose request began before
// those of all others, however often a byte of it has come since.
type oldest []*member

func (o oldest) Len() int           { return len(o) }
func (o oldest) Less(i, j int) bool { return o[i].turn < o[j].turn }

func (o oldest) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].place, o[j].place = i, j
}

func (o *oldest) Push(x any) {
	m := x.(*member)
	m.place = len(*o)
	*o = append(*o, m)
}

func (o *oldest) Pop() any {
	m := (*o)[len(*o)-1]
	m.place = -1
	*o = (*o)[:len(*o)-1]
	return m
}

func newCrowd(most int) *crowd { return &crowd{most: most, budget: maxUnfinished} }

// join counts a new connection.
func (c *crowd) join(conn net.Conn) *member {
	m := &member{Conn: conn, place: -1}
	c.mu.Lock()
	c.open++
	c.turn++
	m.turn = c.turn
	var out []*member
	if c.most > 0 && c.open > c.most && c.idle.Len() > 0 {
		out = c.close(out, c.idle.Front().Value.(*member))
	}
	full := c.most > 0 && c.open-len(out) > c.most // all others are at work
	if full {
		c.open--
		m.closed = true
	}
	c.mu.Unlock()
	end(out)
	if full {
		_ = conn.Close()
	}
	return m
}

// await says that m is waited for, with an unfinished request of so much weight.
func (c *crowd) await(m *member, weight int64) {
	c.mu.Lock()
	if m.turn == 0 {
		c.turn++
		m.turn = c.turn
	}
	m.weight = weight
	heap.Push(&c.unfinished, m)
	c.taken += weight
	var out []*member
	for c.taken > c.budget && len(c.unfinished) > 1 {
		out = c.close(out, c.unfinished[0])
	}
	c.mu.Unlock()
	end(out)
}

// came says that m is not waited for any more.
func (c *crowd) came(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(m)
}

// state notes whether m is between two requests.
func (c *crowd) state(m *member, idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case idle && m.idle == nil && !m.closed:
		m.idle = c.idle.PushBack(m)
	case !idle && m.idle != nil:
		c.idle.Remove(m.idle)
		m.idle = nil
	}
}

// leave is called once m is closed by those who serve it.
func (c *crowd) leave(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(m)
	if m.idle != nil {
		c.idle.Remove(m.idle)
		m.idle = nil
	}
	if !m.closed {
		m.closed = true
		c.open--
	}
}

func (c *crowd) forget(m *member) {
	if m.place >= 0 {
		heap.Remove(&c.unfinished, m.place)
		c.taken -= m.weight
	}
}

// close takes a member out, to be closed without the mutex.
func (c *crowd) close(out []*member, m *member) []*member {
	c.forget(m)
	if m.idle != nil {
		c.idle.Remove(m.idle)
		m.idle = nil
	}
	m.closed = true
	c.open--
	return append(out, m)
}

// end closes connections. Who reads from one gets an error, and gives it up.
func end(members []*member) {
	for _, m := range members {
		_ = m.Close() // nothing was promised to it
	}
}

// NoteState is for http.Server.ConnState: it tells which connections are idle, and may be closed for
// others.
func NoteState(conn net.Conn, state http.ConnState) {
	var c *follower
	switch of := conn.(type) {
	case *follower:
		c = of
	case encrypted:
		c = of.follower
	default:
		return
	}
	if state == http.StateIdle || state == http.StateActive {
		c.crowd.state(c.member, state == http.StateIdle)
	}
}
