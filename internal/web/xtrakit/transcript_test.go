package xtrakit_test

import (
	"context"
	"errors"
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
	"custodex.dev/internal/web/xtrakit"
)

// TestTranscripts plays testdata/*.txt against a server on each store. Its clock
// stands at noon until a file moves it.
//
// Beside the hooks of every dialect there is
//
//	! devdraft FIRST LAST PHONE   creates a customer as the Devdraft dialect does: {{first}} is its number
func TestTranscripts(t *testing.T) {
	t.Parallel()
	suite().Transcripts(t)
}

func suite() dialect.Suite {
	return dialect.Suite{
		Kind:      tenant.Xtrakit,
		Routes:    xtrakit.Routes(),
		Elsewhere: []string{"header Link"}, // TestWalk
		Folders:   map[string]func(*config.Config){"testdata": nil},
		Kinds: map[string]*regexp.Regexp{
			"letters": regexp.MustCompile(`[A-Za-z]{20}`),
			"number":  regexp.MustCompile(`[1-9][0-9]{0,15}`),
		},
		Variables: func(_ *dialect.Target, app id.App, key records.Issued) map[string]string {
			return map[string]string{
				"key": key.PublicKey + "." + key.Secret.Reveal(), "public": key.PublicKey,
				"user": tenant.UserID(app), "business": tenant.BusinessCode(app),
			}
		},
		Guess: func(t *dialect.Target) (path, name, value string) {
			return "/api/v1/customers", "Authorization", "Bearer " + t.Vars["public"] + ".guess"
		},
		Hooks:   map[string]dialect.Hook{"devdraft": {Args: 3, Do: create}},
		Inspect: inspect,
		Number: func(n int) customer.Input {
			return customer.Input{Given: dialect.Sent("Number"), Family: dialect.Sent(strconv.Itoa(n)), Phone: dialect.Sent("+22")}
		},
		Update: *update,
	}
}

func create(ctx context.Context, t *dialect.Target, args []string) error {
	made, err := t.Create(ctx, customer.Input{
		Given: dialect.Sent(args[0]), Family: dialect.Sent(args[1]), Phone: dialect.Sent(args[2]),
	})
	t.Vars[strings.ToLower(args[0])] = strconv.FormatInt(made.Seq, 10)
	return err
}

// inspect finds headers that no client of this dialect may meet, and waits without a
// time.
func inspect(resp *http.Response) error {
	for _, name := range []string{"Location", "Www-Authenticate", "X-Should-Retry"} {
		if got := resp.Header.Get(name); got != "" {
			return fmt.Errorf("%s %q", name, got)
		}
	}
	wait := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable
	if wait && resp.Header.Get("Retry-After") == "" {
		return errors.New("no Retry-After")
	}
	return nil
}
