package xtrakit_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/xtrakit"
)

var update = flag.Bool("update", false, "rewrite golden files and transcripts")

// fake is a domain service that answers what it is told.
type fake = dialect.FakeRecords

const fakeApp = dialect.FakeApp

// noon is the time of every request.
var noon = dialect.Noon

// ask sends a request with an API key to the dialect over f.
func ask(f *fake, r *http.Request) *httptest.ResponseRecorder {
	now := func() time.Time { return noon }
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer xk_fake.secret")
	}
	w := httptest.NewRecorder()
	h := xtrakit.New(xtrakit.Config{Records: f, Limiter: limit.New(f, now)})
	web.Wrap("xtrakit", h, web.Config{Now: now}).ServeHTTP(w, r)
	return w
}

func request(method, target, body string) *http.Request {
	return httptest.NewRequest(method, target, strings.NewReader(body))
}

const (
	customers    = "/api/v1/customers"
	someCustomer = "/api/v1/customers/7"
	addCustomer  = "/api/v1/customers/add"
	groups       = "/api/v1/customer-groups"
	someGroup    = "/api/v1/customer-groups/7"
	addGroup     = "/api/v1/customer-groups/add"
)

// TestKey shows how the header is read. What is no bearer token is as good as none.
func TestKey(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][2]string{
		"Bearer xk_a_b.cs_c":    {"xk_a_b", "cs_c"},
		"bearer xk_a_b.cs_c":    {"xk_a_b", "cs_c"},
		"BEARER   xk_a_b.cs_c ": {"xk_a_b", "cs_c"},
		"Bearer a.b.c":          {"a", "b.c"},
		"Bearer API_KEY":        {"API_KEY", ""},
		"Bearer a b.c":          {"a b", "c"},
		"Bearer":                {},
		"Bearer ":               {},
		"Basic YTpi":            {},
		"xk_a_b.cs_c":           {},
		"Bearerxk_a_b.cs_c":     {},
	} {
		f := &fake{}
		r := request(http.MethodGet, customers, "")
		r.Header.Set("Authorization", header)
		ask(f, r)
		if got := [2]string{f.Login.PublicKey, f.Login.Secret}; got != want || f.Login.Kind != tenant.Xtrakit {
			t.Errorf("%q: %v of kind %s, want %v", header, got, f.Login.Kind, want)
		}
	}
}

// TestReplay shows that a replayed answer is passed on byte for byte, and said to be
// one.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, to := range [][2]string{
		{http.MethodPost, addCustomer}, {http.MethodPut, someCustomer}, {http.MethodPost, addGroup}, {http.MethodPut, someGroup},
	} {
		f := &fake{Reply: records.Reply{Customer: id.NewCustomer(), Body: []byte(`{"old":1}`), Replayed: true}}
		r := request(to[0], to[1], `{}`)
		r.Header.Set("Idempotency-Key", "My Idempotency Key")
		w := ask(f, r)
		if got := w.Body.String(); w.Code != 200 || got != `{"old":1}` || w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%v: %d %q, %v", to, w.Code, got, w.Header())
		}
		if key := f.Write.IdempotencyKey + f.GroupWrite.IdempotencyKey; key != "My Idempotency Key" {
			t.Errorf("%v: key %q", to, key)
		}
	}
}

