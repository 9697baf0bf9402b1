package client_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/audit"
	"custodex.dev/internal/testkit"
)

// TestServer tells one story with both clients against a real server: an
// application is made, used, looked at and taken away from its key.
func TestServer(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	ctx := t.Context()
	m, err := client.NewManage(s.ManageURL, s.Operator.OperatorToken().Reveal(), client.Options{})
	check(t, err)

	// Case 1: an application with a key.
	app, err := m.CreateApp(ctx, "Checkout")
	check(t, err)
	unlimited := 0
	key, err := m.CreateKey(ctx, app.ID, client.NewKey{Name: "test", Owner: "Grace", RateLimit: &unlimited})
	check(t, err)
	if apps, err := m.ListApps(ctx); err != nil || len(apps) != 2 {
		t.Errorf("ListApps = %d applications, %v", len(apps), err)
	}
	if got, err := m.FetchApp(ctx, app.ID); err != nil || got != app {
		t.Errorf("FetchApp = %+v, %v, want %+v", got, err, app)
	}

	// Case 2: customers.
	c, err := client.NewCustomers(s.URL+"/", key.PublicKey, key.Secret, client.Options{})
	check(t, err)
	in := client.CustomerInput{FirstName: text("Ada"), LastName: text("Lovelace"), PhoneNumber: text("+442079460000"), Email: text("ada@example.com")}
	ada, err := c.Create(ctx, in, "once")
	check(t, err)
	again, err := c.Create(ctx, in, "once")
	check(t, err)
	if again.ID != ada.ID || ada.AppID != app.ID || ada.LastSpent != "0" || ada.LastPurchaseDate != nil {
		t.Errorf("created %+v, then %+v", ada, again)
	}
	_, err = c.Create(ctx, in, "")
	if answer, ok := client.AsError(err); !ok || answer.Status != 409 {
		t.Errorf("a second customer with one address: %v", err)
	}
	changed, err := c.Update(ctx, ada.ID, client.CustomerInput{LastName: text("King")}, "")
	check(t, err)
	fetched, err := c.Fetch(ctx, ada.ID)
	check(t, err)
	if fetched.LastName != "King" || !fetched.UpdatedAt.Equal(changed.UpdatedAt) || *fetched.Email != "ada@example.com" {
		t.Errorf("fetched %+v", fetched)
	}
	for range 4 {
		_, err := c.Create(ctx, client.CustomerInput{FirstName: text("B"), LastName: text("B"), PhoneNumber: text("+15550100")}, "")
		check(t, err)
	}
	seen := map[string]bool{}
	for customer, err := range c.All(ctx, client.CustomerQuery{Take: 2}) {
		check(t, err)
		seen[customer.ID] = true
	}
	if len(seen) != 5 {
		t.Errorf("All gave %d customers, want 5", len(seen))
	}
	page, err := c.List(ctx, client.CustomerQuery{Name: "king", Email: "ADA", Status: "ACTIVE"})
	if err != nil || len(page.Customers) != 1 || page.Next != "" {
		t.Errorf("List = %+v, %v", page, err)
	}

	// Case 3: the audit log, which verifies offline against an earlier checkpoint.
	entries, err := m.ListAudit(ctx, app.ID, client.AuditQuery{
		Customer: ada.ID, Credential: key.ID, Action: "customer.fetch", From: ada.CreatedAt, To: ada.CreatedAt.Add(time.Hour), Limit: 5,
	})
	if err != nil || len(entries.Entries) != 1 || entries.Entries[0].Origin.Owner != "Grace" || entries.Next != nil {
		t.Errorf("ListAudit = %+v, %v", entries, err)
	}
	point, err := m.FetchCheckpoint(ctx, app.ID)
	check(t, err)
	var export bytes.Buffer
	check(t, m.ExportAudit(ctx, app.ID, client.ExportQuery{Opened: true}, &export))
	keys, err := audit.ParseVerifierKeys(point.Keys...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.VerifyExport(&export, keys, []byte(point.Checkpoint))
	if err != nil || report.Anchored != point.Entries || !report.Opened {
		t.Errorf("VerifyExport = %+v, %v", report, err)
	}

	// Case 4: a rotation, and the end of the key.
	rotated, err := m.RotateKey(ctx, app.ID, key.ID, time.Hour)
	check(t, err)
	if rotated.Secret == key.Secret || rotated.OldUntil == nil {
		t.Errorf("RotateKey = %+v", rotated.Key)
	}
	revoked, err := m.RevokeKey(ctx, app.ID, key.ID)
	check(t, err)
	if keys, err := m.ListKeys(ctx, app.ID); err != nil || len(keys) != 1 || keys[0].RevokedAt == nil || !keys[0].RevokedAt.Equal(*revoked.RevokedAt) {
		t.Errorf("ListKeys = %+v, %v", keys, err)
	}
	_, err = c.Fetch(ctx, ada.ID)
	if answer, ok := client.AsError(err); !ok || answer.Status != 401 {
		t.Errorf("Fetch with a revoked key = %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if answer, ok := client.AsError(err); ok {
		err = errors.Join(err, errors.New("request "+answer.RequestID))
	}
	t.Fatal(err)
}
