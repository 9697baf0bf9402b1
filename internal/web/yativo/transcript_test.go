package yativo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/yativo"
)

// TestTranscripts plays testdata/*.txt against a server on each store, and those of
// testdata/settings with every setting of the dialect changed. The clock stands at
// noon until a file moves it.
//
// Beside the hooks of every dialect there are
//
//	! devdraft NAME GIVEN FAMILY PHONE   creates {{NAME}} as the Devdraft dialect would; _ is a space
//	! status NAME STATUS                 sets its status likewise
//	! type NAME TYPE                     and its type
//	! kyc NAME STATE ACCOUNTS            records what an operator reports of its checks
//	! logged ACTION OUTCOME              fails unless that is the newest audit entry, and of this dialect
func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialect.Suite{
		Kind:     tenant.Yativo,
		Routes:   yativo.Routes(),
		Path:     yativo.DocumentedPath,
		Decimals: 6,
		Folders: map[string]func(*config.Config){
			"testdata": nil,
			"testdata/settings": func(cfg *config.Config) {
				cfg.YativoOptionalKey, cfg.YativoActiveEarly = true, true
				cfg.KYCLink, cfg.MaxSkip = "https://id.example.com/check/", 4
				cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			},
		},
		Kinds: map[string]*regexp.Regexp{
			"letters": regexp.MustCompile(`[A-Za-z]{20}`),
			"cursor":  regexp.MustCompile(`[A-Za-z0-9_-]{20,}`),
			"jwt":     regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`),
			"time":    regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`),
		},
		Variables: variables,
		Guess: func(*dialect.Target) (path, name, value string) {
			return "/api/v1/customer", "Authorization", "Bearer guess"
		},
		Hooks: map[string]dialect.Hook{
			"devdraft": {Args: 4, Do: create}, "status": {Args: 2, Do: setStatus}, "type": {Args: 2, Do: setType},
			"kyc": {Args: 3, Do: setKYC}, "logged": {Args: 2, Do: logged},
		},
		Inspect: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
				return errors.New("no Retry-After")
			}
			return nil
		},
		Number: func(n int) customer.Input {
			return customer.Input{Given: dialect.Sent("Number"), Family: dialect.Sent(strconv.Itoa(n)),
				Phone: dialect.Sent("+1 555 100-" + strconv.Itoa(1000+n))}
		},
		Update: *update,
	}.Transcripts(t)
}

func variables(t *dialect.Target, _ id.App, key records.Issued) map[string]string {
	in := records.Login{Kind: tenant.Yativo, PublicKey: key.PublicKey, Secret: key.Secret.Reveal()}
	token, _, _, err := t.Server.Records.IssueToken(context.Background(), in)
	if err != nil {
		token = err.Error() // no request that uses it succeeds
	}
	return map[string]string{"account": in.PublicKey, "secret": in.Secret, "token": token}
}

func create(ctx context.Context, t *dialect.Target, args []string) error {
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "_", " ")
	}
	made, err := t.Create(ctx, customer.Input{
		Given: dialect.Sent(args[1]), Family: dialect.Sent(args[2]), Phone: dialect.Sent(args[3]),
	})
	t.Vars[args[0]] = made.ID.String()
	return err
}

func setStatus(ctx context.Context, t *dialect.Target, args []string) error {
	return change(ctx, t, args[0], customer.Input{Status: dialect.Sent(args[1])})
}

func setType(ctx context.Context, t *dialect.Target, args []string) error {
	return change(ctx, t, args[0], customer.Input{Type: dialect.Sent(args[1])})
}

func change(ctx context.Context, t *dialect.Target, name string, in customer.Input) error {
	target, err := id.ParseCustomer(t.Vars[name])
	if err != nil {
		return err
	}
	_, err = t.Server.Records.UpdateCustomer(ctx, t.Caller(), records.ByID(target), records.Write{
		Input: in, Encode: func(*customer.Customer) []byte { return nil },
	})
	return err
}

func setKYC(ctx context.Context, t *dialect.Target, args []string) error {
	target, err := id.ParseCustomer(t.Vars[args[0]])
	if err != nil {
		return err
	}
	kyc := customer.KYC{Status: customer.KYCStatus(args[1]), Accounts: args[2] == "true", Reason: "Document is not readable"}
	_, err = t.Server.Records.SetKYC(ctx, t.Server.OperatorCaller(t.Server.App.ID), records.ByID(target), kyc)
	return err
}

func logged(ctx context.Context, t *dialect.Target, args []string) error {
	list, err := t.Server.Records.ListAudit(ctx, t.Server.OperatorCaller(t.Server.App.ID), records.AuditFilter{Limit: 1})
	if err != nil {
		return err
	}
	if e := list[0]; string(e.Action) != args[0] || e.Outcome.String() != args[1] || e.Dialect != "yativo" {
		return fmt.Errorf("the newest entry is %s %s through %s", e.Action, e.Outcome, e.Dialect)
	}
	return nil
}
