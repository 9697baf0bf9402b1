package client_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
)

// recorder sends requests and keeps which routes they were for.
type recorder struct {
	mux  *http.ServeMux // knows the routes
	mu   sync.Mutex
	seen map[string]bool // patterns
	urls []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	_, pattern := r.mux.Handler(req)
	r.mu.Lock()
	r.seen[pattern] = true
	r.urls = append(r.urls, req.URL.String())
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(req)
}

// recording gives options whose requests are recorded. When the test ends, every route of
// an API must have been called, but for spellings that are the same operation, and no
// personal value may have been in a URL.
func recording(t *testing.T, routes []string, spellings ...string) client.Options {
	t.Helper()
	r := &recorder{mux: http.NewServeMux(), seen: map[string]bool{}}
	for _, route := range routes {
		r.mux.HandleFunc(route, func(http.ResponseWriter, *http.Request) {})
	}
	t.Cleanup(func() {
		for _, route := range routes {
			if !r.seen[route] && !slices.Contains(spellings, route) {
				t.Errorf("no method of the client was called that sends %s", route)
			}
		}
		for _, url := range r.urls {
			if strings.Contains(strings.ToLower(url), "lovelace") || strings.Contains(url, "example.com") {
				t.Errorf("a personal value is in the URL %s", url)
			}
		}
	})
	return client.Options{HTTP: &http.Client{Transport: r}}
}

