package yativo_test

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/yativo"
)

var update = flag.Bool("update", false, "rewrite golden files and transcripts")

// fake is a domain service that knows every token and answers what it is told.
type fake struct {
	err     error
	found   records.ListResponse
	fetched customer.Customer
	reply   records.Reply

	write      records.Write // what came
	find       records.ListRequest
	submission records.Submission
}

func (f *fake) IssueToken(_ context.Context, in records.Login) (string, tenant.Caller, int, error) {
	return "token", fakeCaller(in.Origin), 100, f.err
}

func (f *fake) AuthenticateToken(_ context.Context, _ string, o tenant.Origin) (tenant.Caller, int, string, error) {
	return fakeCaller(o), 100, "ya_fake", nil
}

func fakeCaller(o tenant.Origin) tenant.Caller {
	return tenant.Caller{App: "app_fakefakefakefake", AppName: "Fake", Credential: "cred_fake", Scopes: authz.AllCustomers, Origin: o}
}

func (f *fake) RefreshToken(context.Context, tenant.Caller, string) (string, error) {
	return "token", f.err
}

func (f *fake) CreateCustomer(_ context.Context, _ tenant.Caller, w records.Write) (records.Reply, error) {
	f.write = w
	return f.reply, f.err
}

func (f *fake) UpdateCustomer(_ context.Context, _ tenant.Caller, _ records.Target, w records.Write) (records.Reply, error) {
	f.write = w
	return f.reply, f.err
}

func (f *fake) DeleteCustomer(context.Context, tenant.Caller, records.Target) error { return f.err }

func (f *fake) FetchCustomer(context.Context, tenant.Caller, records.Target) (customer.Customer, error) {
	return f.fetched, f.err
}

func (f *fake) ListCustomers(_ context.Context, _ tenant.Caller, in records.ListRequest) (records.ListResponse, error) {
	f.find = in
	return f.found, f.err
}

func (f *fake) SubmitKYC(_ context.Context, _ tenant.Caller, _ id.Customer, in records.Submission) (records.Reply, error) {
	f.submission = in
	return f.reply, f.err
}

// RateTake gives all that is asked for.
func (f *fake) RateTake(_ context.Context, _ id.App, take store.RateTake) (store.RateGrant, error) {
	return store.RateGrant{Granted: take.Want, Taken: take.Want}, nil
}

// noon is a time whose unix seconds do not matter to any test.
var noon = time.Date(2026, 3, 1, 12, 0, 15, 0, time.UTC)

// ask sends a request with a token and an idempotency key to the dialect over f.
func ask(f *fake, r *http.Request, change ...func(*yativo.Config)) *httptest.ResponseRecorder {
	now := func() time.Time { return noon }
	cfg := yativo.Config{Records: f, Limiter: limit.New(f, now)}
	for _, c := range change {
		c(&cfg)
	}
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Idempotency-Key", "key")
	w := httptest.NewRecorder()
	web.Wrap("yativo", yativo.New(cfg), web.Config{Now: now}).ServeHTTP(w, r)
	return w
}

func request(method, target, body string) *http.Request {
	return httptest.NewRequest(method, target, strings.NewReader(body))
}

const someCustomer = "/api/v1/customer/550e8400-e29b-41d4-a716-446655440000"

// TestPaths asks for what is not there. Nothing may be a redirect, or an answer
// that is not ours.
func TestPaths(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/":                              404,
		"/api/v1/customer/":              404,
		"/api/v1/customers":              404,
		"/api/v1/customer/../customer":   404,
		"/api/v1/Customer":               404,
		"/v1/customer":                   404,
		"/customer":                      404,
		"/customer/":                     404,
		"/api/v1/customer/x/y":           404,
		"/api/v1/customer/a%2Fb":         404,
		"/api/v1/customer/kyc/update":    405,
		"/api/v1/auth/login":             405,
		"//api/v1//customer":             200,
		"/api/v1/customer?page=1":        200,
		"http://x/api/v1/customer":       200,
		"/customer/" + someCustomer[17:]: 200,
	} {
		w := ask(&fake{}, request(http.MethodGet, target, ""))
		if w.Code != want || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("GET %s: %d %v, want %d", target, w.Code, w.Header(), want)
		}
		if w.Header().Get("Location") != "" {
			t.Errorf("GET %s: a redirect to %s", target, w.Header().Get("Location"))
		}
	}
}
