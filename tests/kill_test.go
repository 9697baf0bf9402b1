package tests

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/testkit"
)

// ledger is what clients were told, kept outside the server.
type ledger struct {
	mu        sync.Mutex
	customers map[string]*told // by id
	requests  []string         // ids of all requests whose answer arrived whole
	keys      map[string]string
}

// told is what the clients know of one customer: the last family name that was
// acknowledged, and the one that was sent after it without an answer, if any.
type told struct{ family, unanswered string }

func (l *ledger) heard(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, a.request)
}

// rounds is how often the server is killed: a few in every run, many in a soak.
func rounds(t *testing.T, short int) int {
	t.Helper()
	return roundsOf(t, "SOAK_KILLS", short)
}

// roundsOf is the number in a variable, or short.
func roundsOf(t *testing.T, variable string, short int) int {
	t.Helper()
	if s := os.Getenv(variable); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return short
}

// The server is killed again and again under load. No acknowledged create or
// update is lost, every answer that a client received has its audit entry, and a
// retry with the same key never makes a second customer.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			in := install(t, engine)
			l := &ledger{customers: make(map[string]*told), keys: make(map[string]string)}
			n := rounds(t, 5)
			for round := range n {
				p := in.start(t)
				checkEvents(t, p) // the log is what the last kill has left
				load(t, p, l, round, func() { time.Sleep(time.Duration(200+rand.IntN(600)) * time.Millisecond) })
			}
			p := in.start(t)
			verify(t, p, l)
			verifyHistory(t, p, l)
			checkEvents(t, p)
			t.Logf("%d kills: %d customers acknowledged, %d answers received", n, len(l.customers), len(l.requests))
		})
	}
}

// load runs 16 clients against the process, kills it when wait returns, and returns
// when all clients have noticed.
func load(t *testing.T, p *process, l *ledger, round int, wait func()) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients sync.WaitGroup
	for c := range 16 {
		clients.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if !l.oneCustomer(ctx, t, p, fmt.Sprintf("%d-%d-%d", round, c, i)) {
					return
				}
			}
		})
	}
	wait()
	p.kill()
	cancel()
	clients.Wait()
}

// oneCustomer creates a customer, renames it twice and fetches it, once more if it has
// changed; a third change asks for a state that it is not in. It returns false when the
// server is gone.
func (l *ledger) oneCustomer(ctx context.Context, t *testing.T, p *process, name string) bool {
	body := map[string]any{"first_name": "Kill", "last_name": name, "phone_number": "+15551234567", "email": name + "@kill.example"}
	l.mu.Lock()
	l.keys["key-"+name] = ""
	l.mu.Unlock()
	a, err := p.call(ctx, "POST", "/api/v0/customers", body, "idempotency-key", "key-"+name)
	if err != nil {
		return false
	}
	l.heard(a)
	if a.status != 201 {
		t.Errorf("create under load: %d %s", a.status, a.body)
		return false
	}
	var c customerJSON
	decode(t, a.body, &c)
	l.mu.Lock()
	state := &told{family: name}
	l.customers[c.ID] = state
	l.keys["key-"+name] = c.ID
	l.mu.Unlock()
	for _, family := range []string{name + "-b", name + "-c"} {
		l.mu.Lock()
		state.unanswered = family
		l.mu.Unlock()
		a, err := p.call(ctx, "PATCH", "/api/v0/customers/"+c.ID, map[string]any{"last_name": family})
		if err != nil {
			return false
		}
		l.heard(a)
		if a.status != 200 {
			t.Errorf("update under load: %d %s", a.status, a.body)
			return false
		}
		l.mu.Lock()
		state.family, state.unanswered = family, ""
		l.mu.Unlock()
	}
	a, err = p.call(ctx, "GET", "/api/v0/customers/"+c.ID, nil)
	if err != nil {
		return false
	}
	l.heard(a)
	return l.withTag(ctx, t, p, c.ID, a.header.Get("ETag"), name)
}

// withTag makes requests that change nothing: what they are told is recorded all the same.
func (l *ledger) withTag(ctx context.Context, t *testing.T, p *process, id, tag, name string) bool {
	a, err := p.call(ctx, "GET", "/api/v0/customers/"+id, nil, "If-None-Match", tag)
	if err != nil {
		return false
	}
	l.heard(a)
	if a.status != 304 {
		t.Errorf("fetch of what has not changed: %d %s", a.status, a.body)
		return false
	}
	a, err = p.call(ctx, "PATCH", "/api/v0/customers/"+id, map[string]any{"last_name": name + "-never"}, "If-Match", `"other"`)
	if err != nil {
		return false
	}
	l.heard(a)
	if a.status != 412 {
		t.Errorf("update of another state: %d %s", a.status, a.body)
	}
	return a.status == 412
}

// verify compares the ledger with the server.
func verify(t *testing.T, p *process, l *ledger) {
	t.Helper()
	if len(l.customers) == 0 {
		t.Fatal("no create was acknowledged: the test tested nothing")
	}
	for id, want := range l.customers {
		a, err := p.call(t.Context(), "GET", "/api/v0/customers/"+id, nil)
		if err != nil || a.status != 200 {
			t.Errorf("acknowledged customer %s: %v, %d", id, err, a.status)
			continue
		}
		var c customerJSON
		decode(t, a.body, &c)
		if c.LastName != want.family && (want.unanswered == "" || c.LastName != want.unanswered) {
			t.Errorf("customer %s is %q, but %q was acknowledged (and %q sent)", id, c.LastName, want.family, want.unanswered)
		}
	}
	seen := p.auditedRequests(t)
	for _, request := range l.requests {
		if !seen[request] {
			t.Errorf("request %s was answered and has no audit entry", request)
		}
	}
	for key, id := range l.keys {
		name := key[len("key-"):]
		body := map[string]any{"first_name": "Kill", "last_name": name, "phone_number": "+15551234567", "email": name + "@kill.example"}
		a, err := p.call(t.Context(), "POST", "/api/v0/customers", body, "idempotency-key", key)
		if err != nil || a.status != 201 {
			t.Errorf("retry of %s: %v, %d %s", key, err, a.status, a.body)
			continue
		}
		var c customerJSON
		decode(t, a.body, &c)
		if id != "" && c.ID != id {
			t.Errorf("the retry of %s made a second customer", key)
		}
	}
}