// TestPeriod sends the filters of a list's period, which are named after two times and
// bound one (Xtrakit, "List Customers").
func TestPeriod(t *testing.T) {
	t.Parallel()
	tests := []struct{ query, from, to string }{
		{"", "", ""},
		{"created_at=&updated_at=+", "", ""},
		{"created_at=2024-08-04", "2024-08-04T00:00:00Z", ""},
		{"created_at=2024-08-04+08:23:45", "2024-08-04T08:23:45Z", ""},
		{"created_at=2024-08-04%208:3:5", "2024-08-04T08:03:05Z", ""},
		{"updated_at=2024-08-04", "", "2024-08-05T00:00:00Z"},
		{"updated_at=2024-02-28", "", "2024-02-29T00:00:00Z"},
		{"updated_at=2024-08-04+08:23:45", "", "2024-08-04T08:23:46Z"},
		{"updated_at=2024-12-31+23:59:59", "", "2025-01-01T00:00:00Z"},
		{"created_at=2024-08-04&updated_at=2024-08-04", "2024-08-04T00:00:00Z", "2024-08-05T00:00:00Z"},
		{"updated_at=9999-12-31", "", ""},
	}
	const bad = " must be a date, YYYY-MM-DD, or a date and time, YYYY-MM-DD HH:MM:SS"
	for _, path := range []string{customers, groups} {
		for _, tt := range tests {
			f := &fake{}
			w := ask(f, request(http.MethodGet, path+"?"+tt.query, ""))
			from, to := f.List.Input.CreatedFrom.Value, f.List.Input.CreatedTo.Value
			if path == groups {
				from, to = plain(f.ListedGroups.From), plain(f.ListedGroups.To)
			}
			if w.Code != 200 || from != tt.from || to != tt.to {
				t.Errorf("%s?%s: %d, from %q to %q, want %q to %q", path, tt.query, w.Code, from, to, tt.from, tt.to)
			}
		}
		for _, value := range []string{
			"yesterday", "2024-8-4", "2024-02-30", "2024-08-04T08:23:45Z", "2024-08-04+08:23", "2024-08-04+08:23:45.5",
			"2024-08-04+08:23:45+00", "2024-08-04+24:00:00", "0000-00-00", "0000-01-01", "1722758625", "04/08/2024", "2024-08-04+8:23:",
		} {
			for _, name := range []string{"created_at", "updated_at"} {
				f := &fake{}
				w := ask(f, request(http.MethodGet, path+"?"+name+"="+value, ""))
				want := `{"status":400,"error":"` + name + bad + `"}`
				if w.Code != 400 || strings.TrimSpace(w.Body.String()) != want || f.Calls != 0 {
					t.Errorf("%s?%s=%s: %d %s after %d calls, want %s", path, name, value, w.Code, w.Body, f.Calls, want)
				}
			}
		}
	}
}

func plain(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// TestCustomerList shows what of a query reaches the domain, and when a list leads on.
func TestCustomerList(t *testing.T) {
	t.Parallel()
	next := records.ListResponse{Customers: make([]customer.Customer, 2), Next: "abc-_", Total: 5}
	f := &fake{Listed: next}
	w := ask(f, request(http.MethodGet, customers+"?customer_group_id=12&cursor=xyz&page=7", ""))
	want := records.ListRequest{Cursor: "xyz", Count: true, Input: customer.ListInput{
		Take: customer.Text{Sent: true, Value: "1000"}, MaxTake: 1000, Group: customer.Text{Sent: true, Value: "12"},
	}}
	if diff := cmp.Diff(want, f.List); diff != "" {
		t.Errorf("find (-want +got):\n%s", diff)
	}
	if got, want := w.Header().Get("Link"), `</api/v1/customers?cursor=abc-_>; rel="next"`; got != want {
		t.Errorf("Link = %q, want %q", got, want)
	}
	for _, tt := range []struct {
		query string
		found records.ListResponse
		want  string
	}{
		{"", next, "Customers found: 5"},
		{"", records.ListResponse{Customers: make([]customer.Customer, 2), Total: 3}, "Customers found: 2"},
		{"?cursor=x", records.ListResponse{Customers: make([]customer.Customer, 2), Total: 5}, "Customers found: 5"},
		{"", records.ListResponse{}, "Customers found: 0"},
	} {
		w := ask(&fake{Listed: tt.found}, request(http.MethodGet, customers+tt.query, ""))
		if !strings.Contains(w.Body.String(), `"message":"`+tt.want+`"`) || (w.Header().Get("Link") != "") != (tt.found.Next != "") {
			t.Errorf("%s of %d: %.80s with Link %q, want %s", tt.query, len(tt.found.Customers), w.Body, w.Header().Get("Link"), tt.want)
		}
	}
}

// TestGroupList is the same for groups.
func TestGroupList(t *testing.T) {
	t.Parallel()
	f := &fake{Groups: make([]customer.Group, 2), Next: "abc-_", Total: 5}
	own := tenant.BusinessCode(fakeApp)
	for query, want := range map[string]string{
		"?cursor=xyz&business_code=" + own: "Groups found: 5",
		"?cursor=xyz&page=7":               "Groups found: 5",
		"?cursor=xyz&business_code=1":      "Groups found: 0", // another's
	} {
		w := ask(f, request(http.MethodGet, groups+query, ""))
		find := records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 1000, Cursor: "xyz", Count: true}}
		if diff := cmp.Diff(find, f.ListedGroups); diff != "" {
			t.Errorf("%s: find (-want +got):\n%s", query, diff)
		}
		link := `</api/v1/customer-groups?cursor=abc-_>; rel="next"`
		if strings.HasSuffix(want, "0") {
			link = ""
		}
		if got := w.Header().Get("Link"); got != link || !strings.Contains(w.Body.String(), `"message":"`+want+`"`) {
			t.Errorf("%s: %.80s with Link %q, want %s with %q", query, w.Body, got, want, link)
		}
	}
}

