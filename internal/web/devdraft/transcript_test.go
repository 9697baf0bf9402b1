package devdraft_test

import (
	"context"
	"fmt"
	"net/http"
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
	"custodex.dev/internal/web/devdraft"
)

// TestTranscripts plays testdata/*.txt against a server on each store, and those of
// testdata/conceal against one that conceals which ids are of other applications. The
// clock stands at noon until a file moves it.
//
// Beside the hooks of every dialect there are
//
//	! erase ID           deletes that customer
//	! whole NAME PHONE   makes {{NAME}} as Xtrakit would; _ is a space in PHONE
func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialect.Suite{
		Kind:     tenant.Devdraft,
		Routes:   devdraft.Routes(),
		Decimals: 3,
		Folders: map[string]func(*config.Config){
			"testdata":         nil,
			"testdata/conceal": func(cfg *config.Config) { cfg.Conceal, cfg.MaxSkip = true, 20 },
		},
		Kinds: map[string]*regexp.Regexp{
			"letters": regexp.MustCompile(`[A-Za-z]{20}`),
			"cursor":  regexp.MustCompile(`[A-Za-z0-9_-]{20,}`),
		},
		Variables: func(_ *dialect.Target, app id.App, key records.Issued) map[string]string {
			return map[string]string{"app": string(app), "key": key.PublicKey, "secret": key.Secret.Reveal()}
		},
		Guess: func(t *dialect.Target) (path, name, value string) {
			return "/api/v0/customers", "X-Client-Key", t.Vars["key"]
		},
		Hooks:   map[string]dialect.Hook{"erase": {Args: 1, Do: erase}, "whole": {Args: 2, Do: createWhole}},
		Inspect: inspect,
		Number: func(n int) customer.Input {
			return customer.Input{
				Given: dialect.Sent("Number"), Family: dialect.Sent(strconv.Itoa(n)),
				Phone: dialect.Sent("+1555" + strconv.Itoa(1000000+n)),
				Email: dialect.Sent("number" + strconv.Itoa(n) + "@example.com"),
			}
		},
		Update: *update,
	}.Transcripts(t)
}

func erase(ctx context.Context, t *dialect.Target, args []string) error {
	c, err := id.ParseCustomer(args[0])
	if err != nil {
		return err
	}
	return t.Server.Records.DeleteCustomer(ctx, t.Caller(), records.ByID(c))
}

func createWhole(ctx context.Context, t *dialect.Target, args []string) error {
	made, err := t.Create(ctx, customer.Input{
		FullName: dialect.Sent(args[0]), Phone: dialect.Sent(strings.ReplaceAll(args[1], "_", " ")),
		Rules: customer.Rules{Required: []string{customer.PathFullName}, Loose: true},
	})
	t.Vars[args[0]] = made.ID.String()
	return err
}

// rateLimit is the grammar of RFC 9651 as far as the RateLimit fields use it.
var rateLimit = regexp.MustCompile(`^"default"(?:;[a-z]=[0-9]{1,15}){2}$`)

// inspect finds what no client of this dialect may meet in a header: the digits 404
// where it is no 404, digits in a request id, a field that is against its grammar, and
// advice not to retry what may be retried.
func inspect(resp *http.Response) error {
	failed := resp.StatusCode >= 400
	for name, values := range resp.Header {
		all := strings.Join(values, "\n")
		if failed && resp.StatusCode != http.StatusNotFound && strings.Contains(all, "404") ||
			strings.HasPrefix(name, "Ratelimit") && !rateLimit.MatchString(all) ||
			name == "X-Request-Id" && strings.ContainsAny(all, "0123456789") {
			return fmt.Errorf("%s %q", name, values)
		}
	}
	again := resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
	if got := resp.Header.Get("X-Should-Retry"); (got == "false") != (failed && !again) {
		return fmt.Errorf("X-Should-Retry %q", got)
	}
	return nil
}
