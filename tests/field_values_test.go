package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// The tests of this file send values that were changed, lost or refused when programs of others
// sent them, and read them through each API. The rules have tests of their own beside the code.

// newValues is a server with one application for values.
func newValues(t *testing.T) *valueWorld {
	t.Helper()
	s := testkit.NewServer(t, testkit.Options{})
	return &valueWorld{crossing: crossing{t: t, s: s, w: newTenant(t, s, "Fields"), rnd: rand.New(rand.NewPCG(1, 1))}}
}

// devdraft creates a customer through Devdraft with some members that are not the usual ones.
func (v *valueWorld) devdraft(members map[string]any) *canonical {
	v.t.Helper()
	body := map[string]any{"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+15550100"}
	for name, value := range members {
		body[name] = value
	}
	return v.create(tenant.Devdraft, body)
}

// yativo is devdraft through Yativo.
func (v *valueWorld) yativo(members map[string]any) *canonical {
	v.t.Helper()
	body := map[string]any{"customer_name": "Ada Lovelace", "customer_phone": "+15550100999", "customer_country": "Ghana",
		"customer_email": v.email(), "customer_type": "individual"}
	for name, value := range members {
		body[name] = value
	}
	return v.create(tenant.Yativo, body)
}

// xtrakit is devdraft through Xtrakit.
func (v *valueWorld) xtrakit(members map[string]any) *canonical {
	v.t.Helper()
	body := map[string]any{"customer_name": "Ada Lovelace", "customer_phone": "+15550100999", "customer_country": "Ghana",
		"customer_city": "Accra", "customer_state": "Greater Accra", "address1": "1 Road"}
	for name, value := range members {
		body[name] = value
	}
	return v.create(tenant.Xtrakit, body)
}

// shows wants a member of what the API shows.
func (v *valueWorld) shows(kind tenant.Kind, c *canonical, member string, want any) {
	v.t.Helper()
	if got := v.shown(kind, c)[member]; got != want {
		v.t.Errorf("%s shows the %s %q, want %q", kind, member, got, want)
	}
}

// status wants the status of a request through Devdraft.
func (v *valueWorld) status(want int, method, path string, body any) answer {
	v.t.Helper()
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			v.t.Fatal(err)
		}
		text = string(b)
	}
	a := ask(v.t, v.s.URL, method, path, text, v.w.credential(tenant.Devdraft))
	if a.status != want {
		v.t.Errorf("%s %s %s: %d %s, want %d", method, path, text, a.status, a.body, want)
	}
	return a
}

func TestFieldB1TrunkZero(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for typed, dialled := range map[string]string{
		"+44 (0)20 7946 0958": "+442079460958", "+49 (0)30 901820": "+4930901820", "+39 (0)6 698 12345": "+390669812345",
	} {
		c := v.devdraft(map[string]any{"phone_number": typed})
		v.shows(tenant.Yativo, c, "customer_phone", dialled)
		v.sendBack(tenant.Yativo, c, v.shown(tenant.Yativo, c))
		v.shows(tenant.Devdraft, c, "phone_number", typed)
	}
}

func TestFieldB4PartsOfNames(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for _, tt := range []struct{ given, family, whole, wantGiven, wantFamily string }{
		{"Mary Ann", "Lee", "Mary Ann Leigh", "Mary Ann", "Leigh"},
		{"Jose Luis", "Garcia", "José Luis García", "José Luis", "García"},
		{"Ann", "van der Lee", "Anna van der Lee", "Anna", "van der Lee"},
	} {
		c := v.devdraft(map[string]any{"first_name": tt.given, "last_name": tt.family})
		v.ask(tenant.Yativo, "PUT", "/api/v1/customer/"+c.id, map[string]any{"customer_name": tt.whole})
		v.shows(tenant.Devdraft, c, "first_name", tt.wantGiven)
		v.shows(tenant.Devdraft, c, "last_name", tt.wantFamily)
	}
	c := v.yativo(map[string]any{"customer_address": map[string]any{"number": "12", "street": "Main St", "city": "Accra", "state": "GA", "zipcode": "1"}})
	back := v.shown(tenant.Xtrakit, c)
	back["address1"] = "12 Main Street"
	v.sendBack(tenant.Xtrakit, c, back)
	address := v.shown(tenant.Yativo, c)["customer_address"].(map[string]any)
	if address["number"] != "12" || address["street"] != "Main Street" {
		t.Errorf("the address is %v", address)
	}
}

func TestFieldB5WhatIsShownCanBeSentBack(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for name, c := range map[string]*canonical{
		"a business of Yativo": v.yativo(map[string]any{"customer_type": "business"}),
		"one name in Yativo":   v.yativo(map[string]any{"customer_name": "Madonna"}),
		"one name in Xtrakit":  v.xtrakit(map[string]any{"customer_name": "Madonna", "customer_phone": "0301234567"}),
		"a phone of Niue":      v.devdraft(map[string]any{"phone_number": "+6834002"}),
	} {
		for _, through := range []tenant.Kind{tenant.Devdraft, tenant.Yativo, tenant.Xtrakit} {
			was := v.shown(through, c)
			v.sendBack(through, c, was)
			if diff := cmp.Diff(was, v.shown(through, c)); diff != "" {
				t.Errorf("%s, sent back through %s (-was +is):\n%s", name, through, diff)
			}
		}
	}
}

func TestFieldB6ShortNumbers(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for _, phone := range []string{"+6834002", "+6903190", "+4702000"} {
		v.shows(tenant.Yativo, v.yativo(map[string]any{"customer_phone": phone}), "customer_phone", phone)
	}
}

