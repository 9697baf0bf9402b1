package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// canonical is what the mapping tables say a customer is, kept by the test on its
// own: nothing here calls the code under test.
type canonical struct {
	id, seq                                       string
	given, family, email, phone                   string
	typ, status                                   string // Devdraft's words
	country, number, street, city, region, postal string
	line2, whatsapp, profile                      string
}

func (c *canonical) name() string { return strings.TrimSpace(c.given + " " + c.family) }

func (c *canonical) business() bool { return c.typ != "Individual" }

// setName is the rule for a whole name: a part that it still begins or ends with stays,
// otherwise a business is not split, and a person is at the first space.
func (c *canonical) setName(full string) {
	rest, begins := strings.CutPrefix(full, c.given+" ")
	first, ends := strings.CutSuffix(full, " "+c.family)
	switch {
	case full == c.name():
	case c.family != "" && c.given != "" && begins:
		c.family = rest
	case c.family != "" && ends:
		c.given = first
	case c.business():
		c.given, c.family = full, ""
	default:
		c.given, c.family, _ = strings.Cut(full, " ")
	}
}

func (c *canonical) line1() string { return strings.TrimSpace(c.number + " " + c.street) }

func (c *canonical) setLine1(s string) {
	rest, begins := strings.CutPrefix(s, c.number+" ")
	switch {
	case s == c.line1():
	case c.number != "" && c.street != "" && begins:
		c.street = rest
	default:
		c.number, c.street = "", s
	}
}

func (c *canonical) setSide(side string) {
	if side == "business" && !c.business() {
		c.typ = "Business"
	}
	if side == "individual" {
		c.typ = "Individual"
	}
}

var countryNames = map[string]string{"GHA": "Ghana", "USA": "United States", "DEU": "Germany", "": ""}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// devdraft, yativo and xtrakit are what each API should show.
func (c *canonical) devdraft() map[string]any {
	return map[string]any{
		"first_name": c.given, "last_name": c.family, "email": orNull(c.email), "phone_number": c.phone,
		"customer_type": c.typ, "status": c.status,
	}
}

func (c *canonical) yativo() map[string]any {
	status := "inactive"
	if c.status == "ACTIVE" {
		status = "pending"
	}
	side := "individual"
	if c.business() {
		side = "business"
	}
	var address any
	if c.number+c.street+c.city+c.region+c.postal != "" {
		address = map[string]any{
			"number": orNull(c.number), "street": orNull(c.street), "city": orNull(c.city), "state": orNull(c.region),
			"zipcode": orNull(c.postal), "country": orNull(c.country),
		}
	}
	return map[string]any{
		"customer_id": c.id, "customer_name": c.name(), "customer_email": orNull(c.email), "customer_phone": c.phone,
		"customer_country": orNull(c.country), "customer_status": status, "customer_type": side, "customer_address": address,
	}
}

func (c *canonical) xtrakit() map[string]any {
	return map[string]any{
		"customer_name": c.name(), "customer_email": orNull(c.email), "customer_phone": c.phone,
		"customer_whatsapp": orNull(c.whatsapp), "customer_country": orNull(countryNames[c.country]),
		"customer_city": orNull(c.city), "customer_state": orNull(c.region), "customer_zip": orNull(c.postal),
		"address1": orNull(c.line1()), "address2": orNull(c.line2), "customer_profile": orNull(c.profile),
	}
}

// crossing drives one application through the three APIs.
type crossing struct {
	t   *testing.T
	s   *testkit.Server
	w   *tenantWorld
	rnd *rand.Rand
	n   int
}

func (x *crossing) ask(kind tenant.Kind, method, path string, body any) map[string]any {
	x.t.Helper()
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			x.t.Fatal(err)
		}
		text = string(b)
	}
	a := ask(x.t, x.s.URL, method, path, text, x.w.credential(kind))
	if a.status >= 300 {
		x.t.Fatalf("%s %s %s: %d %s", kind, method, path, a.status, a.body)
	}
	var v map[string]any
	decode(x.t, a.body, &v)
	return v
}

func (x *crossing) pick(list ...string) string { return list[x.rnd.IntN(len(list))] }

func (x *crossing) fullName() string {
	return x.pick("Ada Lovelace", "Gabriel Garc\u00eda M\u00e1rquez", "Vincent van Gogh", "Pel\u00e9", "Acme GmbH & Co KG", "\u738b \u5c0f\u660e")
}

