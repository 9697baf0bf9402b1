package yativo

import (
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// errLogin is the one answer to every login that fails, whatever was wrong.
var errLogin = fault.New(fault.Unauthenticated, "invalid_login", "Invalid credentials")

// login: Yativo, "Authentication". It exchanges an account id and app secret for a
// bearer token. It consumes a request of the account's quota once they are right.
func (a *api) login(w http.ResponseWriter, r *http.Request) error {
	object, err := wire.ReadJSON(r)
	if err != nil {
		return err
	}
	in, err := readLogin(object)
	if err != nil {
		return err
	}
	if in.Origin, err = web.Origin(r); err != nil {
		return err
	}
	token, _, err := a.issueTokenAndAdmit(w, r, in)
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Unauthenticated: // itself, not a cause of something worse
		return errLogin
	default:
		return err
	}
	web.JSON(w, http.StatusOK, encodeToken("Authentication successful", token))
	return nil
}

// issueTokenAndAdmit makes a token for the key pair, and then consumes one request of the quota.
func (a *api) issueTokenAndAdmit(w http.ResponseWriter, r *http.Request, in records.Login) (string, tenant.Caller, error) {
	token, caller, perMinute, err := a.Records.IssueToken(r.Context(), in)
	if err != nil {
		return "", tenant.Caller{}, err
	}
	if err := wire.Admit(w, r, a.Limiter, caller, perMinute); err != nil {
		return "", tenant.Caller{}, err
	}
	return token, caller, nil
}

// refresh: Yativo, "Authentication". It gives a new token for one that is still good, or
// for the key pair.
func (a *api) refresh(w http.ResponseWriter, r *http.Request) error {
	var token string
	return wire.Authenticated(func(w http.ResponseWriter, _ *http.Request, _ tenant.Caller) error {
		web.JSON(w, http.StatusOK, encodeToken("Request successful", token))
		return nil
	}, func(w http.ResponseWriter, r *http.Request) (caller tenant.Caller, err error) {
		token, caller, err = a.renew(w, r)
		return caller, err
	})(w, r)
}

// renew checks the credentials and makes a token for them.
func (a *api) renew(w http.ResponseWriter, r *http.Request) (string, tenant.Caller, error) {
	c, err := readCredentials(r)
	if err != nil {
		return "", tenant.Caller{}, err
	}
	if c.paired && c.token == "" {
		return a.issueTokenAndAdmit(w, r, c.login)
	}
	caller, subject, err := a.admitAs(w, r, c)
	if err != nil {
		return "", tenant.Caller{}, err
	}
	token, err := a.Records.RefreshToken(r.Context(), caller, subject)
	if err != nil {
		return "", tenant.Caller{}, err
	}
	return token, caller, nil
}

// tokenSeconds is what answers say of a token's life.
const tokenSeconds = int64(records.TokenTTL / time.Second)

// authenticated checks credentials and quota before h runs. parameters are those that h
// knows of a query.
func (a *api) authenticated(h wire.Handler, parameters ...string) web.Handler {
	return a.tagged(wire.Untagged(h), parameters...)
}

// tagged is authenticated for the routes of one customer, which have entity tags.
func (a *api) tagged(h wire.Handler, parameters ...string) web.Handler {
	return wire.Authenticated(h, func(w http.ResponseWriter, r *http.Request) (tenant.Caller, error) {
		c, err := readCredentials(r)
		if err != nil {
			return tenant.Caller{}, err
		}
		caller, _, err := a.admitAs(w, r, c)
		return caller, err
	}, parameters...)
}

// The headers of the key pair, which the vendor's packages send with every request
// instead of a token: account id and app secret, as login takes them.
const (
	headerKey    = "X-Api-Key"
	headerSecret = "X-Api-Secret"
)

// credentials are what a request carries: a bearer token, the key pair, or both.
type credentials struct {
	token  string
	login  records.Login
	paired bool // a header of the pair was sent and is not empty
}

// readCredentials takes the credentials off the headers. What is absent or of another
// scheme is "", which takes the same way as what is wrong, so that it gets the same
// answer and leaves the same trace.
func readCredentials(r *http.Request) (credentials, error) {
	token, err := wire.BearerToken(r)
	if err != nil {
		return credentials{}, err
	}
	key, _, err := web.OneHeader(r, headerKey)
	if err != nil {
		return credentials{}, err
	}
	secret, _, err := web.OneHeader(r, headerSecret)
	if err != nil {
		return credentials{}, err
	}
	origin, err := web.Origin(r)
	if err != nil {
		return credentials{}, err
	}
	login := records.Login{Kind: tenant.Yativo, PublicKey: key, Secret: secret, Origin: origin}
	return credentials{token, login, key != "" || secret != ""}, nil
}

// admitAs checks the credentials, and then consumes one request of the quota. The key
// pair and a token beside it must be of one credential. subject is for
// Records.RefreshToken, and "" without a token.
func (a *api) admitAs(w http.ResponseWriter, r *http.Request, c credentials) (caller tenant.Caller, subject string, err error) {
	var perMinute int
	switch {
	case c.paired && c.token != "":
		caller, perMinute, subject, err = a.Records.AuthenticateBoth(r.Context(), c.login, c.token)
	case c.paired:
		caller, perMinute, err = a.Records.Authenticate(r.Context(), c.login)
	default:
		caller, perMinute, subject, err = a.Records.AuthenticateToken(r.Context(), c.token, c.login.Origin)
	}
	if err != nil {
		return tenant.Caller{}, "", err
	}
	return caller, subject, wire.Admit(w, r, a.Limiter, caller, perMinute)
}
