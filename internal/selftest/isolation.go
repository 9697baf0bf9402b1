package selftest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// isolation sends every route with the attacker's own credential and the victim's ids.
func isolation(ctx context.Context, t *trial, c *Check) error {
	for _, r := range t.routes {
		if r.open() {
			continue
		}
		c.Tried++
		a, err := t.ask(ctx, r.method, t.victim.path(r), t.victim.body(r), t.attacker.headers(r.api))
		if err != nil {
			return err
		}
		names := r.addressed() || strings.Contains(r.pattern, "kyc/")
		t.judge(c, r.String()+" with another application's ids", a, names)
		switch a.status {
		case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
			c.Untried = append(c.Untried, r.String())
		}
		if !r.quiet() {
			t.must(r.String(), a)
		}
	}
	if err := foreignGroup(ctx, t, c); err != nil {
		return err
	}
	// The victim still has what it had.
	a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers/"+t.victim.customer, nil, t.victim.headers(devdraft))
	if err != nil {
		return err
	}
	c.Tried++
	if a.status != http.StatusOK || !t.victim.shows(a.body) {
		c.found("the victim's customer after all that", strconv.Itoa(a.status), "200 with its own values")
	}
	return nil
}

// foreignGroup names the victim's group in a body and in a filter.
func foreignGroup(ctx context.Context, t *trial, c *Check) error {
	for _, r := range []struct{ api, method, path, body string }{
		{devdraft, http.MethodPost, "/api/v0/customers", `{"first_name":"A","last_name":"B","phone_number":"+15550100997","group_id":` + t.victim.group + `}`},
		{devdraft, http.MethodPatch, "/api/v0/customers/" + t.attacker.customer, `{"group_id":` + t.victim.group + `}`},
		{xtrakit, http.MethodPost, "/api/v1/customers/add", `{"customer_name":"A B","customer_phone":"+15550100996","customer_country":"Ghana",` +
			`"customer_city":"Accra","customer_state":"Greater Accra","address1":"1 Road","customer_group_id":` + t.victim.group + `}`},
	} {
		c.Tried++
		a, err := t.ask(ctx, r.method, r.path, []byte(r.body), t.attacker.headers(r.api))
		if err != nil {
			return err
		}
		t.judge(c, r.api+": "+r.method+" of a customer in another application's group", a, true)
	}
	for api, path := range map[string]string{
		devdraft: "/api/v0/customers?group_id=" + t.victim.group, xtrakit: "/api/v1/customers?customer_group_id=" + t.victim.group,
	} {
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, path, nil, t.attacker.headers(api))
		if err != nil {
			return err
		}
		t.judge(c, api+": a list of another application's group", a, false)
	}
	return nil
}

// judge adds a finding if the answer shows the victim's data, or accepts what names it.
func (t *trial) judge(c *Check, what string, a answer, names bool) {
	switch {
	case t.victim.shows(a.body):
		c.found(what, strconv.Itoa(a.status)+" with the victim's data", "a refusal")
	case names && a.status < 400:
		c.found(what, strconv.Itoa(a.status), "a refusal")
	case a.status >= 500 && a.status != http.StatusServiceUnavailable:
		c.found(what, strconv.Itoa(a.status), "a refusal")
	}
}

// credentials sends every route with credentials that must not open it.
func credentials(ctx context.Context, t *trial, c *Check) error {
	for _, r := range t.routes {
		if r.open() {
			continue
		}
		for name, h := range t.wrongCredentials(r.api) {
			c.Tried++
			a, err := t.ask(ctx, r.method, t.victim.path(r), t.victim.body(r), h)
			if err != nil {
				return err
			}
			t.judge(c, r.String()+" with "+name, a, true)
			if name == alteredSecret && a.status == http.StatusUnauthorized {
				t.must(r.String()+" with "+name, a)
			}
		}
	}
	return nil
}

// alteredSecret is a credential whose key is known, so that its refusal is in the log.
const alteredSecret = "an altered secret"

// wrongCredentials are credentials that open nothing of the API.
func (t *trial) wrongCredentials(api string) map[string]http.Header {
	wrong := map[string]http.Header{"no credential": {}}
	for _, other := range apis {
		if other != api {
			wrong["the victim's "+other+" credential"] = t.victim.headers(other)
			wrong["the victim's "+other+" key in the form of this API"] = t.victim.inFormOf(api, other)
		}
	}
	altered := t.victim.headers(api)
	name := "Authorization"
	if api == devdraft {
		name = "X-Client-Secret"
	}
	altered.Set(name, alter(altered.Get(name)))
	wrong[alteredSecret] = altered
	if api == devdraft {
		mixed := t.victim.headers(api)
		mixed.Set("X-Client-Secret", t.attacker.keys[devdraft].Secret)
		wrong["the victim's key and the attacker's secret"] = mixed
		twice := t.attacker.headers(api)
		twice.Add("X-Client-Key", t.victim.keys[devdraft].PublicKey)
		wrong["two keys at once"] = twice
	}
	if api == yativo {
		// A token names no key that is looked up before its signature is.
		delete(wrong, alteredSecret)
		wrong["an altered token"] = altered
		pair := func(key, secret string) http.Header {
			return http.Header{"X-Api-Key": {key}, "X-Api-Secret": {secret}}
		}
		victim, own := t.victim.keys[yativo], t.attacker.keys[yativo]
		wrong["the victim's account and the attacker's secret"] = pair(victim.PublicKey, own.Secret)
		wrong[alteredSecret] = pair(victim.PublicKey, alter(victim.Secret))
		wrong["the victim's account alone"] = http.Header{"X-Api-Key": {victim.PublicKey}}
		both := pair(victim.PublicKey, own.Secret)
		both.Set("Authorization", "Bearer "+t.attacker.token)
		wrong["the attacker's token beside the victim's account"] = both
	}
	if api == xtrakit {
		mixed := http.Header{}
		mixed.Set("Authorization", "Bearer "+t.victim.keys[xtrakit].PublicKey+"."+t.attacker.keys[xtrakit].Secret)
		wrong["the victim's key and the attacker's secret"] = mixed
	}
	return wrong
}

// inFormOf is the party's key of another API in the headers of this one.
func (p *party) inFormOf(api, other string) http.Header {
	k := p.keys[other]
	switch api {
	case devdraft:
		return http.Header{"X-Client-Key": {k.PublicKey}, "X-Client-Secret": {k.Secret}}
	case yativo:
		return http.Header{"X-Api-Key": {k.PublicKey}, "X-Api-Secret": {k.Secret}}
	}
	return http.Header{"Authorization": {"Bearer " + k.PublicKey + "." + k.Secret}}
}

// alter changes a character near the end of a text to another of the same kind.
func alter(s string) string {
	b := []byte(s)
	i := len(b) - 3
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}
