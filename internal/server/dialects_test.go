package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/server"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// client asks one dialect for its list of customers.
type client struct {
	list      string
	kind      tenant.Kind
	authorize func(t *testing.T, h http.Handler, r *http.Request, key records.Issued)
}

var clients = map[string]client{
	"devdraft": {"/api/v0/customers", tenant.Devdraft, func(_ *testing.T, _ http.Handler, r *http.Request, key records.Issued) {
		r.Header.Set("x-client-key", key.PublicKey)
		r.Header.Set("x-client-secret", key.Secret.Reveal())
	}},
	"yativo": {"/api/v1/customer", tenant.Yativo, func(t *testing.T, h http.Handler, r *http.Request, key records.Issued) {
		login := httptest.NewRequest(http.MethodPost, "/api/v1/auth/login",
			strings.NewReader(`{"account_id":"`+key.PublicKey+`","app_secret":"`+key.Secret.Reveal()+`"}`))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, login)
		var answer struct {
			Data struct {
				Token string `json:"access_token"`
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Errorf("login: %v in %s", err, w.Body)
		}
		r.Header.Set("Authorization", "Bearer "+answer.Data.Token)
	}},
	"xtrakit": {"/api/v1/customers", tenant.Xtrakit, func(_ *testing.T, _ http.Handler, r *http.Request, key records.Issued) {
		r.Header.Set("Authorization", "Bearer "+key.PublicKey+"."+key.Secret.Reveal())
	}},
}

// newServer makes a server that listens nowhere, and the caller of an operator.
func newServer(t *testing.T) (*server.Server, tenant.Caller) {
	t.Helper()
	cfg := testkit.NewDatabase(t, "sqlite").Config()
	ctx := context.Background()
	operator, err := server.Init(ctx, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(ctx, cfg, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s, tenant.Caller{
		App: id.System, Credential: operator.ID, Owner: "test", Scopes: authz.Scopes{authz.Manage},
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest()},
	}
}

// Without any one of the dialects the others serve as before, and its own paths are
// answered by the first that is left, as paths that nobody owns.
func TestAnyDialectCanBeLeftOut(t *testing.T) {
	t.Parallel()
	s, caller := newServer(t)
	ctx := context.Background()
	app, err := s.Records().CreateApp(ctx, caller, "app")
	if err != nil {
		t.Fatal(err)
	}
	caller.App = app.ID
	keys := map[string]records.Issued{}
	for name, c := range clients {
		if keys[name], err = s.Records().CreateKey(ctx, caller, records.NewKey{
			Kind: c.kind, Name: name, Owner: "test", Scopes: authz.DefaultScopes,
		}); err != nil {
			t.Fatal(err)
		}
	}
	names := s.Dialects()
	if len(names) != len(clients) {
		t.Fatalf("the server has the dialects %v, and %d of them are tried here", names, len(clients))
	}
	for _, out := range append([]string{"none"}, names...) {
		h := s.HandlerWithout(out)
		for _, name := range names {
			r := httptest.NewRequest(http.MethodGet, clients[name].list, nil)
			if name != out {
				clients[name].authorize(t, h, r, keys[name])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := http.StatusOK
			if name == out {
				want = http.StatusNotFound
			}
			if w.Code != want || !json.Valid(w.Body.Bytes()) {
				t.Errorf("without %s, %s of %s: %d %s, want %d", out, r.URL, name, w.Code, w.Body, want)
			}
		}
		for path, want := range map[string]int{"/healthz": http.StatusOK, "/nobody": http.StatusNotFound, "/": http.StatusOK} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Accept", "text/html,*/*;q=0.8") // as browsers do
			h.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("without %s, %s: %d, want %d", out, path, w.Code, want)
			}
		}
	}
}

// Every route of a dialect is below one of its prefixes, with doubled slashes too, and
// a prefix ends at a whole segment.
func TestOwners(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	for name, routes := range map[string][]string{
		"devdraft": devdraft.Routes(), "yativo": yativo.Routes(), "xtrakit": xtrakit.Routes(),
	} {
		if !slices.Contains(s.Dialects(), name) {
			t.Errorf("the server has no dialect %s", name)
		}
		for _, route := range routes {
			_, path, _ := strings.Cut(route, " ")
			for _, path := range []string{path, "/" + path, strings.ReplaceAll(path, "/", "//")} {
				if got := s.OwnerOf(path); got != name {
					t.Errorf("%s of %s is owned by %q", path, name, got)
				}
			}
		}
	}
	for _, path := range []string{"/", "/api", "/api/v1", "/api/v01", "/api/v1/customerx", "/customers", "/api/v1/users"} {
		if got := s.OwnerOf(path); got != "" {
			t.Errorf("%s is owned by %s, want nobody", path, got)
		}
	}
}
