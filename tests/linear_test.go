package tests

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"custodex.dev/internal/testkit"
)

// The operations of the model: what clients do with one e-mail address.
const (
	opCreate = iota // a new customer with the address
	opTake          // a customer without an address takes it
	opDrop          // the customer that has it clears it
	opList          // who has it, by search
)

type addressInput struct {
	op      int
	address int
	id      string // of the customer that takes or drops
}

type addressOutput struct {
	taken  bool // refused: somebody has the address
	id     string
	listed []string
}

// addressModel: an address has no owner or one. Addresses are independent.
var addressModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make(map[int][]porcupine.Operation)
		for _, op := range history {
			a := op.Input.(addressInput).address
			parts[a] = append(parts[a], op)
		}
		var out [][]porcupine.Operation
		for _, p := range parts {
			out = append(out, p)
		}
		return out
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		owner, in, out := state.(string), input.(addressInput), output.(addressOutput)
		switch in.op {
		case opCreate, opTake:
			if out.taken {
				return owner != "", owner
			}
			return owner == "", out.id
		case opDrop:
			return owner == in.id, ""
		default:
			if owner == "" {
				return len(out.listed) == 0, owner
			}
			return slices.Equal(out.listed, []string{owner}), owner
		}
	},
	Equal: func(a, b any) bool { return a == b },
}

// replicas starts the processes of a test: one on SQLite, two on PostgreSQL.
func replicas(t *testing.T, engine string) []*process {
	t.Helper()
	in := install(t, engine)
	if engine == "postgres" {
		return []*process{in.start(t), in.start(t)}
	}
	return []*process{in.start(t)}
}

// 64 clients race creates and updates on a few addresses, in variants of case and
// Unicode form, over all replicas. Every history is linearizable.
func TestUniqueEmailIsLinearizable(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			r := &race{t: t, servers: replicas(t, engine), start: time.Now()}
			var clients sync.WaitGroup
			for client := range 64 {
				clients.Go(func() { r.client(client, 12) })
			}
			clients.Wait()
			result, info := porcupine.CheckOperationsVerbose(addressModel, r.history, time.Minute)
			if result != porcupine.Ok {
				path := t.ArtifactDir() + "/history.html"
				t.Errorf("history of %d operations is %s; see %s (%v)", len(r.history), result, path, porcupine.VisualizePath(addressModel, info, path))
			}
			var refused, done int
			for _, op := range r.history {
				if op.Output.(addressOutput).taken {
					refused++
				} else if op.Input.(addressInput).op <= opTake {
					done++
				}
			}
			if refused == 0 || done < 16 {
				t.Errorf("%d refusals and %d successes: the test raced nothing", refused, done)
			}
		})
	}
}

type race struct {
	t       *testing.T
	servers []*process
	start   time.Time
	mu      sync.Mutex
	history []porcupine.Operation
}

func (r *race) client(client, operations int) {
	rnd := rand.New(rand.NewPCG(uint64(client), 1))
	var mine string // a customer of this client, without an address
	for range operations {
		in := addressInput{op: rnd.IntN(2), address: rnd.IntN(8)}
		if mine == "" {
			in.op = opCreate
		}
		in.id = mine
		out := r.do(client, rnd, in)
		if !out.taken {
			mine = out.id
			if rnd.IntN(2) == 0 {
				r.do(client, rnd, addressInput{op: opList, address: in.address})
			}
			in.op, in.id = opDrop, mine
			r.do(client, rnd, in)
		} else if rnd.IntN(3) == 0 {
			in.op = opList
			r.do(client, rnd, in)
		}
	}
}

// variant writes an address in one of its forms.
func variant(rnd *rand.Rand, address int) string {
	form := []string{
		"jos\u00e9%d@b\u00fccher.example", "JOSE\u0301%d@B\u00dcCHER.example", "jos\u00e9%d@xn--bcher-kva.example", " Jose\u0301%d@b\u00fccher.EXAMPLE ",
	}[rnd.IntN(4)]
	return fmt.Sprintf(form, address)
}