// keyOf makes a key of the server's application for an API.
func keyOf(t *testing.T, s *testkit.Server, kind tenant.Kind) records.Issued {
	t.Helper()
	return s.NewKey(t, s.App.ID, records.NewKey{Kind: kind, Name: "operations", Owner: "Grace", Scopes: authz.OfApplications()})
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func status(t *testing.T, what string, err error, want int) {
	t.Helper()
	if answer, ok := client.AsError(err); !ok || answer.Status != want {
		t.Errorf("%s: %v, want status %d", what, err, want)
	}
}

func TestFieldE8EveryOperationOfDevdraft(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	key := keyOf(t, s, tenant.Devdraft)
	c, err := client.NewCustomers(s.URL, key.PublicKey, key.Secret.Reveal(), recording(t, devdraft.Routes()))
	check(t, err)
	c = c.ActingFor("clerk-7").Because("support", "Ticket 4711")

	group, err := c.CreateGroup(ctx, client.GroupInput{Name: text("Gold"), Description: text("the best")}, "")
	check(t, err)
	in := client.CustomerInput{
		FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"), Email: text("ada@example.com"),
		GroupID: &group.ID,
	}
	problems, err := c.Validate(ctx, client.CustomerInput{FirstName: text("Ada")})
	check(t, err)
	equal(t, "problems of a customer without a phone and a last name", len(problems) > 1, true)
	ada, err := c.Create(ctx, in, "")
	check(t, err)
	equal(t, "group", *ada.GroupID, group.ID)
	again, created, err := c.GetOrCreate(ctx, in, "")
	check(t, err)
	equal(t, "created", created, false)
	equal(t, "the same customer", again.ID, ada.ID)

	// A search by every filter finds her, and by GET all are found.
	day := 24 * time.Hour
	found, err := c.List(ctx, client.CustomerQuery{
		Query: "ada", ByRelevance: true, Name: "lovelace", Email: "ada@example.com", Status: "ACTIVE", CustomerType: ada.CustomerType, GroupID: group.ID,
		CreatedFrom: ada.CreatedAt.Add(-day), CreatedTo: ada.CreatedAt.Add(day), Take: 1, Count: true,
	})
	check(t, err)
	equal(t, "found", len(found.Customers)+found.Total, 2)
	all, err := c.List(ctx, client.CustomerQuery{Take: 1, Count: true})
	check(t, err)
	equal(t, "all", all.Total, 1)

	paid, err := c.RecordTransaction(ctx, ada.ID, client.TransactionInput{Amount: "12.50", Currency: "EUR", Reference: "4711"}, "")
	check(t, err)
	past, err := c.ListHistory(ctx, ada.ID, client.PageQuery{Take: 5})
	check(t, err)
	if len(past.Items) == 0 || past.Items[0].Customer.ID != ada.ID || len(past.Items[0].Changed) == 0 {
		t.Errorf("ListHistory = %+v", past.Items)
	}
	was, err := c.FetchAsOf(ctx, ada.ID, ada.CreatedAt)
	check(t, err)
	if was.FirstName != ada.FirstName || was.LastSpent != "0" {
		t.Errorf("FetchAsOf = %+v", was)
	}
	purchases, err := c.ListTransactions(ctx, ada.ID, client.PageQuery{Take: 5, Count: true})
	check(t, err)
	equal(t, "purchases", purchases.Items[0].ID, paid.ID)
	wallet, err := c.CreateLiquidationAddress(ctx, ada.ID, client.LiquidationAddressInput{
		Chain: "ethereum", Currency: "usdc", Address: "0x742d35Cc6634C0532925a3b844Bc454e4438f44e",
		ExternalAccountID: "bank-1",
	}, "")
	check(t, err)
	wallets, err := c.ListLiquidationAddresses(ctx, ada.ID, client.PageQuery{Take: 7})
	check(t, err)
	fetchedWallet, err := c.FetchLiquidationAddress(ctx, ada.ID, wallet.ID)
	check(t, err)
	equal(t, "address", wallets.Items[0], fetchedWallet)

	changed, err := c.Update(ctx, ada.ID, client.CustomerInput{ClearEmail: true, ClearGroup: true, Email: text("x"), LastName: text("King")}, "")
	check(t, err)
	fetched, err := c.Fetch(ctx, ada.ID)
	check(t, err)
	equal(t, "e-mail and group after they were cleared", changed.Email == nil && fetched.Email == nil && fetched.GroupID == nil, true)
	equal(t, "last spent", fetched.LastSpent, "12.5")

	renamed, err := c.UpdateGroup(ctx, group.ID, client.GroupInput{Description: text("")}, "")
	check(t, err)
	groups, err := c.ListGroups(ctx, client.PageQuery{})
	check(t, err)
	one, err := c.FetchGroup(ctx, group.ID)
	check(t, err)
	equal(t, "description", renamed.Description == nil && groups.Items[0].Name == one.Name, true)
	check(t, c.DeleteGroup(ctx, group.ID))
	check(t, c.Delete(ctx, ada.ID))
	_, err = c.Fetch(ctx, ada.ID)
	status(t, "fetch of a deleted customer", err, 404)

	health, err := c.Health(ctx)
	check(t, err)
	public, err := c.PublicHealth(ctx)
	check(t, err)
	equal(t, "health", health.Authenticated && public.Status == "ok", true)
	_, err = c.List(ctx, client.CustomerQuery{Next: "%"})
	equal(t, "a Next that is none is an error", err != nil, true)

	entries, err := operator(t, s).ListAudit(ctx, string(s.App.ID), client.AuditQuery{Customer: ada.ID, Action: "customer.update"})
	check(t, err)
	equal(t, "acting user", entries.Entries[0].Origin.ActingUser, "clerk-7")
	equal(t, "purpose", entries.Entries[0].Origin.Purpose, "support")
	equal(t, "reason", entries.Entries[0].Origin.Reason, "Ticket 4711")
}

func operator(t *testing.T, s *testkit.Server) *client.Manage {
	t.Helper()
	m, err := client.NewManage(s.ManageURL, s.Operator.OperatorToken().Reveal(), client.Options{})
	check(t, err)
	return m
}

func TestFieldE8EveryOperationOfManage(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	m, err := client.NewManage(s.ManageURL, s.Operator.OperatorToken().Reveal(), recording(t, manage.Routes()))
	check(t, err)
	app, err := m.CreateApp(ctx, "Checkout")
	check(t, err)
	apps, err := m.ListApps(ctx)
	check(t, err)
	equal(t, "applications", len(apps), 2)
	_, err = m.FetchApp(ctx, app.ID)
	check(t, err)
	key, err := m.CreateKey(ctx, app.ID, client.NewKey{Name: "test"})
	check(t, err)
	_, err = m.ListKeys(ctx, app.ID)
	check(t, err)
	strict, err := m.UpdateKey(ctx, app.ID, key.ID, client.KeyChange{Handling: "strict", Owner: text("Ada")})
	check(t, err)
	equal(t, "handling and owner", strict.Handling+" "+strict.Owner, "strict Ada")
	rotated, err := m.RotateKey(ctx, app.ID, key.ID, time.Hour)
	check(t, err)

	c, err := client.NewCustomers(s.URL, key.PublicKey, rotated.Secret, client.Options{})
	check(t, err)
	ada, err := c.Create(ctx, client.CustomerInput{FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000")}, "")
	check(t, err)
	check(t, m.SetKYC(ctx, app.ID, ada.ID, client.KYC{Status: "rejected", Reason: "expired"}))
	_, err = m.RevokeKey(ctx, app.ID, key.ID)
	check(t, err)

	_, err = m.ListAudit(ctx, app.ID, client.AuditQuery{})
	check(t, err)
	events, err := m.ListEvents(ctx, app.ID, client.EventQuery{Types: []string{"application.created"}, Limit: 5})
	if err != nil || len(events.Events) != 1 || events.Events[0].Object != app.ID || events.Next == "" {
		t.Errorf("ListEvents = %+v, %v", events, err)
	}
	alarms, err := m.ListAlarms(ctx, app.ID)
	check(t, err)
	equal(t, "alarms", len(alarms), 0)
	_, err = m.AcknowledgeAlarm(ctx, app.ID, client.Acknowledgement{Reason: "seen"})
	status(t, "acknowledgement without an alarm", err, 404)
	jobs, err := m.ListJobs(ctx, app.ID)
	check(t, err)
	equal(t, "jobs", len(jobs), 0)
	for _, call := range []func(context.Context, string, string) (client.Job, error){m.FetchJob, m.PauseJob, m.ResumeJob, m.CancelJob} {
		_, err = call(ctx, app.ID, "job_2222222222222222")
		status(t, "a call about no job", err, 404)
	}
	_, err = m.FetchCheckpoint(ctx, app.ID)
	check(t, err)
	var export bytes.Buffer
	check(t, m.ExportAudit(ctx, app.ID, client.ExportQuery{}, &export))
	equal(t, "export", export.Len() > 0, true)

	vacant, err := m.CreateApp(ctx, "Vacant")
	check(t, err)
	vacant, err = m.RenameApp(ctx, vacant.ID, "Gone")
	check(t, err)
	equal(t, "name", vacant.Name, "Gone")
	vacant, err = m.RemoveApp(ctx, vacant.ID, true)
	check(t, err)
	equal(t, "removed", vacant.RemovedAt != nil, true)
}
