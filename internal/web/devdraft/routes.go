package devdraft

import (
	"context"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// Records is the part of the domain service that this dialect calls;
// *records.Service is one. The faults of each method are described there.
type Records interface {
	// Authenticate turns a client key and secret into a caller.
	Authenticate(ctx context.Context, in records.Login) (caller tenant.Caller, perMinute int, err error)
	// CreateCustomer makes a customer.
	CreateCustomer(ctx context.Context, caller tenant.Caller, w records.Write) (records.Reply, error)
	// UpdateCustomer changes the fields that were sent.
	UpdateCustomer(ctx context.Context, caller tenant.Caller, target records.Target, w records.Write) (records.Reply, error)
	// FetchCustomer reads one customer.
	FetchCustomer(ctx context.Context, caller tenant.Caller, target records.Target) (customer.Customer, error)
	// FindCustomers lists customers.
	FindCustomers(ctx context.Context, caller tenant.Caller, in records.Find) (records.Found, error)
}

// Config says what the dialect works with. Records and Limiter must be set.
type Config struct {
	Records Records
	Limiter *limit.Limiter

	// Version is what the health endpoints show.
	Version string

	// Ping asks the database for an answer; the authenticated health endpoint
	// calls it. Nil means that there is nothing to ask.
	Ping func(ctx context.Context) error

	// MaxSkip is the setting of that name, for the text of an error. Default
	// page.MaxSkip.
	MaxSkip int

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

type api struct {
	Config
	find texts // of problems of a list request
}

// The paths of the API. The pattern is what is logged.
const (
	pathCustomers    = "/api/v0/customers"
	pathCustomer     = "/api/v0/customers/{id}"
	pathSearch       = "/api/v0/customers/search"
	pathHealth       = "/api/v0/health"
	pathPublicHealth = "/api/v0/health/public"
)

// New makes the dialect. Whatever it is asked for it answers, in its own envelope
// if it has no such route. It belongs inside web.Wrap.
func New(cfg Config) http.Handler {
	if cfg.Ping == nil {
		cfg.Ping = func(context.Context) error { return nil }
	}
	if cfg.MaxSkip == 0 {
		cfg.MaxSkip = page.MaxSkip
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &api{Config: cfg, find: findTexts(cfg.MaxSkip)}

	mux := http.NewServeMux()
	for pattern, m := range a.routes() {
		mux.Handle(pattern, route(pattern, m))
	}
	unknown := route("", nil)
	mux.Handle("/", unknown)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !clean(r.URL.EscapedPath()) {
			unknown.ServeHTTP(w, r) // the mux would redirect
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// methods are the handlers of one path.
type methods map[string]web.Handler

// routes is all that the dialect serves.
func (a *api) routes() map[string]methods {
	return map[string]methods{
		pathCustomers: {
			http.MethodGet:  a.authenticated(a.listCustomers),
			http.MethodPost: a.authenticated(a.createCustomer),
		},
		pathCustomer: {
			http.MethodGet:   a.authenticated(a.fetchCustomer),
			http.MethodPatch: a.authenticated(a.updateCustomer),
		},
		pathSearch:       {http.MethodPost: a.authenticated(a.searchCustomers)},
		pathHealth:       {http.MethodGet: a.health},
		pathPublicHealth: {http.MethodGet: a.publicHealth},
	}
}

// Routes lists what the dialect serves as "METHOD /path/{name}", sorted; HEAD comes
// with every GET. It is for those who compare the dialect with its description.
func Routes() []string {
	var list []string
	for pattern, m := range new(api).routes() {
		for method := range m {
			list = append(list, method+" "+pattern)
		}
	}
	slices.Sort(list)
	return list
}

var errNoRoute = fault.New(fault.NotFound, "no_route", "Route not found")

// route picks the handler by method. HEAD is GET whose body nobody reads. A path
// without any method does not exist.
func route(pattern string, m methods) http.Handler {
	if get, ok := m[http.MethodGet]; ok {
		m[http.MethodHead] = get
	}
	allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	return web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		web.EventOf(r.Context()).Route = pattern
		if len(m) == 0 {
			return errNoRoute
		}
		if h, ok := m[r.Method]; ok {
			return h(w, r)
		}
		w.Header().Set("Allow", allow)
		return fault.New(fault.NoMethod, "no_method", "Method not allowed")
	}, writeError)
}

// clean reports whether a path has no dot segments and the like.
func clean(p string) bool {
	return strings.HasPrefix(p, "/") && (path.Clean(p) == p || path.Clean(p)+"/" == p)
}
