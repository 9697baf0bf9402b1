package devdraft

import (
	"context"
	"net/http"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/page"
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
	// GetOrCreateCustomer makes a customer unless one has the e-mail address.
	GetOrCreateCustomer(ctx context.Context, caller tenant.Caller, w records.Write,
		encode func(c *customer.Customer, created bool) []byte) (records.Reply, error)

	// ValidateCustomer gives the problems that CreateCustomer would find.
	ValidateCustomer(ctx context.Context, caller tenant.Caller, in customer.Input) ([]fault.Field, error)

	// CreateLiquidationAddress adds a liquidation address to a customer.
	CreateLiquidationAddress(ctx context.Context, caller tenant.Caller, target id.Customer, in customer.LiquidationInput,
		idempotencyKey string, encode func(*customer.LiquidationAddress) []byte) (records.Reply, error)
	// ListLiquidationAddresses gives a page of a customer's addresses.
	ListLiquidationAddresses(ctx context.Context, caller tenant.Caller, target id.Customer, in records.PageRequest) (records.ItemPage[customer.LiquidationAddress], error)
	// FetchLiquidationAddress gives one address.
	FetchLiquidationAddress(ctx context.Context, caller tenant.Caller, target id.Customer, address id.Item) (customer.LiquidationAddress, error)

	// RecordTransaction adds a purchase to a customer.
	RecordTransaction(ctx context.Context, caller tenant.Caller, target id.Customer, in customer.TransactionInput,
		idempotencyKey string, encode func(*customer.Transaction) []byte) (records.Reply, error)
	// ListTransactions gives a page of a customer's purchases.
	ListTransactions(ctx context.Context, caller tenant.Caller, target id.Customer, in records.PageRequest) (records.ItemPage[customer.Transaction], error)
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

	// Avoid404 keeps the digits 404 out of the headers of failures that are no 404, for
	// a published PHP snippet that looks for them.
	Avoid404 bool

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

type api struct {
	Config
	list messages // of problems of a list request
}

// The paths of the API. The pattern is what is logged.
const (
	pathCustomers    = "/api/v0/customers"
	pathCustomer     = "/api/v0/customers/{id}"
	pathSearch       = "/api/v0/customers/search"
	pathGetOrCreate  = "/api/v0/customers/get-or-create"
	pathValidate     = "/api/v0/customers/validate"
	pathAddresses    = "/api/v0/customers/{id}/liquidation_addresses"
	pathAddress      = "/api/v0/customers/{id}/liquidation_addresses/{addressId}"
	pathTransactions = "/api/v0/customers/{id}/transactions"
	pathHistory      = "/api/v0/customers/{id}/history"
	pathGroups       = "/api/v0/customer-groups"
	pathGroup        = "/api/v0/customer-groups/{id}"
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
	a := &api{Config: cfg, list: listMessages(cfg.MaxSkip)}

	return web.Router(a.routes(), Deprecated(), a.writeError)
}

// routes is all that the dialect serves.
func (a *api) routes() map[string]web.Methods {
	return map[string]web.Methods{
		pathCustomers: {
			http.MethodGet:  a.authenticated(a.listCustomers, listParameters...),
			http.MethodPost: a.authenticated(a.createCustomer, "include"),
		},
		pathCustomer: {
			http.MethodGet:   a.tagged(a.fetchCustomer, "include", wire.ParamAsOf),
			http.MethodPatch: a.tagged(a.updateCustomer, "include"),

			http.MethodDelete: a.tagged(a.deleteCustomer),
		},
		pathSearch:      {http.MethodPost: a.authenticated(a.searchCustomers, append([]string{"include"}, bodyMembers...)...)},
		pathGetOrCreate: {http.MethodPost: a.authenticated(a.getOrCreateCustomer, "include")},
		pathValidate:    {http.MethodPost: a.authenticated(a.validateCustomer)},
		pathAddresses: {
			http.MethodGet:  a.authenticated(a.listAddresses, "cursor"),
			http.MethodPost: a.authenticated(a.createAddress),
		},
		pathAddress: {http.MethodGet: a.authenticated(a.fetchAddress)},
		pathTransactions: {
			http.MethodGet:  a.authenticated(a.listCustomerTransactions, pageParameters...),
			http.MethodPost: a.authenticated(a.recordTransaction),
		},
		pathHistory: {http.MethodGet: a.authenticated(a.listHistory, "take", "cursor")},
		pathGroups: {
			http.MethodGet:  a.authenticated(a.listGroups, pageParameters...),
			http.MethodPost: a.authenticated(a.createGroup),
		},
		pathGroup: {
			http.MethodGet:    a.authenticated(a.fetchGroup),
			http.MethodPatch:  a.authenticated(a.updateGroup),
			http.MethodDelete: a.authenticated(a.deleteGroup),
		},
		pathHealth:       {http.MethodGet: a.health},
		pathPublicHealth: {http.MethodGet: a.publicHealth},
	}
}

// Routes lists what the dialect serves as "METHOD /path/{name}", sorted; HEAD comes
// with every GET. It is for those who compare the dialect with its description.
func Routes() []string { return web.RouteList(new(api).routes()) }

// Deprecated are the deprecated ones among Routes. There are none.
func Deprecated() web.Deprecations { return nil }

// Prefixes are the paths that the dialect owns, each with all below it.
func Prefixes() []string {
	return []string{"/api/v0"}
}