func TestFieldB7NamesWithNothingVisible(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for _, name := range []string{"\u200b", "\u3164", "\u2800", "\u00ad", "\u202e", "\u034f", "\x01\x02"} {
		v.status(400, "POST", "/api/v0/customers", map[string]any{"first_name": name, "last_name": "Lee", "phone_number": "+15550100"})
		for kind, path := range map[tenant.Kind]string{tenant.Yativo: "/api/v1/customer", tenant.Xtrakit: "/api/v1/customers/add"} {
			body := fmt.Sprintf(`{"customer_name":%q,"customer_email":"a@b.example","customer_phone":"+15550100999","customer_country":"Ghana",`+
				`"customer_type":"individual","customer_city":"Accra","customer_state":"GA","address1":"1 Road"}`, "NAME")
			quoted, _ := json.Marshal(name)
			a := ask(t, v.s.URL, "POST", path, strings.Replace(body, `"NAME"`, string(quoted), 1), v.w.credential(kind))
			if a.status != 422 || !strings.Contains(string(a.body), "customer_name") {
				t.Errorf("%s takes the name %+q: %d %s", kind, name, a.status, a.body)
			}
		}
	}
	for _, name := range []string{"می\u200cخواهم", "क\u094d\u200dष"} {
		v.shows(tenant.Devdraft, v.devdraft(map[string]any{"first_name": name}), "first_name", name)
	}
}

func TestFieldB8WhiteSpaceInNames(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	c := v.devdraft(map[string]any{"first_name": "Mary  Ann", "last_name": "O\nNeil"})
	v.shows(tenant.Yativo, c, "customer_name", "Mary Ann O Neil")
	v.shows(tenant.Xtrakit, c, "customer_name", "Mary Ann O Neil")
}

func TestFieldB9FormsOfTimes(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	c := v.devdraft(nil)
	for _, at := range []string{"2026-01-01T00:00Z", "2026-01-01T00:00:00+0000", "2026-01-01T02:00+02", "20260101T000000Z", "2026-01-01t00:00:00z"} {
		v.status(200, "GET", "/api/v0/customers?created_from="+url.QueryEscape(at), nil)
		a := v.status(201, "POST", "/api/v0/customers/"+c.id+"/transactions", map[string]any{"amount": 1, "currency": "USD", "time": at})
		if !strings.Contains(string(a.body), `"time":"2026-01-01T00:00:00.000Z"`) {
			t.Errorf("the time %s is stored as %s", at, a.body)
		}
	}
	v.status(400, "GET", "/api/v0/customers?created_from=yesterday", nil)
}

func TestFieldB10CurrenciesAndZero(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	path := "/api/v0/customers/" + v.devdraft(nil).id + "/transactions"
	for _, currency := range []string{"XCG", "SLE", "ZWG"} {
		v.status(201, "POST", path, map[string]any{"amount": 1, "currency": currency})
	}
	v.status(400, "POST", path, map[string]any{"amount": 1, "currency": "ZZZ"})
	if a := v.status(201, "POST", path, map[string]any{"amount": json.Number("-0"), "currency": "USD"}); !strings.Contains(string(a.body), `"amount":0,`) {
		t.Errorf("-0 is stored as %s", a.body)
	}
}

func TestFieldB14LongNameFilter(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	given, family := strings.Repeat("a", 60), strings.Repeat("b", 60)
	c := v.devdraft(map[string]any{"first_name": given, "last_name": family})
	if a := v.status(200, "GET", "/api/v0/customers?name="+given+"+"+family, nil); !strings.Contains(string(a.body), c.id) {
		t.Errorf("the whole name does not find its customer: %s", a.body)
	}
	v.status(200, "GET", "/api/v0/customers?name="+strings.Repeat("a", 200), nil)
}

func TestFieldB15PastedPhones(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for _, pasted := range []string{
		"\u202a+44 20 7946 0958", "+44\u00a020\u00a07946\u00a00958", "+44\u201120\u20117946\u20110958", "+44\ufe0f 20 7946 0958", "0044 20 7946 0958",
		"+44 20/7946/0958", "(+44) 20 7946 0958",
	} {
		for kind, c := range map[tenant.Kind]*canonical{
			tenant.Devdraft: v.devdraft(map[string]any{"phone_number": pasted}),
			tenant.Yativo:   v.yativo(map[string]any{"customer_phone": pasted}),
			tenant.Xtrakit:  v.xtrakit(map[string]any{"customer_phone": pasted}),
		} {
			if got := v.shown(tenant.Yativo, c)["customer_phone"]; got != "+442079460958" {
				t.Errorf("%+q, sent to %s, is %v", pasted, kind, got)
			}
		}
	}
	c := v.xtrakit(map[string]any{"customer_phone": "+44 20 7946 0958 ext. 12"})
	v.shows(tenant.Xtrakit, c, "customer_phone", "+44 20 7946 0958 ext. 12")
	v.shows(tenant.Yativo, c, "customer_phone", "+442079460958")
}

func TestFieldB17LocalPartsOfTheWorld(t *testing.T) {
	t.Parallel()
	v := newValues(t)
	for _, email := range []string{"col·legi@example.cat", "צה״ל@example.com", "ハンドル・ネーム@example.jp", "a..b@docomo.ne.jp", "a.@ezweb.ne.jp", `"a b"@example.com`} {
		v.shows(tenant.Devdraft, v.devdraft(map[string]any{"email": email}), "email", email)
	}
	for _, email := range []string{"€@example.com", "😀@example.com"} {
		v.status(400, "POST", "/api/v0/customers", map[string]any{"first_name": "A", "last_name": "B", "phone_number": "+15550100", "email": email})
	}
}
