package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOperatorFailover promotes a standby that lags, under two running servers whose URL names both
// databases. What the standby has is there and nothing else, in every kind of answer.
func TestOperatorFailover(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	standby, err := l.pg.cluster.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = standby.Stop() })
	here, there := l.pg.url("custodex_server"), (&pgInstallation{cluster: standby}).url("custodex_server")
	l.serve(t, twoHosts(t, here, there))
	l.epoch(t, func() {
		if err := standby.Lag(t.Context(), l.pg.cluster); err != nil {
			t.Fatal(err)
		}
	}, func() {
		if err := l.pg.cluster.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := standby.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestOperatorPointInTime puts the database back to a named moment with its archived log, under two
// running servers.
func TestOperatorPointInTime(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	if err := l.pg.cluster.Archive(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.serve(t, l.pg.url("custodex_server"))
	l.epoch(t, func() {
		if err := l.pg.cluster.Point(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
	}, func() {
		if err := l.pg.cluster.Recover(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
	})
}

// twoHosts is a URL that names the hosts of two.
func twoHosts(t *testing.T, a, b string) string {
	t.Helper()
	first, err := url.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := url.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	first.Host += "," + second.Host
	first.RawQuery += "&target_session_attrs=read-write"
	return first.String()
}

// losing is an installation whose database will lose commits, with what it must have afterwards.
type losing struct {
	pg      *pgInstallation
	in      *installation
	servers []*process

	mu       sync.Mutex
	there    map[string]string // the family name of each customer, by id
	gone     map[string]string // likewise of customers that were acknowledged and then lost
	requests []string          // that must have an entry
}

func newLosing(t *testing.T) *losing {
	t.Helper()
	l := &losing{pg: newPGInstallation(t), there: make(map[string]string), gone: make(map[string]string)}
	l.in = installOn(t, l.pg.url("custodex_owner"))
	l.pg.do(t, "GRANT custodex_runtime TO custodex_server")
	return l
}

// serve starts two servers on the database.
func (l *losing) serve(t *testing.T, url string) {
	t.Helper()
	l.in.url = url
	for range 2 {
		l.servers = append(l.servers, l.in.start(t))
	}
}

// epoch makes customers, remembers the moment, makes and changes more, and loses those. Both servers
// must then answer as if they had never been, and so must one that starts now. The second one hears
// nothing of it before the database has seen more commits than were lost, so no number went back.
func (l *losing) epoch(t *testing.T, remember, lose func()) {
	t.Helper()
	l.create(t, "kept", 60, l.servers)
	for _, p := range l.servers {
		l.check(t, p)
	}
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	l.servers[0].checkpoint(t, checkpoint)
	remember()

	kept, requests := make(map[string]string), slices.Clone(l.requests)
	for id, family := range l.there {
		kept[id] = family
	}
	l.create(t, "lost", 20, l.servers)
	changes := 10
	for id := range kept {
		if changes--; changes < 0 {
			break
		}
		a, err := l.servers[changes%2].call(t.Context(), "PATCH", "/api/v0/customers/"+id, map[string]any{"last_name": "Lost"})
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("a change that will be lost: %v, %d %s", err, a.status, a.body)
		}
	}
	for id, family := range l.there {
		if kept[id] == "" {
			l.gone[id] = family
		}
	}
	for _, p := range l.servers {
		p.search(t, "name", "lost-1x") // so that both have an index of all
	}
	lose()
	l.there, l.requests = kept, requests

	l.create(t, "after", 60, l.servers[:1])
	l.create(t, "lost", 10, l.servers[:1]) // their addresses are free again
	for _, p := range append(l.servers, l.in.start(t)) {
		l.check(t, p)
		p.verifyAudit(t, checkpoint)
	}
	audited := l.servers[1].auditedRequests(t)
	for _, request := range l.requests {
		if !audited[request] {
			t.Errorf("request %s was answered and has no audit entry", request)
		}
	}
	t.Logf("%d customers there, %d lost", len(l.there), len(l.gone))
}

// create makes n customers through the servers by turns and changes every third.
func (l *losing) create(t *testing.T, mail string, n int, servers []*process) {
	t.Helper()
	var clients sync.WaitGroup
	for c := range 4 {
		clients.Go(func() {
			for i := c; i < n; i += 4 {
				l.one(t, servers[i/4%len(servers)], fmt.Sprintf("%s-%dx", mail, i), i%3 == 0)
			}
		})
	}
	clients.Wait()
}

func (l *losing) one(t *testing.T, p *process, name string, change bool) {
	body := map[string]any{"first_name": "Lose", "last_name": name, "phone_number": "+15551234567", "email": name + "@losing.example"}
	a := p.until(t, "POST", "/api/v0/customers", body, "idempotency-key", fmt.Sprintf("%s-%d", name, time.Now().UnixNano()))
	var c customerJSON
	if a.status != 201 {
		t.Errorf("create %s: %d %s", name, a.status, a.body)
		return
	}
	if err := json.Unmarshal(a.body, &c); err != nil {
		t.Error(err)
		return
	}
	requests := []string{a.request}
	if change {
		name += "-b"
		if a = p.until(t, "PATCH", "/api/v0/customers/"+c.ID, map[string]any{"last_name": name}); a.status != 200 {
			t.Errorf("change %s: %d %s", name, a.status, a.body)
		}
		requests = append(requests, a.request)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.there[c.ID] = name
	l.requests = append(l.requests, requests...)
}

// until repeats a request that the database was not there for. The idempotency key makes it one.
func (p *process) until(t *testing.T, method, path string, body any, header ...string) (a answer) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		var err error
		a, err = p.call(ctx, method, path, body, header...)
		cancel()
		if err != nil {
			t.Errorf("%s %s: %v", method, path, err)
			return a
		}
		if a.status != 503 || time.Now().After(deadline) {
			return a
		}
	}
}

// check compares every kind of answer with what must be there.
func (l *losing) check(t *testing.T, p *process) {
	t.Helper()
	for id, family := range l.there {
		var c customerJSON
		a := p.until(t, "GET", "/api/v0/customers/"+id, nil)
		if a.status != 200 {
			t.Errorf("fetch of %s: %d %s", family, a.status, a.body)
			continue
		}
		decode(t, a.body, &c)
		if c.LastName != family {
			t.Errorf("customer %s is %q, want %q", id, c.LastName, family)
		}
		for filter, text := range map[string]string{"email": *c.Email, "name": family} {
			if found := p.search(t, filter, text); !slices.Equal(found, []string{id}) {
				t.Errorf("a search for %s finds %q, want %q", text, found, id)
			}
		}
	}
	listed := p.list(t)
	for _, id := range listed {
		if l.there[id] == "" {
			t.Errorf("the list has %s, which is not there", id)
		}
	}
	if len(listed) != len(l.there) {
		t.Errorf("the list has %d customers, want %d", len(listed), len(l.there))
	}
	for id, family := range l.gone {
		if found := p.search(t, "name", family); slices.Contains(found, id) {
			t.Errorf("a search finds %s, which was lost", family)
		}
		if a := p.until(t, "GET", "/api/v0/customers/"+id, nil); a.status != 404 {
			t.Errorf("fetch of a customer that was lost: %d %s", a.status, a.body)
		}
	}
}

// search gives the ids that a filter finds. Whole addresses are looked up in the database, names in
// the index of the process.
func (p *process) search(t *testing.T, filter, text string) []string {
	t.Helper()
	return p.ids(t, "/api/v0/customers?"+filter+"="+url.QueryEscape(text))
}

// list gives the ids of all customers, page by page.
func (p *process) list(t *testing.T) (all []string) {
	t.Helper()
	for {
		page := p.ids(t, fmt.Sprintf("/api/v0/customers?take=100&skip=%d", len(all)))
		if all = append(all, page...); len(page) < 100 {
			return all
		}
	}
}

func (p *process) ids(t *testing.T, path string) (ids []string) {
	t.Helper()
	a := p.until(t, "GET", path, nil)
	if a.status != 200 {
		t.Fatalf("GET %s: %d %s", path, a.status, a.body)
	}
	var page []customerJSON
	decode(t, a.body, &page)
	for _, c := range page {
		ids = append(ids, c.ID)
	}
	return ids
}

// operate runs a command of an operator on the application.
func (p *process) operate(t *testing.T, args ...string) []byte {
	t.Helper()
	return run(t, append(args, "--app", p.AppID, "--manage-url", p.manageURL, "--operator-key-file", p.operatorFile(t))...)
}

// checkpoint keeps the checkpoint of the audit log.
func (p *process) checkpoint(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, p.operate(t, "audit", "checkpoint"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// verifyAudit exports the audit log and verifies it as the manual says. It must go on from the
// checkpoint that was kept.
func (p *process) verifyAudit(t *testing.T, checkpoint string) {
	t.Helper()
	var latest struct {
		Keys []string `json:"keys"`
	}
	decode(t, p.operate(t, "audit", "checkpoint", "--json"), &latest)
	export := filepath.Join(t.TempDir(), "log.jsonl")
	p.operate(t, "audit", "export", "--out", export)
	args := []string{"audit", "verify", export}
	for _, key := range latest.Keys {
		args = append(args, "--key", key)
	}
	if checkpoint != "" {
		args = append(args, "--checkpoint", checkpoint)
	}
	if said := string(run(t, args...)); !strings.Contains(said, "ML-DSA-44") {
		t.Errorf("custodex audit verify says %s", said)
	}
}
