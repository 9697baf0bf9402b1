package selftest

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// paths tries to reach the victim's customer by spelling the path otherwise, and to be
// taken for somebody else by headers.
func paths(ctx context.Context, t *trial, c *Check) error {
	id := t.victim.customer
	for _, path := range []string{
		"//api//v0//customers//" + id, "/api/v0/customers/./" + id, "/api/v0/customers/" + t.attacker.customer + "/../" + id,
		"/api/v0/customers/%2e%2e/customers/" + id, "/api/v0/customers%2f" + id, "/api/v0/customers/" + id + "%00",
		"/api/v0/customers/" + id + ";x=1", "/API/V0/customers/" + id, "/api/v0/customers/" + id + "/.", "/api/v0/customers/" + id + "?id=" + t.attacker.customer,
		"/customer/" + id, "/api/v1/customer/customer/" + id, "/api/v1/customers/" + id, "/api/v1/customer/" + t.victim.number, "/manage/v1/apps/" + t.victim.app.ID,
	} {
		for _, h := range []http.Header{t.attacker.headers(devdraft), t.attacker.headers(yativo), t.attacker.headers(xtrakit), {}} {
			c.Tried++
			u, err := url.Parse(t.base)
			if err != nil {
				return err
			}
			req := (&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: "//" + u.Host + u.EscapedPath() + path}, Header: http.Header{}}).WithContext(ctx)
			a, err := t.send(req, nil, h)
			if err != nil {
				return err
			}
			t.judge(c, "GET with the path written as "+template(path, id, t), a, true)
		}
	}
	for name, value := range map[string]string{
		"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/api/v0/customers/" + id, "X-Rewrite-URL": "/api/v0/customers/" + id,
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost", "Forwarded": "for=127.0.0.1", "X-App-Id": t.victim.app.ID, "App-Id": t.victim.app.ID,
	} {
		c.Tried++
		h := t.attacker.headers(devdraft)
		h.Set(name, value)
		a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers/"+id, nil, h)
		if err != nil {
			return err
		}
		t.judge(c, "GET /api/v0/customers/{id} with "+name, a, true)
	}
	return nil
}

// template is a path without the ids in it.
func template(path, id string, t *trial) string {
	for _, r := range []struct{ id, name string }{{id, "{id}"}, {t.attacker.customer, "{own}"}, {t.victim.number, "{number}"}, {t.victim.app.ID, "{app}"}} {
		path = replace(path, r.id, r.name)
	}
	return path
}

// deletion deletes the victim's customer and asks for it through every API.
func deletion(ctx context.Context, t *trial, c *Check) error {
	a, err := t.ask(ctx, http.MethodDelete, "/api/v1/customers/"+t.victim.number, nil, t.victim.headers(xtrakit))
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		c.found("DELETE /api/v1/customers/{id} by its own application", strconv.Itoa(a.status), "200")
		return nil
	}
	for _, r := range t.routes {
		if r.method != http.MethodGet || r.quiet() || strings.Contains(r.pattern, "group") {
			continue
		}
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, t.victim.path(r), nil, t.victim.headers(r.api))
		if err != nil {
			return err
		}
		gone := t.victim.canaries[2] // the other customer of the cursor check has no address
		if r.addressed() && a.status < 400 || contains(a.body, gone) {
			c.found(r.String()+" after the deletion", strconv.Itoa(a.status), "not found")
		}
		t.must(r.String()+" after the deletion", a)
	}
	return nil
}

func contains(body []byte, text string) bool {
	return bytes.Contains(bytes.ToLower(body), []byte(strings.ToLower(text)))
}

func replace(s, old, new string) string {
	if old == "" {
		return s
	}
	return strings.ReplaceAll(s, old, new)
}
