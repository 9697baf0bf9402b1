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
	weightOfLingering = weightOfConn + lingerBuffer
	weightOfHeader    = 8
)

// How many bytes all unfinished requests may take together, and all connections on which no byte has come.
const (
	maxUnfinished = 24 << 20
	maxSilent     = 16 << 20
)

// crowd bounds what connections cost that nobody is served on. Strangers can open as many as they like
// and send half a request on each; whoever serves must not run out of memory, or refuse the requests of
// others, because of that.
//
// When unfinished requests take too much, the one that began first of those that are waited for is closed.
// Connections on which no byte has come are counted apart, so that a client whose request is on its way
// does not make room for half requests of others. Connections that linger count as unfinished requests.
// When there are too many connections, the one is closed that has been idle for longest; else the oldest on
// which no byte has come; else the one whose unfinished request began first. The new one is closed when all
// others are at work.
type crowd struct {
	most int // connections; 0: any number

	mu         sync.Mutex
	open       int
	turn       uint64
	unfinished waited
	silent     waited
	idle       list.List // of *member, the longest idle first
}

// waited are members that are waited for, within a budget of bytes.
type waited struct {
	oldest
	taken, budget int64
}

// member is a connection in a crowd. Its crowd's mutex guards it.
type member struct {
	net.Conn
	turn   uint64 // when its unfinished request began, or the connection; 0: it has none
	weight int64
	among  *waited // nil: it is not waited for
	place  int
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
	(*o)[len(*o)-1] = nil // else it stays in memory
	*o = (*o)[:len(*o)-1]
	return m
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, unfinished: waited{budget: maxUnfinished}, silent: waited{budget: maxSilent}}
}

// join counts a new connection.
func (c *crowd) join(conn net.Conn) *member {
	m := &member{Conn: conn}
	c.mu.Lock()
	c.open++
	c.turn++
	m.turn = c.turn
	var out []*member
	full := c.most > 0 && c.open > c.most
	if other := c.dispensable(); full && other != nil {
		out, full = c.close(out, other), false
	}
	if full { // all others are at work
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

// dispensable is the member that makes room for another. It is nil if all are at work.
func (c *crowd) dispensable() *member {
	switch {
	case c.idle.Len() > 0:
		return c.idle.Front().Value.(*member)
	case c.silent.Len() > 0:
		return c.silent.oldest[0]
	case c.unfinished.Len() > 0:
		return c.unfinished.oldest[0]
	}
	return nil
}

// await says that m is waited for, with so much weight, among the silent or the unfinished.
func (c *crowd) await(m *member, among *waited, weight int64) {
	c.mu.Lock()
	if m.closed {
		c.mu.Unlock()
		return // whoever waits for it gets an error
	}
	c.forget(m)
	if m.turn == 0 {
		c.turn++
		m.turn = c.turn
	}
	m.weight, m.among = weight, among
	heap.Push(m.among, m)
	m.among.taken += weight
	var out []*member
	for m.among != nil && m.among.taken > m.among.budget {
		out = c.close(out, m.among.oldest[0])
	}
	c.mu.Unlock()
	end(out)
}

// linger lingers on conn, which is of m and may be closed for others meanwhile.
func (c *crowd) linger(m *member, conn net.Conn) {
	c.await(m, &c.unfinished, weightOfLingering)
	defer c.came(m)
	linger(conn)
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
	if m.among != nil {
		heap.Remove(m.among, m.place)
		m.among.taken -= m.weight
		m.among = nil
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
	switch state {
	case http.StateActive:
		c.crowd.state(c.member, false)
	case http.StateIdle:
		c.crowd.state(c.member, c.between())
	}
}
