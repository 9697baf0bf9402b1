package devdraft_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
)

const groupsPath = "/api/v0/customer-groups"

// TestListsOfOurs looks at what the lists that are not of customers pass on, and at the
// headers they have: where the next page is, and how many there are.
func TestListsOfOurs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		page       records.PageRequest // asked for by the query below
		next       string
	}{
		{"groups", groupsPath, records.PageRequest{Skip: 3, Take: 2, Cursor: "c"}, "?cursor=a-_&take=2"},
		{"transactions", someCustomer + "/transactions", records.PageRequest{Skip: 3, Take: 2, Cursor: "c"}, "?cursor=a-_&take=2"},
		{"addresses", someCustomer + "/liquidation_addresses", records.PageRequest{Take: 1000, Cursor: "c"}, "?cursor=a-_"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{Next: "a-_", Total: 7}
			h := ask(f, request(http.MethodGet, tt.path+"?take=2&skip=3&cursor=c&include=x", "")).Header()
			if diff := cmp.Diff(tt.page, f.Page); diff != "" {
				t.Errorf("what was asked for (-want +got):\n%s", diff)
			}
			if got, want := h.Get("Link"), "<"+tt.path+tt.next+`>; rel="next"`; got != want || h.Get("X-Total-Count") != "" {
				t.Errorf("Link = %q, want %q; %v", got, want, h)
			}
			f.Next = ""
			r := request(http.MethodGet, tt.path, "")
			r.Header.Set("Prefer", "count=exact")
			h = ask(f, r).Header()
			if !f.Page.Count || h.Get("X-Total-Count") != "7" || h.Get("Preference-Applied") != "count=exact" || h.Get("Link") != "" {
				t.Errorf("counted: %+v, %v", f.Page, h)
			}
		})
	}
	f := &fake{}
	ask(f, request(http.MethodGet, groupsPath, ""))
	if diff := cmp.Diff(records.PageRequest{Take: 10}, f.Page); diff != "" {
		t.Errorf("without parameters (-want +got):\n%s", diff)
	}
}

// TestEmptyCursor: a client whose cursor got lost is told so, and does not begin anew.
func TestEmptyCursor(t *testing.T) {
	t.Parallel()
	const told = `{"statusCode":400,"message":["cursor should not be empty"],"error":"Bad Request"}`
	for _, path := range []string{"/api/v0/customers", groupsPath, someCustomer + "/transactions"} {
		for _, query := range []string{"?cursor=", "?cursor", "?take=1&cursor=+%20"} {
			f := &fake{Listed: records.ListResponse{Customers: make([]customer.Customer, 1)}}
			if w := ask(f, request(http.MethodGet, path+query, "")); w.Code != 400 || w.Body.String() != told {
				t.Errorf("%s%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	}
	if w := ask(&fake{}, request(http.MethodPost, "/api/v0/customers/search", `{"cursor":" "}`)); w.Body.String() != told {
		t.Errorf("search: %d %s", w.Code, w.Body)
	}
	const address = `{"statusCode":400,"message":"cursor should not be empty","error":"Validation failed"}`
	if w := ask(&fake{}, request(http.MethodGet, someCustomer+"/liquidation_addresses?cursor=", "")); w.Body.String() != address {
		t.Errorf("addresses: %d %s", w.Code, w.Body)
	}
}
