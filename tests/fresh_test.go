package tests

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"custodex.dev/internal/testkit"
)

// The operations on one customer: two fields that searches look at.
const (
	opRename = iota
	opStatus
	opByName
	opByStatus
)

type freshInput struct {
	op       int
	customer int
	name     int  // renamed to, or searched for
	active   bool // set to, or searched for
}

type freshState struct {
	name   int
	active bool
}

// freshModel: a search finds the customer exactly when its newest acknowledged
// state matches.
var freshModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make(map[int][]porcupine.Operation)
		for _, op := range history {
			c := op.Input.(freshInput).customer
			parts[c] = append(parts[c], op)
		}
		var out [][]porcupine.Operation
		for _, p := range parts {
			out = append(out, p)
		}
		return out
	},
	Init: func() any { return freshState{0, true} },
	Step: func(state, input, output any) (bool, any) {
		s, in := state.(freshState), input.(freshInput)
		switch in.op {
		case opRename:
			s.name = in.name
			return true, s
		case opStatus:
			s.active = in.active
			return true, s
		case opByName:
			return output.(bool) == (s.name == in.name), s
		default:
			return output.(bool) == (s.active == in.active), s
		}
	},
	Equal: func(a, b any) bool { return a == b },
}

// A customer that is renamed or changes its status through one server is in, or
// out of, the very next search through another.
func TestSearchIsLinearizable(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			servers := replicas(t, engine)
			start := time.Now()
			const customers, clients, operations = 6, 18, 25
			ids := make([]string, customers)
			for i := range ids {
				body := map[string]any{"first_name": fmt.Sprintf("Fresh%dx", i), "last_name": "Name0x", "phone_number": "+15551234567"}
				a, err := servers[0].call(t.Context(), "POST", "/api/v0/customers", body)
				if err != nil || a.status != 201 {
					t.Fatalf("create: %v, %d %s", err, a.status, a.body)
				}
				var c customerJSON
				decode(t, a.body, &c)
				ids[i] = c.ID
			}
			var mu sync.Mutex
			var history []porcupine.Operation
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					rnd := rand.New(rand.NewPCG(uint64(client), 5))
					for range operations {
						in := freshInput{op: rnd.IntN(4), customer: rnd.IntN(customers), name: rnd.IntN(5), active: rnd.IntN(2) == 0}
						server := servers[rnd.IntN(len(servers))]
						call := time.Since(start).Nanoseconds()
						a, err := in.ask(t, server, ids[in.customer])
						end := time.Since(start).Nanoseconds()
						if err != nil || a.status != 200 {
							t.Errorf("operation %d: %v, %d %s", in.op, err, a.status, a.body)
							return
						}
						found := strings.Contains(string(a.body), ids[in.customer])
						mu.Lock()
						history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: found, Return: end})
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if result, _ := porcupine.CheckOperationsVerbose(freshModel, history, time.Minute); result != porcupine.Ok {
				t.Errorf("history of %d operations is %s", len(history), result)
			}
		})
	}
}

func (in freshInput) ask(t *testing.T, p *process, id string) (answer, error) {
	status := "DEACTIVATED"
	if in.active {
		status = "ACTIVE"
	}
	first := url.QueryEscape(fmt.Sprintf("fresh%dX", in.customer))
	switch in.op {
	case opRename:
		return p.call(t.Context(), "PATCH", "/api/v0/customers/"+id, map[string]any{"last_name": fmt.Sprintf("Name%dx", in.name)})
	case opStatus:
		return p.call(t.Context(), "PATCH", "/api/v0/customers/"+id, map[string]any{"status": status})
	case opByName:
		return p.call(t.Context(), "GET", fmt.Sprintf("/api/v0/customers?take=100&name=%s+name%dx", first, in.name), nil)
	default:
		return p.call(t.Context(), "GET", "/api/v0/customers?take=100&status="+status+"&name="+first, nil)
	}
}
