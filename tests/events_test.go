package tests

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/client"
	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/event"
	"custodex.dev/internal/id"
)

// checkEvents holds the application's events, as a walk by cursor shows them, to its audit log:
// those of the done changes, in the order of the log, without gap or repeat.
func checkEvents(t *testing.T, p *process) {
	t.Helper()
	m, err := client.NewManage(p.manageURL, p.OperatorKey, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := eventsOfLog(t, m, p.AppID), walkEvents(t, m, p.AppID)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-log +events):\n%s", diff)
	}
}

// eventsOfLog are the events that the log stands for, as "number type object".
func eventsOfLog(t *testing.T, m *client.Manage, app string) []string {
	t.Helper()
	var log []client.AuditEntry // newest first
	for q := (client.AuditQuery{Limit: 1000}); ; {
		page, err := m.ListAudit(t.Context(), app, q)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, page.Entries...)
		if page.Next == nil {
			break
		}
		q.Before = *page.Next
	}
	var all []string
	for i := len(log) - 1; i >= 0; i-- {
		e := audit.Entry{
			Action: authz.Action(log[i].Action), Code: log[i].Code, Subject: log[i].Subject, Fields: log[i].Fields,
			Outcome: map[string]audit.Outcome{"done": audit.Done, "denied": audit.Denied, "refused": audit.Refused}[log[i].Outcome],
		}
		for _, name := range log[i].Targets {
			c, err := id.ParseCustomer(name)
			if err != nil {
				t.Fatal(err)
			}
			e.Targets = append(e.Targets, c)
		}
		for _, row := range event.Of(&e) {
			all = append(all, fmt.Sprintln(len(all), row.Type, row.Object))
		}
	}
	return all
}

// walkEvents follows the events from the oldest to the end.
func walkEvents(t *testing.T, m *client.Manage, app string) []string {
	t.Helper()
	var all []string
	for q := (client.EventQuery{Limit: 700}); ; {
		page, err := m.ListEvents(t.Context(), app, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			number := e.ID[len("evt_")+len(app)-len("app_")+1:]
			all = append(all, fmt.Sprintln(number, e.Type, e.Object))
		}
		if q.After = page.Next; len(page.Events) == 0 {
			return all
		}
	}
}

// Two replicas on one PostgreSQL: who waits at one sees at once, and once, what the other commits.
func TestFollowAcrossReplicas(t *testing.T) {
	t.Parallel()
	in := install(t, "postgres")
	here, there := in.start(t), in.start(t)
	m, err := client.NewManage(here.manageURL, here.OperatorKey, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := m.ListEvents(t.Context(), here.AppID, client.EventQuery{After: "latest"})
	if err != nil || len(page.Events) != 0 {
		t.Fatalf("latest = %+v, %v", page, err)
	}
	const n = 5
	go func() {
		for i := range n {
			body := map[string]any{"first_name": "Far", "last_name": "Away", "phone_number": "+15551234567"}
			if a, err := there.call(t.Context(), "POST", "/api/v0/customers", body); err != nil || a.status != 201 {
				t.Errorf("create %d: %v, %d", i, err, a.status)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	seen := 0
	for empty := 0; seen < n && empty < 5; {
		page, err = m.ListEvents(t.Context(), here.AppID, client.EventQuery{After: page.Next, Wait: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(page.Events); len(page.Events) == 0 {
			empty++
		}
	}
	if seen != n {
		t.Errorf("%d events were seen of %d", seen, n)
	}
	checkEvents(t, here)
	checkEvents(t, there)
}
