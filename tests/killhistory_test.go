package tests

import (
	"slices"
	"testing"
)

// stateJSON is a state of a customer that has ended.
type stateJSON struct {
	Request  string       `json:"request_id"`
	Customer customerJSON `json:"customer"`
}

// history gives a customer's states that have ended, oldest first.
func (p *process) history(t *testing.T, id string) []stateJSON {
	t.Helper()
	a, err := p.call(t.Context(), "GET", "/api/v0/customers/"+id+"/history?take=100", nil)
	if err != nil || a.status != 200 {
		t.Fatalf("history of %s: %v, %d %s", id, err, a.status, a.body)
	}
	var states []stateJSON
	decode(t, a.body, &states)
	slices.Reverse(states)
	return states
}

// verifyHistory compares the history of each customer with the audit log: every change that was done,
// acknowledged or not, has its state before it, in the order of the log, and nothing else has one.
func verifyHistory(t *testing.T, p *process, l *ledger) {
	t.Helper()
	changes := make(map[string][]string) // requests that changed a customer, oldest first
	for _, e := range slices.Backward(p.auditLog(t)) {
		if e.Action == "customer.update" && e.Outcome == "done" && e.Code == "" {
			changes[e.Targets[0]] = append(changes[e.Targets[0]], e.Request)
		}
	}
	kept := 0
	for id, want := range l.customers {
		var requests, families []string
		for _, s := range p.history(t, id) {
			requests, families = append(requests, s.Request), append(families, s.Customer.LastName)
		}
		kept += len(requests)
		if !slices.Equal(requests, changes[id]) {
			t.Errorf("customer %s has the history of %q, and the log has the changes %q", id, requests, changes[id])
		}
		name := want.family
		if len(families) > 0 {
			name = families[0]
		}
		if order := []string{name, name + "-b", name + "-c"}; len(families) > 2 || !slices.Equal(families, order[:len(families)]) {
			t.Errorf("customer %s was %q, one after the other", id, families)
		}
	}
	if kept == 0 {
		t.Error("no change was kept: the test tested nothing")
	}
}
