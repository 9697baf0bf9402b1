package tests

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/testkit"
)

// A thousand clients ask for the customer with one address at once, over all
// replicas and in variants of the address: one of them makes it, and each is told
// what it did.
func TestGetOrCreateMakesOne(t *testing.T) {
	t.Parallel()
	const clients = 1000
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			servers := replicas(t, engine)
			var made atomic.Int64
			var mu sync.Mutex
			ids := make(map[string]int)
			start := make(chan struct{})
			slots := make(chan struct{}, 64) // connections at once
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					<-start
					slots <- struct{}{}
					defer func() { <-slots }()
					rnd := rand.New(rand.NewPCG(uint64(client), 3))
					body := map[string]any{
						"first_name": fmt.Sprint("Client ", client), "last_name": "One", "phone_number": "+15551234567", "email": variant(rnd, 1),
					}
					a, err := servers[client%len(servers)].call(t.Context(), "POST", "/api/v0/customers/get-or-create", body)
					if err != nil {
						t.Error(err)
						return
					}
					var got struct {
						Created  bool         `json:"created"`
						Customer customerJSON `json:"customer"`
					}
					decode(t, a.body, &got)
					switch {
					case a.status != 201 && a.status != 200, got.Created != (a.status == 201):
						t.Errorf("get or create: %d %s", a.status, a.body)
					case got.Created != (got.Customer.FirstName == body["first_name"]):
						t.Errorf("client %d was told created %v of %s", client, got.Created, got.Customer.FirstName)
					case got.Created:
						made.Add(1)
					}
					mu.Lock()
					ids[got.Customer.ID]++
					mu.Unlock()
				})
			}
			close(start)
			wg.Wait()
			if len(ids) != 1 || made.Load() != 1 {
				t.Errorf("%d customers were answered with and %d clients made one, want 1 and 1", len(ids), made.Load())
			}
			for i, s := range servers {
				a, err := s.call(t.Context(), "GET", "/api/v0/customers?take=100", nil)
				if err != nil {
					t.Fatal(err)
				}
				var list []customerJSON
				decode(t, a.body, &list)
				if len(list) != 1 {
					t.Errorf("server %d lists %d customers, want 1", i, len(list))
				}
			}
		})
	}
}
