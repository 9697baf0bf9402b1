package xtrakit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/contract"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/openapi"
)

// TestWalk lists more customers and groups than one answer holds, by following the
// links: each comes once, newest first, and the message counts all of them. The audit
// log names every customer that was shown, in one entry an answer.
func TestWalk(t *testing.T) {
	t.Parallel()
	const total, first = 1003, 1000
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := suite().Start(t, engine, nil)
			doc := contract.New(t, openapi.Handler())
			name := customer.GroupInput{Name: dialect.Sent("Group")}
			var group atomic.Int64
			many(t, total, func(ctx context.Context) error {
				_, err := x.Server.Records.CreateGroup(ctx, x.Caller(), records.GroupWrite{
					Input: name, Encode: func(g *customer.Group) []byte { group.Store(g.Seq); return nil },
				})
				return err
			})
			many(t, total, func(ctx context.Context) error {
				_, err := x.Server.Records.CreateCustomer(ctx, x.Caller(), records.Write{
					Input: customer.Input{
						Given: dialect.Sent("Jane"), Family: dialect.Sent("Doe"), Phone: dialect.Sent("+22"), Group: dialect.Sent(fmt.Sprint(group.Load())),
					},
					Encode: func(*customer.Customer) []byte { return nil },
				})
				return err
			})
			for _, tt := range []struct{ path, noun, member string }{
				{customers, "Customers", "customers"},
				{customers + fmt.Sprintf("?customer_group_id=%d", group.Load()), "Customers", "customers"},
				{customers + "?created_at=2026-03-01&updated_at=2026-03-01", "Customers", "customers"},
				{groups, "Groups", "groups"},
				{groups + "?created_at=2026-03-01&business_code=" + x.Vars["business"], "Groups", "groups"},
			} {
				pages := walk(t, x, doc, tt.path, fmt.Sprintf("%s found: %d", tt.noun, total), tt.member)
				if len(pages) != 2 || pages[0] != first || pages[1] != total-first {
					t.Errorf("%s: pages of %v, want %d and %d", tt.path, pages, first, total-first)
				}
				if tt.member == "customers" {
					audited(t, x, total-first, first)
				}
			}
		})
	}
}

// many does something n times, many at a time so that they share commits.
func many(t *testing.T, n int, do func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range work {
				if err := do(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// walk follows the links from a path and gives the sizes of the pages.
func walk(t *testing.T, x *dialect.Target, doc *contract.Contract, path, message, member string) (sizes []int) {
	t.Helper()
	last := int64(1 << 60)
	for path != "" && len(sizes) < 5 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+x.Vars["key"])
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		resp.Body = io.NopCloser(bytes.NewReader(content))
		if err := doc.Check(r, resp); err != nil {
			t.Error(err)
		}
		var answer struct {
			Message string
			Data    map[string][]struct{ ID int64 }
		}
		err = json.Unmarshal(content, &answer)
		if err != nil || resp.StatusCode != http.StatusOK || answer.Message != message {
			t.Fatalf("%s: %s, %q, %v", path, resp.Status, answer.Message, err)
		}
		for _, one := range answer.Data[member] {
			if one.ID >= last {
				t.Fatalf("%s: %d comes after %d", path, one.ID, last)
			}
			last = one.ID
		}
		sizes = append(sizes, len(answer.Data[member]))
		link := resp.Header.Get("Link")
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), `>; rel="next"`)
	}
	return sizes
}

// audited wants the newest entries of lists to name so many customers each.
func audited(t *testing.T, x *dialect.Target, want ...int) {
	t.Helper()
	entries, err := x.Server.Records.ListAudit(t.Context(), x.Server.OperatorCaller(x.Server.App.ID), records.AuditFilter{
		Action: string(authz.CustomerList), Limit: len(want),
	})
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, e := range entries {
		if len(e.Targets) != want[i] || e.Dialect != "xtrakit" {
			t.Errorf("entry %d names %d customers of %s, want %d", i, len(e.Targets), e.Dialect, want[i])
		}
	}
}
