package xtrakit

import (
	"context"
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// Records is the part of the domain service that this dialect calls;
// *records.Service is one. The faults of each method are described there.
type Records interface {
	wire.Keys
	wire.Customers
	wire.Groups
	// FetchWithGroup reads one customer with its group.
	FetchWithGroup(ctx context.Context, caller tenant.Caller, target records.Target) (customer.Customer, *customer.Group, error)
}

// Config says what the dialect works with. Records and Limiter must be set.
type Config struct {
	Records Records
	Limiter *limit.Limiter
}

type api struct{ Config }

// The paths of the API. The pattern is what is logged.
const (
	pathCustomers    = "/api/v1/customers"
	pathCustomer     = "/api/v1/customers/{id}"
	pathAddCustomer  = "/api/v1/customers/add"
	pathHistory      = "/api/v1/customers/{id}/history"
	pathGroups       = "/api/v1/customer-groups"
	pathGroup        = "/api/v1/customer-groups/{id}"
	pathAddGroup     = "/api/v1/customer-groups/add"
	pathAuthenticate = "/api/v1/user/authenticate"
)

// New makes the dialect. Whatever it is asked for it answers, in its own envelope
// if it has no such route. It belongs inside web.Wrap.
func New(cfg Config) http.Handler {
	a := &api{cfg}
	return web.Router(a.routes(), Deprecated(), writeError)
}

// routes is all that the dialect serves.
func (a *api) routes() map[string]web.Methods {
	return map[string]web.Methods{
		pathCustomers:   {http.MethodGet: a.authenticated(a.listCustomers, "customer_group_id", "created_at", "updated_at", "cursor")},
		pathAddCustomer: {http.MethodPost: a.authenticated(a.addCustomer)},
		pathCustomer: {
			http.MethodGet:    a.tagged(a.fetchCustomer, wire.ParamAsOf),
			http.MethodPut:    a.tagged(a.editCustomer),
			http.MethodDelete: a.tagged(a.deleteCustomer),
		},
		pathHistory:  {http.MethodGet: a.authenticated(a.listHistory, "cursor")},
		pathGroups:   {http.MethodGet: a.authenticated(a.listGroups, "business_code", "created_at", "updated_at", "cursor")},
		pathAddGroup: {http.MethodPost: a.authenticated(a.addGroup)},
		pathGroup: {
			http.MethodGet:    a.authenticated(a.fetchGroup),
			http.MethodPut:    a.authenticated(a.editGroup),
			http.MethodDelete: a.authenticated(a.deleteGroup),
		},
		pathAuthenticate: {http.MethodGet: a.authenticated(a.authenticateUser)},
	}
}

// Routes lists what the dialect serves as "METHOD /path/{name}", sorted; HEAD comes
// with every GET. It is for those who compare the dialect with its description.
func Routes() []string { return web.RouteList(new(api).routes()) }

// Deprecated are the deprecated ones among Routes. There are none.
func Deprecated() web.Deprecations { return nil }

// Prefixes are the paths that the dialect owns, each with all below it.
func Prefixes() []string {
	return []string{"/api/v1/customers", "/api/v1/customer-groups", "/api/v1/user"}
}