func (x *crossing) email() string { x.n++; return fmt.Sprintf("cross%d@example.com", x.n) }

func (x *crossing) phone() string { return fmt.Sprintf("+1555%07d", x.rnd.IntN(10_000_000)) }

// create makes a customer through one API.
func (x *crossing) create() *canonical {
	c := &canonical{typ: "Individual", status: "ACTIVE", email: x.email(), phone: x.phone()}
	switch x.rnd.IntN(3) {
	case 0:
		c.given, c.family, c.typ = "Ada Augusta", "King of Lovelace", x.pick("Individual", "Startup", "Government", "Business")
		v := x.ask(tenant.Devdraft, "POST", "/api/v0/customers", map[string]any{
			"first_name": c.given, "last_name": c.family, "email": c.email, "phone_number": c.phone, "customer_type": c.typ,
		})
		c.id = v["id"].(string)
	case 1:
		side := x.pick("individual", "business")
		c.setSide(side)
		c.setName(x.fullName())
		c.country = "GHA"
		body := map[string]any{
			"customer_name": c.name(), "customer_email": c.email, "customer_phone": c.phone, "customer_country": x.pick("GHA", "gh", "ghana"),
			"customer_type": side,
		}
		if x.rnd.IntN(2) == 0 {
			c.number, c.street, c.city, c.region, c.postal = "30", "Elm Street", "Accra", "Greater Accra", "GA-1"
			body["customer_address"] = map[string]any{"number": c.number, "street": c.street, "city": c.city, "state": c.region, "zipcode": c.postal}
		}
		v := x.ask(tenant.Yativo, "POST", "/api/v1/customer", body)
		c.id = v["data"].(map[string]any)["customer_id"].(string)
	default:
		c.setName(x.fullName())
		c.country, c.city, c.region = "DEU", "Berlin", "Berlin"
		c.setLine1("Unter den Linden 1")
		c.line2, c.whatsapp, c.profile = "2nd floor", "+49 30 1", "https://img.example/1.png"
		v := x.ask(tenant.Xtrakit, "POST", "/api/v1/customers/add", map[string]any{
			"customer_name": c.name(), "customer_email": c.email, "customer_phone": c.phone, "customer_country": x.pick("Germany", "DE"),
			"customer_city": c.city, "customer_state": c.region, "address1": c.line1(), "address2": c.line2,
			"customer_whatsapp": c.whatsapp, "customer_profile": c.profile,
		})
		c.seq = fmt.Sprintf("%.0f", v["data"].(map[string]any)["customer"].(map[string]any)["id"])
	}
	x.identify(c)
	return c
}

// identify finds the ids by which the other APIs know the newest customer.
func (x *crossing) identify(c *canonical) {
	if c.seq == "" {
		list := x.ask(tenant.Xtrakit, "GET", "/api/v1/customers", nil)["data"].(map[string]any)["customers"].([]any)
		c.seq = fmt.Sprintf("%.0f", list[0].(map[string]any)["id"])
	}
	if c.id == "" {
		list := x.ask(tenant.Yativo, "GET", "/api/v1/customer?per_page=1", nil)["data"].([]any)
		c.id = list[0].(map[string]any)["customer_id"].(string)
	}
}

// change edits a customer through one API.
func (x *crossing) change(c *canonical) {
	switch x.rnd.IntN(4) {
	case 0:
		c.given, c.status = x.pick("Ada", "Grace", "Jean Luc"), x.pick("ACTIVE", "BLACKLISTED", "DEACTIVATED")
		x.ask(tenant.Devdraft, "PATCH", "/api/v0/customers/"+c.id, map[string]any{"first_name": c.given, "status": c.status})
	case 1:
		c.typ = x.pick("Individual", "Enterprise", "Non-Profit")
		x.ask(tenant.Devdraft, "PATCH", "/api/v0/customers/"+c.id, map[string]any{"customer_type": c.typ})
	case 2:
		body := map[string]any{}
		if x.rnd.IntN(2) == 0 {
			name := x.pick(c.name(), x.fullName())
			c.setName(name)
			body["customer_name"] = name
		}
		if x.rnd.IntN(2) == 0 {
			c.country = "USA"
			body["customer_country"] = x.pick("USA", "us", "United States")
		}
		c.phone = x.phone()
		body["customer_phone"] = c.phone
		x.ask(tenant.Yativo, "PUT", "/api/v1/customer/"+c.id, body)
	default:
		name, line := x.pick(c.name(), x.fullName()), x.pick(c.line1(), "1 New Road")
		if line == "" {
			line = "1 New Road"
		}
		c.setName(name)
		c.setLine1(line)
		c.country, c.city, c.region, c.phone = "GHA", "Kumasi", "Ashanti", x.phone()
		x.ask(tenant.Xtrakit, "PUT", "/api/v1/customers/"+c.seq, map[string]any{
			"customer_name": name, "customer_phone": c.phone, "customer_country": "Ghana", "customer_city": c.city,
			"customer_state": c.region, "address1": line,
		})
	}
}