func (r *race) do(client int, rnd *rand.Rand, in addressInput) addressOutput {
	server := r.servers[rnd.IntN(len(r.servers))]
	email := variant(rnd, in.address)
	call := time.Since(r.start).Nanoseconds()
	var a answer
	var err error
	switch in.op {
	case opCreate:
		body := map[string]any{"first_name": "Race", "last_name": "Client", "phone_number": "+15551234567", "email": email}
		a, err = server.call(r.t.Context(), "POST", "/api/v0/customers", body)
	case opTake:
		a, err = server.call(r.t.Context(), "PATCH", "/api/v0/customers/"+in.id, map[string]any{"email": email})
	case opDrop:
		a, err = server.call(r.t.Context(), "PATCH", "/api/v0/customers/"+in.id, map[string]any{"email": nil})
	case opList:
		fragment := fmt.Sprintf("jos\u00e9%d@", in.address)
		a, err = server.call(r.t.Context(), "GET", "/api/v0/customers?email="+url.QueryEscape(fragment), nil)
	}
	end := time.Since(r.start).Nanoseconds()
	if err != nil {
		r.t.Error(err)
		return addressOutput{taken: true}
	}
	var out addressOutput
	switch {
	case in.op == opList && a.status == 200:
		var list []customerJSON
		decode(r.t, a.body, &list)
		for _, c := range list {
			out.listed = append(out.listed, c.ID)
		}
	case a.status == 409:
		out.taken = true
	case a.status == 200 || a.status == 201:
		var c customerJSON
		decode(r.t, a.body, &c)
		out.id = c.ID
	default:
		r.t.Errorf("operation %d: %d %s", in.op, a.status, a.body)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: end})
	return out
}

// 64 clients retry the same idempotency keys over all replicas, hanging up now
// and then: one customer a key, every answer the same bytes.
func TestRetriesNeverDouble(t *testing.T) {
	t.Parallel()
	const keys, clients, tries = 20, 64, 15
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			servers := replicas(t, engine)
			var mu sync.Mutex
			bodies := make([]map[string]int, keys)
			for i := range bodies {
				bodies[i] = make(map[string]int)
			}
			var hungUp, mismatched atomic.Int64
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					rnd := rand.New(rand.NewPCG(uint64(client), 2))
					for range tries {
						key := rnd.IntN(keys)
						ctx, cancel := context.WithCancel(t.Context())
						if rnd.IntN(4) == 0 {
							time.AfterFunc(time.Duration(rnd.IntN(4000))*time.Microsecond, cancel)
						}
						family := fmt.Sprintf("Key%d", key)
						changed := rnd.IntN(10) == 0
						if changed {
							family += "x"
						}
						body := map[string]any{"first_name": "Retry", "last_name": family, "phone_number": "+15551234567"}
						a, err := servers[rnd.IntN(len(servers))].call(ctx, "POST", "/api/v0/customers", body, "Idempotency-Key", fmt.Sprintf("retry %d", key))
						cancel()
						switch {
						case err != nil:
							hungUp.Add(1)
						case a.status == 409:
							mismatched.Add(1)
						case a.status == 201:
							mu.Lock()
							bodies[key][string(a.body)]++
							mu.Unlock()
						default:
							t.Errorf("create: %d %s", a.status, a.body)
						}
					}
				})
			}
			wg.Wait()
			for key, b := range bodies {
				if len(b) != 1 {
					t.Errorf("key %d has %d different answers, want 1", key, len(b))
				}
			}
			a, err := servers[0].call(t.Context(), "GET", "/api/v0/customers?take=100&name=Retry", nil)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(a.body), `"id"`); n != keys {
				t.Errorf("%d keys made %d customers", keys, n)
			}
			if hungUp.Load() == 0 || mismatched.Load() == 0 {
				t.Errorf("%d clients hung up and %d requests were changed: the test tried nothing", hungUp.Load(), mismatched.Load())
			}
		})
	}
}
