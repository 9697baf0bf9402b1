package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// readValues reads a corpus of values as they occur in the world: lines of fields with tabs
// between them, under a line that names the source.
func readValues(t *testing.T, name string) [][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/values/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s holds no values", name)
	}
	return rows
}

// phonesOfTheWorld writes libphonenumber's example of each type of each region in a few ways.
func phonesOfTheWorld(t *testing.T) []string {
	var phones []string
	for _, row := range readValues(t, "phones.txt") {
		phones = append(phones, row[0])
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			if n := phonenumbers.GetExampleNumberForType(region, typ); n != nil {
				national, international := phonenumbers.Format(n, phonenumbers.NATIONAL), phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
				phones = append(phones, fmt.Sprintf("+%d %s", n.GetCountryCode(), national), international+" ext. 7", "(+"+strings.Replace(international[1:], " ", ") ", 1))
				for _, format := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL} {
					phones = append(phones, phonenumbers.Format(n, format))
				}
			}
		}
	}
	return phones
}

// valueWorld creates customers of real values and sends them back and forth.
type valueWorld struct {
	crossing
	names, addresses, emails [][]string
	phones                   []string
}

// draft is a customer of random values of the corpus as a create request of each API.
func (v *valueWorld) draft() map[tenant.Kind]map[string]any {
	v.n++
	name, address := v.names[v.rnd.IntN(len(v.names))], v.addresses[v.rnd.IntN(len(v.addresses))]
	email, phone := v.emails[v.rnd.IntN(len(v.emails))][0], v.phones[v.rnd.IntN(len(v.phones))]
	if v.rnd.IntN(2) == 0 || v.used(email) {
		email = fmt.Sprintf("values%d@example.com", v.n)
	}
	full := name[1] + " " + name[2]
	country := address[6]
	if country == "" {
		country = "Ruritania"
	}
	yativoPhone := phone
	if !strings.HasPrefix(phone, "+") && !strings.HasPrefix(phone, "00") && !strings.HasPrefix(phone, "(+") {
		yativoPhone = v.phone()
	}
	region := address[4]
	if region == "" {
		region = "-"
	}
	devdraftPhone := yativoPhone
	if len(devdraftPhone) > 20 {
		devdraftPhone = v.phone()
	}
	return map[tenant.Kind]map[string]any{
		tenant.Devdraft: {
			"first_name": name[1], "last_name": name[2], "email": email, "phone_number": devdraftPhone,
			"customer_type": v.pick("Individual", "Business", "Startup"),
		},
		tenant.Yativo: {
			"customer_name": v.pick(full, name[1]), "customer_email": email, "customer_phone": yativoPhone, "customer_country": country,
			"customer_type":    v.pick("individual", "business"),
			"customer_address": map[string]any{"number": address[1], "street": address[2], "city": address[3], "state": address[4], "zipcode": address[5]},
		},
		tenant.Xtrakit: {
			"customer_name": v.pick(full, name[2]), "customer_email": v.pick(email, ""), "customer_phone": phone, "customer_whatsapp": phone,
			"customer_country": country, "customer_city": address[3], "customer_state": region, "customer_zip": address[5],
			"address1": address[1] + " " + address[2],
		},
	}
}

// used reports whether an address was handed out before.
func (v *valueWorld) used(email string) bool {
	if email == "" {
		return false
	}
	for i, row := range v.emails {
		if row[0] == email {
			v.emails = append(v.emails[:i:i], v.emails[i+1:]...)
			return len(v.emails) == 0
		}
	}
	return true
}

// create makes the customer through one API and gives the ids by which the others know it.
func (v *valueWorld) create(kind tenant.Kind, body map[string]any) *canonical {
	c := new(canonical)
	switch kind {
	case tenant.Devdraft:
		c.id = v.ask(kind, "POST", "/api/v0/customers", body)["id"].(string)
	case tenant.Yativo:
		c.id = v.ask(kind, "POST", "/api/v1/customer", body)["data"].(map[string]any)["customer_id"].(string)
	default:
		made := v.ask(kind, "POST", "/api/v1/customers/add", body)["data"].(map[string]any)["customer"].(map[string]any)
		c.seq = fmt.Sprintf("%.0f", made["id"])
	}
	v.identify(c)
	return c
}

// shown is the customer as the API shows it.
func (v *valueWorld) shown(kind tenant.Kind, c *canonical) map[string]any {
	switch kind {
	case tenant.Devdraft:
		return v.ask(kind, "GET", "/api/v0/customers/"+c.id+"?include=group", nil)
	case tenant.Yativo:
		return v.ask(kind, "GET", "/api/v1/customer/"+c.id, nil)["data"].(map[string]any)
	}
	return v.ask(kind, "GET", "/api/v1/customers/"+c.seq, nil)["data"].(map[string]any)["customer"].(map[string]any)
}

// sendBack updates the customer with what the API shows of it.
func (v *valueWorld) sendBack(kind tenant.Kind, c *canonical, shown map[string]any) {
	switch kind {
	case tenant.Devdraft:
		v.ask(kind, "PATCH", "/api/v0/customers/"+c.id, shown)
	case tenant.Yativo:
		v.ask(kind, "PUT", "/api/v1/customer/"+c.id, shown)
	default:
		v.ask(kind, "PUT", "/api/v1/customers/"+c.seq, shown)
	}
}

// TestValuesSurviveEveryAPI is the promise that a value is the same value through every API:
// for every pair of APIs, what one stores and the other shows, sent back through the other
// unchanged, leaves everything as it was, the time of the last change included.
func TestValuesSurviveEveryAPI(t *testing.T) {
	t.Parallel()
	kinds := []tenant.Kind{tenant.Devdraft, tenant.Yativo, tenant.Xtrakit}
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine})
			v := &valueWorld{
				crossing: crossing{t: t, s: s, w: newTenant(t, s, "Values"), rnd: rand.New(rand.NewPCG(9, 27))},
				names:    readValues(t, "names.txt"), addresses: readValues(t, "addresses.txt"), emails: readValues(t, "emails.txt"),
				phones: phonesOfTheWorld(t),
			}
			for range 60 {
				draft := v.draft()
				for _, stores := range kinds {
					body := draft[stores]
					c := v.create(stores, body)
					was := map[tenant.Kind]map[string]any{}
					for _, kind := range kinds {
						was[kind] = v.shown(kind, c)
					}
					for _, through := range kinds {
						v.sendBack(through, c, was[through])
						for _, kind := range kinds {
							if diff := cmp.Diff(was[kind], v.shown(kind, c)); diff != "" {
								sent, _ := json.Marshal(body)
								t.Fatalf("%s stored %s; sent back through %s, %s shows (-was +is):\n%s", stores, sent, through, kind, diff)
							}
						}
					}
					// The address is free for the same person through the next API.
					v.ask(tenant.Yativo, "DELETE", "/api/v1/customer/"+c.id, nil)
				}
			}
		})
	}
}