// TestEmptyCursor: a client whose cursor got lost is told so, and does not begin anew.
func TestEmptyCursor(t *testing.T) {
	t.Parallel()
	for _, path := range []string{customers, groups} {
		for _, query := range []string{"?cursor=", "?cursor", "?cursor=+%20"} {
			f := &fake{}
			w := ask(f, request(http.MethodGet, path+query, ""))
			if w.Code != 400 || w.Body.String() != `{"status":400,"error":"cursor must not be empty"}` || f.Calls != 0 {
				t.Errorf("%s%s: %d %s after %d calls", path, query, w.Code, w.Body, f.Calls)
			}
		}
	}
}

// TestPaths asks for what is not there. Nothing may be a redirect, or an answer that
// is not ours.
func TestPaths(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/":                             404,
		"/api/v1/customers/":            200,
		"/api/v1/customers/../x":        404,
		"/api/v1/customers/7/":          200,
		"/api/v1/customers/7/x":         404,
		"/api/v1/Customers":             404,
		"/api/v1/customer":              404,
		"/api/v1/customer-group":        404,
		"/api/v1/customers/add":         405,
		"/api/v1/customer-groups/add":   405,
		"/api/v1/customers/%37":         200,
		"/api/v1/customer%73":           200,
		"//api//v1//customers//7":       200,
		"/api/v1/user/authenticate":     200,
		"/api/v1/user":                  404,
		"http://x/api/v1/customers?x=1": 200,
	} {
		w := ask(&fake{Group: &customer.Group{}}, request(http.MethodGet, target, ""))
		if w.Code != want || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("GET %s: %d %v, want %d", target, w.Code, w.Header(), want)
		}
		if w.Header().Get("Location") != "" {
			t.Errorf("GET %s: a redirect to %s", target, w.Header().Get("Location"))
		}
	}
}

// TestIDs: what is not a number in the one way in which it is written names nothing,
// and nobody is asked for it.
func TestIDs(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{"1": true, "7": true, "9999999999999999": true}
	for _, bad := range []string{
		"0", "07", "-1", "+1", "1.0", "1e3", "10000000000000000", "%7Bid%7D", "CUSTOMER_ID", "0x1", "1%20", "%D9%A1", "a%2Fb", "%2e%2e",
		"550e8400-e29b-41d4-a716-446655440000",
	} {
		tests[bad] = false
	}
	for value, good := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			for path, noun := range map[string]string{customers: "Customer", groups: "Group"} {
				f := &fake{Group: &customer.Group{}}
				body := ""
				if method == http.MethodPut {
					body = "{}"
				}
				w := ask(f, request(method, path+"/"+value, body))
				want := `{"status":404,"error":"` + noun + ` not found"}`
				if good && (w.Code != 200 || f.Calls != 1) || !good && (w.Body.String() != want || f.Calls != 0) {
					t.Errorf("%s %s/%s: %d %s after %d calls", method, path, value, w.Code, w.Body, f.Calls)
				}
			}
		}
	}
}
