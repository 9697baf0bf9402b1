package selftest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"custodex.dev/client"
)

// The APIs, by the names that the management API gives to kinds of keys.
const (
	devdraft = "devdraft"
	yativo   = "yativo"
	xtrakit  = "xtrakit"
)

var apis = []string{devdraft, yativo, xtrakit}

// trial is one run against one server.
type trial struct {
	cfg              Config
	base             string
	routes           []route
	victim, attacker *party
	requests         int
	ledger           []access // what must be in the log
}

// access is an answer that must have left an entry.
type access struct{ what, request string }

// party is one application of the self-test.
type party struct {
	app      client.App
	keys     map[string]client.IssuedKey // by API
	token    string                      // of the Yativo key
	customer string                      // UUID
	number   string                      // of the same customer
	group    string
	item     string   // a liquidation address
	canaries []string // texts that only this application may see
}

// answer is what the server said.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	request string // its X-Request-Id
}

// setUp makes the two applications and reads the routes.
func (t *trial) setUp(ctx context.Context) (err error) {
	if t.routes, err = t.readRoutes(ctx); err != nil {
		return err
	}
	for _, p := range []struct {
		party **party
		name  string
	}{{&t.victim, "victim"}, {&t.attacker, "attacker"}} {
		*p.party = &party{keys: make(map[string]client.IssuedKey)}
		if err := t.furnish(ctx, *p.party, p.name); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// furnish makes an application with a key of each API, a customer, a group, a transaction
// and a liquidation address.
func (t *trial) furnish(ctx context.Context, p *party, name string) (err error) {
	mark := name + strings.ToLower(rand.Text()[:10])
	if p.app, err = t.cfg.Manage.CreateApp(ctx, "Self-test "+mark); err != nil {
		return err
	}
	unlimited := 0
	for _, api := range apis {
		k, err := t.cfg.Manage.CreateKey(ctx, p.app.ID, client.NewKey{
			Name: "self-test", Owner: "self-test", Kind: api, RateLimit: &unlimited,
		})
		if err != nil {
			return err
		}
		p.keys[api] = k
	}
	if err := t.login(ctx, p); err != nil {
		return err
	}
	if p == t.victim {
		if err := t.passOver(ctx, p); err != nil {
			return err
		}
	}
	p.canaries = []string{mark + "given", mark + "family", mark + "@selftest.example", mark + "group", mark + "reference"}
	var made struct {
		ID string `json:"id"`
	}
	if err := t.make(ctx, "/api/v0/customers", map[string]any{
		"first_name": p.canaries[0], "last_name": p.canaries[1], "email": p.canaries[2], "phone_number": "+15550100999",
	}, p.headers(devdraft), &made); err != nil {
		return err
	}
	p.customer = made.ID
	if err := t.make(ctx, "/api/v0/customers/"+p.customer+"/transactions", map[string]any{
		"amount": 1, "currency": "USD", "reference": p.canaries[4],
	}, p.headers(devdraft), nil); err != nil {
		return err
	}
	if err := t.make(ctx, "/api/v0/customers/"+p.customer+"/liquidation_addresses", map[string]any{
		"chain": "ethereum", "currency": "usdc", "address": "0x52908400098527886E0F7030069857D2E4169EE7", "external_account_id": "self-test",
	}, p.headers(devdraft), &made); err != nil {
		return err
	}
	p.item = made.ID
	return t.numbers(ctx, p)
}

// passed is how many numbers the victim passes over: more than the attacker is given in a trial.
const passed = 60

// passOver makes customers and groups and deletes them. Each application counts for itself, and the
// victim's numbers must be none that the attacker's own have: no number is given twice.
func (t *trial) passOver(ctx context.Context, p *party) error {
	for i := range passed {
		number := strconv.Itoa(i + 1)
		if err := t.make(ctx, "/api/v0/customers", map[string]any{
			"first_name": "Self", "last_name": "Test", "phone_number": "+15550100999",
		}, p.headers(devdraft), nil); err != nil {
			return err
		}
		if err := t.make(ctx, "/api/v1/customer-groups/add", map[string]any{"group_name": "self-test"}, p.headers(xtrakit), nil); err != nil {
			return err
		}
		for _, path := range []string{"/api/v1/customers/", "/api/v1/customer-groups/"} {
			a, err := t.ask(ctx, http.MethodDelete, path+number, nil, p.headers(xtrakit))
			if err != nil {
				return err
			}
			if a.status >= 300 {
				return fmt.Errorf("DELETE %s%s: status %d", path, number, a.status)
			}
		}
	}
	return nil
}

// numbers makes a group and finds the number of the customer, both through Xtrakit.
func (t *trial) numbers(ctx context.Context, p *party) error {
	var added struct {
		Data struct {
			Group struct {
				ID json.Number `json:"id"`
			} `json:"group"`
		} `json:"data"`
	}
	if err := t.make(ctx, "/api/v1/customer-groups/add", map[string]any{"group_name": p.canaries[3]}, p.headers(xtrakit), &added); err != nil {
		return err
	}
	p.group = added.Data.Group.ID.String()
	a, err := t.ask(ctx, http.MethodGet, "/api/v1/customers", nil, p.headers(xtrakit))
	if err != nil {
		return err
	}
	var list struct {
		Data struct {
			Customers []struct {
				ID json.Number `json:"id"`
			} `json:"customers"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil || len(list.Data.Customers) != 1 {
		return fmt.Errorf("GET /api/v1/customers: status %d with %d customers, want 1", a.status, len(list.Data.Customers))
	}
	p.number = list.Data.Customers[0].ID.String()
	return nil
}

// login gets a bearer token for the Yativo key.
func (t *trial) login(ctx context.Context, p *party) error {
	var in struct {
		Data struct {
			AccessToken string `json:"access_token"`
		} `json:"data"`
	}
	k := p.keys[yativo]
	err := t.make(ctx, "/api/v1/auth/login", map[string]any{"account_id": k.PublicKey, "app_secret": k.Secret}, nil, &in)
	p.token = in.Data.AccessToken
	return err
}

// cleanUp deletes every customer and group of the two applications and revokes the keys.
func (t *trial) cleanUp(ctx context.Context) error {
	var errs []error
	for _, p := range []*party{t.victim, t.attacker} {
		if p == nil {
			continue
		}
		if p.keys[xtrakit].Secret != "" {
			errs = append(errs, t.deleteAll(ctx, p, "customers"), t.deleteAll(ctx, p, "groups"))
		}
		for _, k := range p.keys {
			_, err := t.cfg.Manage.RevokeKey(ctx, p.app.ID, k.ID)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// deleteAll deletes what a list of Xtrakit shows, until it shows nothing.
func (t *trial) deleteAll(ctx context.Context, p *party, what string) error {
	tried := map[string]bool{}
	path := map[string]string{"customers": "/api/v1/customers", "groups": "/api/v1/customer-groups"}[what]
	for {
		a, err := t.ask(ctx, http.MethodGet, path, nil, p.headers(xtrakit))
		if err != nil {
			return err
		}
		var list struct {
			Data map[string][]struct {
				ID json.Number `json:"id"`
			} `json:"data"`
		}
		if err := json.Unmarshal(a.body, &list); err != nil || a.status != http.StatusOK {
			return fmt.Errorf("GET %s: status %d", path, a.status)
		}
		if len(list.Data[what]) == 0 {
			return nil
		}
		for _, item := range list.Data[what] {
			if tried[item.ID.String()] {
				return fmt.Errorf("GET %s: lists what was deleted", path)
			}
			tried[item.ID.String()] = true
			a, err := t.ask(ctx, http.MethodDelete, path+"/"+item.ID.String(), nil, p.headers(xtrakit))
			if err != nil {
				return err
			}
			if a.status != http.StatusOK {
				return fmt.Errorf("DELETE %s/{id}: status %d", path, a.status)
			}
		}
	}
}

// headers are the credentials of the party as an API wants them.
func (p *party) headers(api string) http.Header {
	h := make(http.Header)
	switch k := p.keys[api]; api {
	case devdraft:
		h.Set("X-Client-Key", k.PublicKey)
		h.Set("X-Client-Secret", k.Secret)
	case yativo:
		h.Set("Authorization", "Bearer "+p.token)
	default:
		h.Set("Authorization", "Bearer "+k.PublicKey+"."+k.Secret)
	}
	return h
}

// shows reports whether an answer holds a text that is the party's alone.
func (p *party) shows(body []byte) bool {
	body = bytes.ToLower(body)
	for _, text := range p.canaries {
		if bytes.Contains(body, []byte(strings.ToLower(text))) {
			return true
		}
	}
	return false
}

// make sends a request that must succeed.
func (t *trial) make(ctx context.Context, path string, in any, header http.Header, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	a, err := t.ask(ctx, http.MethodPost, path, body, header)
	if err != nil {
		return err
	}
	if a.status >= 300 {
		return fmt.Errorf("POST %s: status %d", path, a.status)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.body, out)
}

// ask sends one request.
func (t *trial) ask(ctx context.Context, method, path string, body []byte, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, t.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	return t.send(req, body, header)
}

func (t *trial) send(req *http.Request, body []byte, header http.Header) (answer, error) {
	for name, values := range header {
		req.Header[name] = values
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Method != http.MethodGet && req.Header.Get("Idempotency-Key") == "" {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	req.Header.Set("User-Agent", "custodex-selftest")
	t.requests++
	res, err := t.cfg.HTTP.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	return answer{res.StatusCode, res.Header, b, res.Header.Get("X-Request-Id")}, err
}

// must notes that an answer has to be in the log. Requests that were invalid before
// anything was looked up, and refusals for the sake of a limit, leave no entry.
func (t *trial) must(what string, a answer) {
	switch a.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusMethodNotAllowed,
		http.StatusServiceUnavailable, http.StatusNotModified:
		return
	}
	t.ledger = append(t.ledger, access{what, a.request})
}