// compare reads the customer through all three APIs.
func (x *crossing) compare(c *canonical) {
	x.t.Helper()
	got := map[tenant.Kind]map[string]any{
		tenant.Devdraft: x.ask(tenant.Devdraft, "GET", "/api/v0/customers/"+c.id, nil),
		tenant.Yativo:   x.ask(tenant.Yativo, "GET", "/api/v1/customer/"+c.id, nil)["data"].(map[string]any),
		tenant.Xtrakit:  x.ask(tenant.Xtrakit, "GET", "/api/v1/customers/"+c.seq, nil)["data"].(map[string]any)["customer"].(map[string]any),
	}
	for kind, want := range map[tenant.Kind]map[string]any{tenant.Devdraft: c.devdraft(), tenant.Yativo: c.yativo(), tenant.Xtrakit: c.xtrakit()} {
		shown := make(map[string]any)
		for member := range want {
			shown[member] = got[kind][member]
		}
		if diff := cmp.Diff(want, shown); diff != "" {
			x.t.Fatalf("%s shows customer %s (-want +got):\n%s", kind, c.id, diff)
		}
	}
}

// What is written through one API reads as the mapping tables say through the
// others, on random customers and random edits.
func TestOneRecordBehindThreeAPIs(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			x := &crossing{t: t, s: s, w: newTenant(t, s, "Crossing"), rnd: rand.New(rand.NewPCG(11, 4))}
			for range 30 {
				c := x.create()
				x.compare(c)
				for range 5 {
					x.change(c)
					x.compare(c)
				}
			}
		})
	}
}

// Edits of one customer at the same time through different APIs lose nothing: each
// API's last word on its own field stands.
func TestConcurrentEditsThroughAllAPIs(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			w := newTenant(t, s, "Concurrent")
			const edits = 25
			var wg sync.WaitGroup
			put := func(kind tenant.Kind, method, path string, body func(i int) string) {
				wg.Go(func() {
					for i := range edits {
						if a := ask(t, s.URL, method, path, body(i), w.credential(kind)); a.status >= 300 {
							t.Errorf("%s edit %d: %d %s", kind, i, a.status, a.body)
							return
						}
					}
				})
			}
			put(tenant.Devdraft, "PATCH", "/api/v0/customers/"+w.customer, func(i int) string { return fmt.Sprintf(`{"last_name":"Family%d"}`, i) })
			put(tenant.Yativo, "PUT", "/api/v1/customer/"+w.customer, func(i int) string { return fmt.Sprintf(`{"customer_phone":"+155500000%02d"}`, i) })
			put(tenant.Devdraft, "POST", "/api/v0/customers/"+w.customer+"/transactions", func(i int) string {
				return fmt.Sprintf(`{"amount":%d.25,"currency":"USD","time":"2030-01-01T00:00:%02dZ"}`, i, i)
			})
			wg.Wait()
			var c struct {
				LastName  string      `json:"last_name"`
				Phone     string      `json:"phone_number"`
				LastSpent json.Number `json:"last_spent"`
			}
			decode(t, ask(t, s.URL, "GET", "/api/v0/customers/"+w.customer, "", w.credential(tenant.Devdraft)).body, &c)
			last := edits - 1
			if c.LastName != fmt.Sprintf("Family%d", last) || c.Phone != fmt.Sprintf("+155500000%02d", last) || c.LastSpent.String() != fmt.Sprintf("%d.25", last) {
				t.Errorf("after all edits: %s, %s, %s", c.LastName, c.Phone, c.LastSpent)
			}
		})
	}
}
