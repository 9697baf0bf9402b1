package yativo

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"strings"

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
	// AuthenticateBoth turns a credential and a bearer token of it into a caller.
	AuthenticateBoth(ctx context.Context, in records.Login, token string) (caller tenant.Caller, perMinute int, subject string, err error)
	// IssueToken exchanges an account id and app secret for a bearer token.
	IssueToken(ctx context.Context, in records.Login) (token string, caller tenant.Caller, perMinute int, err error)
	// AuthenticateToken turns a bearer token into a caller.
	AuthenticateToken(ctx context.Context, token string, origin tenant.Origin) (caller tenant.Caller, perMinute int, subject string, err error)
	// RefreshToken gives a new token for one that is still good.
	RefreshToken(ctx context.Context, caller tenant.Caller, subject string) (string, error)
	// SubmitKYC records that a customer's particulars were handed in to be checked.
	SubmitKYC(ctx context.Context, caller tenant.Caller, target records.Target, in records.Submission) (records.Reply, error)
}

// DefaultKYCLinkBase is what kyc_link begins with in the published samples.
const DefaultKYCLinkBase = "https://kyc.yativo.com"

// Config says what the dialect works with. Records and Limiter must be set.
type Config struct {
	Records Records
	Limiter *limit.Limiter

	// OptionalIdempotency lets POST, PUT and PATCH do without an Idempotency-Key, as the
	// older pages do. The current ones require it.
	OptionalIdempotency bool

	// ActiveWithoutKYC shows the customer_status active for a customer whose
	// identity has not been approved, as the current pages do. The published
	// sample has pending.
	ActiveWithoutKYC bool

	// KYCLinkBase is what kyc_link begins with. Nothing of ours answers there.
	// Default DefaultKYCLinkBase.
	KYCLinkBase string

	// MaxSkip is the setting of that name: how deep a page may be asked for by its
	// number. Default page.MaxSkip.
	MaxSkip int

	// TrustedProxies are the networks whose X-Forwarded-Proto is believed.
	TrustedProxies []netip.Prefix
}

type api struct {
	Config
}

// The paths of the API. The pattern is what is logged.
const (
	pathLogin     = "/api/v1/auth/login"
	pathRefresh   = "/api/v1/auth/refresh-token"
	pathCustomers = "/api/v1/customer"
	pathCustomer  = "/api/v1/customer/{id}"
	pathHistory   = "/api/v1/customer/history/{id}"
	pathKYC       = "/api/v1/customer/kyc/{id}"
	pathKYCUpdate = "/api/v1/customer/kyc/update"
	pathResubmit  = "/api/v1/customer/kyc/resubmit/{id}/{endorsement}"

	pathSubmitIndividual = "/api/v1/individual-kyc/submit"
	pathSubmitBusiness   = "/api/v1/business-kyc/submit"
	pathPatchIndividual  = "/api/v1/individual-kyc/{id}"
	pathPatchBusiness    = "/api/v1/business-kyc/{id}"

	// Another spelling of pathCustomer in the pages.
	pathCurrent = "/api/v1/customer/customer/{id}"
)

// What is at prefixBase and prefixCustomers together is at prefixCustomers alone too: the
// pages print the paths of customers after a base, and without one.
const (
	prefixBase      = "/api/v1"
	prefixCustomers = "/customer"
)

// New makes the dialect. Whatever it is asked for it answers, in its own envelope
// if it has no such route. It belongs inside web.Wrap.
func New(cfg Config) http.Handler {
	if cfg.KYCLinkBase == "" {
		cfg.KYCLinkBase = DefaultKYCLinkBase
	}
	if cfg.MaxSkip == 0 {
		cfg.MaxSkip = page.MaxSkip
	}
	cfg.KYCLinkBase = strings.TrimRight(cfg.KYCLinkBase, "/")
	a := &api{cfg}
	router := web.Router(a.routes(), Deprecated(), writeError)
	return web.Refusable(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		router.ServeHTTP(w, withBase(r))
	}), writeError)
}

// withBase gives r the path that it has with the base, if it is one of customers without.
func withBase(r *http.Request) *http.Request {
	escaped := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(escaped, prefixCustomers); !ok || rest != "" && rest[0] != '/' {
		return r
	}
	u, based := *r.URL, *r
	u.Path, u.RawPath = prefixBase+u.Path, prefixBase+escaped
	based.URL = &u
	return &based
}

// routes is all that the dialect serves.
func (a *api) routes() map[string]web.Methods {
	fetch, update := a.tagged(a.fetchCustomer, wire.ParamAsOf), a.tagged(a.updateCustomer)
	routes := map[string]web.Methods{
		pathLogin:   {http.MethodPost: a.login},
		pathRefresh: {http.MethodGet: a.refresh},
		pathCustomers: {
			http.MethodGet:  a.authenticated(a.listCustomers, "page", "per_page", "cursor"),
			http.MethodPost: a.authenticated(a.createCustomer),
		},
		pathCustomer: {
			http.MethodGet: fetch, http.MethodPut: update,
			http.MethodDelete: a.tagged(a.deleteCustomer),
		},
		pathHistory: {http.MethodGet: a.authenticated(a.listHistory, "per_page", "cursor")},
		pathCurrent: {http.MethodGet: fetch, http.MethodPut: update},
	}
	maps.Copy(routes, a.kycRoutes())
	return routes
}

// Routes lists what the dialect serves as "METHOD /path/{name}", sorted; HEAD comes
// with every GET. It is for those who compare the dialect with its description.
func Routes() []string { return web.RouteList(new(api).routes()) }

// Deprecated are the deprecated ones among Routes. There are none.
func Deprecated() web.Deprecations { return nil }

// Prefixes are the paths that the dialect owns, each with all below it.
func Prefixes() []string {
	return []string{"/api/v1/auth", "/api/v1/customer", "/api/v1/individual-kyc", "/api/v1/business-kyc", prefixCustomers}
}
