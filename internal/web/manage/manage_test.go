package manage_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/contract"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/testkit/transcript"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/openapi"
)

var update = flag.Bool("update", false, "rewrite golden files and transcripts")

var kinds = map[string]*regexp.Regexp{
	"appid":     regexp.MustCompile(`app_[a-z2-9]{16}`),
	"jobid":     regexp.MustCompile(`job_[a-z2-9]{16}`),
	"credid":    regexp.MustCompile(`cred_[a-z2-9]{16}`),
	"publickey": regexp.MustCompile(`(ck|ya|xk|op|au)_[a-z2-9]+_[a-z2-7]{16}`),
	"secretkey": regexp.MustCompile(`custodex_(cs|ys|xs|ops|aus)_[a-z2-7]{59}`),
	"eventid":   regexp.MustCompile(`evt_[a-z2-9]+_[0-9]+`),
	"cursor":    regexp.MustCompile(`[A-Za-z0-9_-]{40,}`),
	"requestid": regexp.MustCompile(`[a-zA-Z]{20}`),
}

// TestTranscripts plays testdata/*.txt against a whole server on both stores.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	doc := contract.New(t, openapi.ManageHandler())
	t.Cleanup(func() { dialect.Complete(t, doc, manage.Routes()) })
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			transcript.Run(t, "testdata", transcript.Options{
				Kinds: kinds, Update: *update && engine == "sqlite",
				New: func(t testing.TB) transcript.Target {
					return target(t, doc, testkit.NewServer(t, testkit.Options{Engine: engine, Configure: midMinute()}))
				},
			})
		})
	}
}

// midMinute lets the clock begin early in a minute, so that no rate limit is renewed
// while a file is played.
func midMinute() func(*config.Config) {
	start := time.Now()
	now := func() time.Time { return start.Truncate(time.Minute).Add(5*time.Second + time.Since(start)) }
	return func(cfg *config.Config) { cfg.LogLevel, cfg.Now = slog.LevelError, now }
}

func target(t testing.TB, doc *contract.Contract, s *testkit.Server) transcript.Target {
	vars := map[string]string{
		"token":  s.Operator.OperatorToken().Reveal(),
		"opkey":  s.Operator.PublicKey,
		"opid":   string(s.Operator.ID),
		"app":    string(s.App.ID),
		"key":    string(s.Key.ID),
		"client": s.Key.PublicKey,
		"secret": s.Key.Secret.Reveal(),
	}
	check := func(req *http.Request, resp *http.Response) error {
		return errors.Join(dialect.CheckDecimals(resp, 3), doc.Check(req, resp))
	}
	return transcript.Target{URL: s.ManageURL, Vars: vars, Check: check, Hook: func(name string, args ...string) error {
		if name == "customer" && len(args) == 1 {
			made, err := newCustomer(s)
			vars[args[0]] = made
			return err
		}
		if name == "job" && len(args) == 1 {
			vars[args[0]] = string(s.AddJob(t, s.App.ID))
			return nil
		}
		if name == "purge-events" && len(args) == 1 {
			s.Database.Exec(t, fmt.Sprintf("DELETE FROM event WHERE app_id = '%s' AND seq < %s", s.App.ID, args[0]))
			return nil
		}
		if name == "delete-tree" {
			s.Database.Exec(t, fmt.Sprintf("UPDATE application SET created_at = created_at - 3600000 WHERE app_id = '%s'", s.App.ID)) // an application that is new may lack its tree
			for range 5 {                                                                                                             // a server that has just read the tree may put it back
				s.Database.Exec(t, fmt.Sprintf("DELETE FROM audit_tree WHERE app_id = '%s'", s.App.ID))
				time.Sleep(50 * time.Millisecond)
			}
			return nil
		}
		if name == "right-age" {
			s.Database.Exec(t, fmt.Sprintf("UPDATE application SET created_at = created_at + 3600000 WHERE app_id = '%s'", s.App.ID))
			return nil
		}
		if name != "customers" || len(args) != 4 {
			return fmt.Errorf("use: customers METHOD PUBLIC SECRET STATUS, customer NAME, job NAME, purge-events N, or delete-tree")
		}
		for i := range args {
			args[i] = strings.NewReplacer("{{client}}", vars["client"], "{{secret}}", vars["secret"]).Replace(args[i])
		}
		return customers(s.URL, args[0], args[1], args[2], args[3])
	}}
}

// newCustomer makes a customer of the application and gives its id.
func newCustomer(s *testkit.Server) (string, error) {
	text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	caller := tenant.Caller{App: s.App.ID, Credential: s.Key.ID, Scopes: authz.DefaultScopes,
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest()}}
	reply, err := s.Records.CreateCustomer(context.Background(), caller, records.Write{
		Input:  customer.Input{Given: text("Ada"), Family: text("L"), Phone: text("+15550100")},
		Encode: func(*customer.Customer) []byte { return nil },
	})
	return reply.Customer.String(), err
}

// customers uses a key on the applications' API.
func customers(url, method, public, secret, want string) error {
	content := ""
	if method == http.MethodPost {
		content = `{"first_name":"Ada","last_name":"L","phone_number":"+15550100"}`
	}
	req, err := http.NewRequest(method, url+"/api/v0/customers", strings.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("X-Client-Key", public)
	req.Header.Set("X-Client-Secret", secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if got := fmt.Sprint(res.StatusCode); got != want {
		err = fmt.Errorf("%s customers: status %s, want %s", method, got, want)
	}
	return errors.Join(err, res.Body.Close())
}

// TestKinds pins what every kind of fault looks like, so that none is forgotten.
func TestKinds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, kind := range fault.Kinds() {
		f := fault.Wrap(errors.New("SECRET CAUSE"), kind, "some_code", "Some message").After(1500 * time.Millisecond)
		f.Fields = []fault.Field{{Path: "name", Code: "required", Message: "name is required"}}
		fails := web.Handle(func(http.ResponseWriter, *http.Request) error { return f }, manage.WriteError)
		w := httptest.NewRecorder()
		web.Wrap("manage", fails, web.Config{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		fmt.Fprintf(&b, "%s: %d %s\n", kind, w.Code, http.StatusText(w.Code))
		for _, name := range slices.Sorted(maps.Keys(w.Header())) {
			fmt.Fprintf(&b, "  %s: %s\n", name, strings.Join(w.Header()[name], ", "))
		}
		fmt.Fprintf(&b, "  %s\n\n", w.Body)
	}
	got := regexp.MustCompile(`(X-Request-Id: |"request_id":")[a-zA-Z]{20}`).ReplaceAllString(b.String(), "${1}REQUEST")
	dialect.Golden(t, *update, "kinds.golden", got)
	if strings.Contains(got, "SECRET CAUSE") {
		t.Error("an answer shows a cause")
	}
}
