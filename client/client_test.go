package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/client"
)

// answering starts a server that gives the answers in turn, the last one for ever,
// and keeps the requests.
func answering(t *testing.T, answers ...func(http.ResponseWriter)) (url string, requests func() []*http.Request) {
	t.Helper()
	var mu sync.Mutex
	var seen []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
		answers[min(len(seen), len(answers))-1](w)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []*http.Request {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func says(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func customers(t *testing.T, url string, opts client.Options) *client.Customers {
	t.Helper()
	c, err := client.NewCustomers(url, "ck_x", "cs_hunter2", opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(http.ResponseWriter)
		want   client.Error
		text   string
	}{
		{"one message", says(404, `{"statusCode":404,"message":"Customer not found","error":"Not Found"}`, "X-Request-Id", "abc"),
			client.Error{Status: 404, Code: "Not Found", Message: "Customer not found", RequestID: "abc"},
			"Customer not found (status 404)"},
		{"several messages", says(400, `{"statusCode":400,"message":["a","b"],"error":"Bad Request"}`),
			client.Error{Status: 400, Code: "Bad Request", Message: "Bad Request", Fields: []client.FieldError{{Message: "a"}, {Message: "b"}}},
			"Bad Request: a; b (status 400)"},
		{"when to try again", says(429, `{"message":"Too many requests","error":"Too Many Requests"}`, "Retry-After", "7"),
			client.Error{Status: 429, Code: "Too Many Requests", Message: "Too many requests", RetryAfter: 7 * time.Second},
			"Too many requests (status 429)"},
		{"not ours", says(502, `<html>cs_hunter2`), client.Error{Status: 502}, "Bad Gateway (status 502)"},
		{"a redirect", says(302, ``, "Location", "/elsewhere"), client.Error{Status: 302}, "Found (status 302)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, requests := answering(t, tt.answer)
			_, err := customers(t, url, client.Options{}).Fetch(t.Context(), "x")
			got, ok := client.AsError(err)
			if !ok {
				t.Fatalf("Fetch = %v, want an *Error", err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err.Error() != tt.text || len(requests()) != 1 {
				t.Errorf("error %q after %d requests, want %q after 1", err, len(requests()), tt.text)
			}
		})
	}
}

func TestManageErrors(t *testing.T) {
	t.Parallel()
	url, _ := answering(t, says(400, `{"error":{"code":"validation_failed","message":"Validation failed",
		"fields":[{"path":"name","code":"required","message":"name is required"}],"request_id":"abc"}}`, "X-Request-Id", "abc"))
	m, err := client.NewManage(url, "op_x.ops_y", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.CreateApp(t.Context(), "")
	got, _ := client.AsError(err)
	want := &client.Error{Status: 400, Code: "validation_failed", Message: "Validation failed", RequestID: "abc",
		Fields: []client.FieldError{{Path: "name", Code: "required", Message: "name is required"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRetries sends again only what it was asked to, only when the server said
// when, and always under the same idempotency key.
func TestRetries(t *testing.T) {
	t.Parallel()
	busy := says(503, `{}`, "Retry-After", "1")
	made := says(201, `{"id":"1"}`)
	tests := []struct {
		name    string
		retries int
		answers []func(http.ResponseWriter)
		want    int // requests
		fails   bool
	}{
		{"asked", 2, []func(http.ResponseWriter){busy, made}, 2, false},
		{"not asked", 0, []func(http.ResponseWriter){busy, made}, 1, true},
		{"too often", 1, []func(http.ResponseWriter){busy, busy, made}, 2, true},
		{"does not say when", 2, []func(http.ResponseWriter){says(503, `{}`), made}, 1, true},
		{"says much later", 2, []func(http.ResponseWriter){says(429, `{}`, "Retry-After", "3600"), made}, 1, true},
		{"a failure", 2, []func(http.ResponseWriter){says(500, `{}`, "Retry-After", "1"), made}, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, requests := answering(t, tt.answers...)
			c := customers(t, url, client.Options{Retries: tt.retries})
			_, err := c.Create(t.Context(), client.CustomerInput{}, "")
			if (err != nil) != tt.fails {
				t.Errorf("Create = %v", err)
			}
			seen := requests()
			if len(seen) != tt.want {
				t.Fatalf("%d requests, want %d", len(seen), tt.want)
			}
			for _, r := range seen {
				if key := r.Header.Get("Idempotency-Key"); key == "" || key != seen[0].Header.Get("Idempotency-Key") {
					t.Errorf("key %q after %q", key, seen[0].Header.Get("Idempotency-Key"))
				}
			}
		})
	}
}

func TestRetryEndsWithContext(t *testing.T) {
	t.Parallel()
	url, _ := answering(t, says(429, `{}`, "Retry-After", "60"))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := customers(t, url, client.Options{Retries: 1}).Fetch(ctx, "x")
	if _, ok := client.AsError(err); !ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Fetch = %v, want the answer and the end of the context", err)
	}
}

// TestNextStaysHere follows a page's link without ever leaving the server.
func TestNextStaysHere(t *testing.T) {
	t.Parallel()
	url, requests := answering(t,
		says(200, `[{"id":"2"},{"id":"1"}]`, "Link", `<https://evil.example/api?cursor=abc&take=2>; rel="next"`),
		says(200, `[{"id":"0"}]`))
	var ids []string
	for customer, err := range customers(t, url, client.Options{}).All(t.Context(), client.CustomerQuery{Take: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, customer.ID)
	}
	if got := strings.Join(ids, ""); got != "210" {
		t.Errorf("All gave %q", got)
	}
	var queries []string
	for _, r := range requests() {
		queries = append(queries, r.URL.Path+"?"+r.URL.RawQuery)
	}
	want := []string{"/api/v0/customers?include=group&take=2", "/api/v0/customers?cursor=abc&take=2"}
	if diff := cmp.Diff(want, queries); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAddressesAndCredentials(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost:8080", "ftp://x", "http://", "http://user:hunter2@x", "http://x?y", "http://x\n"} {
		if _, err := client.NewManage(address, "op_x.ops_y", client.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("NewManage(%q) = %v", address, err)
		}
	}
	_, err := client.NewCustomers("http://x", "ck_x", "cs_hunter2\nX-Other: y", client.Options{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret with a line break: %v", err)
	}
	c := customers(t, "http://x/", client.Options{})
	y, err := client.NewYativo("http://x/", "acc_x", "hunter2", client.Options{})
	check(t, err)
	if strings.Contains(fmt.Sprintf("%v %+v %#v %+v %#v", c, c, c, y, y), "hunter2") {
		t.Error("a printed client shows its secret")
	}
}
