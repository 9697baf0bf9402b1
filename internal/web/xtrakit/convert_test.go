package xtrakit_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
)

// wireCustomer is the customer of the published page, for encoding/json to write.
type wireCustomer struct {
	ID           int64   `json:"id"`
	UserID       string  `json:"user_id"`
	BusinessCode string  `json:"business_code"`
	Group        *int64  `json:"customer_group_id"`
	Name         string  `json:"customer_name"`
	Email        *string `json:"customer_email"`
	Phone        *string `json:"customer_phone"`
	Whatsapp     *string `json:"customer_whatsapp"`
	Country      *string `json:"customer_country"`
	City         *string `json:"customer_city"`
	State        *string `json:"customer_state"`
	Zip          *string `json:"customer_zip"`
	Address1     *string `json:"address1"`
	Address2     *string `json:"address2"`
	Profile      *string `json:"customer_profile"`
	CreatedBy    *string `json:"created_by"`
	CreatedAt    string  `json:"created_at"`
	UpdatedAt    string  `json:"updated_at"`
}

type wireGroup struct {
	ID           int64   `json:"id"`
	UserID       string  `json:"user_id"`
	BusinessCode string  `json:"business_code"`
	Name         string  `json:"group_name"`
	Description  *string `json:"group_description"`
	CreatedAt    string  `json:"created_at"`
	UpdatedAt    string  `json:"updated_at"`
}

type wireAnswer struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func optional(p redact.Personal) *string {
	if p == "" {
		return nil
	}
	return new(p.Reveal())
}

func wireOf(c *customer.Customer) wireCustomer {
	a := &c.Address
	w := wireCustomer{
		ID: c.Seq, UserID: tenant.UserID(fakeApp), BusinessCode: tenant.BusinessCode(fakeApp), Name: c.Name().Reveal(),
		Email: optional(c.Email), Phone: optional(c.Phone), Whatsapp: optional(c.Whatsapp),
		Country: optional(redact.Personal(customer.CountryName(c.Country.Reveal()))),
		City:    optional(a.City), State: optional(a.Region), Zip: optional(a.PostalCode), Address1: optional(a.Line1()),
		Address2: optional(a.Line2), Profile: optional(c.Profile), CreatedBy: optional(c.CreatedBy),
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	if c.Group != 0 {
		w.Group = new(c.Group)
	}
	return w
}

func wireGroupOf(g *customer.Group) wireGroup {
	return wireGroup{
		ID: g.Seq, UserID: tenant.UserID(fakeApp), BusinessCode: tenant.BusinessCode(fakeApp), Name: g.Name.Reveal(),
		Description: optional(g.Description), CreatedAt: stamp(g.CreatedAt), UpdatedAt: stamp(g.UpdatedAt),
	}
}

// library encodes with encoding/json, without what it does for HTML and without its
// escapes for U+2028 and U+2029.
func library(t rapid.TB, v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	s := strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), `\\`, "\x00")
	s = strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(s)
	return strings.ReplaceAll(s, "\x00", `\\`)
}

// TestEncode compares every answer with what encoding/json makes of the same objects,
// byte for byte.
func TestEncode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.OneOf(rapid.Just(""), rapid.String()), func(s string) redact.Personal { return redact.Personal(s) })
		zone := time.FixedZone("far", 5*3600)
		at := rapid.Map(rapid.Int64Range(0, 4e12), func(ms int64) time.Time { return time.UnixMilli(ms).In(zone) })
		c := customer.Customer{
			ID: id.NewCustomer(), Seq: rapid.Int64Range(1, 1<<53).Draw(t, "seq"), Group: rapid.Int64Range(0, 3).Draw(t, "group"),
			Personal:  customer.Personal{Country: rapid.SampledFrom([]redact.Personal{"", "GHA", "Atlantis"}).Draw(t, "country")},
			CreatedAt: at.Draw(t, "created"), UpdatedAt: at.Draw(t, "updated"),
		}
		a := &c.Address
		for _, p := range []*redact.Personal{
			&c.Given, &c.Family, &c.Email, &c.Phone, &c.Whatsapp, &a.Number, &a.Street, &a.Line2, &a.City, &a.Region, &a.PostalCode,
			&c.Profile, &c.CreatedBy,
		} {
			*p = text.Draw(t, "text")
		}
		g := customer.Group{
			Seq: 5, Name: text.Draw(t, "name"), Description: text.Draw(t, "description"),
			CreatedAt: at.Draw(t, "created"), UpdatedAt: at.Draw(t, "updated"),
		}
		f := &fake{
			Fetched: c, Listed: records.ListResponse{Customers: []customer.Customer{c, c}}, Groups: []customer.Group{g, g}, Total: 2,
		}
		compare := func(got, message string, data any) {
			if diff := cmp.Diff(library(t, wireAnswer{200, message, data}), got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", message, diff)
			}
		}
		answer := func(method, target string) string { return ask(f, request(method, target, "")).Body.String() }
		type one struct {
			Customer wireCustomer `json:"customer"`
		}
		type oneGroup struct {
			Group wireGroup `json:"group"`
		}
		type fetched struct {
			Customer wireCustomer `json:"customer"`
			Groups   []wireGroup  `json:"customer-group"`
		}
		wire, wireG := wireOf(&c), wireGroupOf(&g)
		compare(answer(http.MethodGet, someCustomer), "Customer found", fetched{wire, []wireGroup{}})
		f.Group = &g
		compare(answer(http.MethodGet, someCustomer), "Customer found", fetched{wire, []wireGroup{wireG}})
		compare(answer(http.MethodGet, customers), "Customers found: 2", map[string]any{"customers": []wireCustomer{wire, wire}})
		compare(answer(http.MethodGet, groups), "Groups found: 2", map[string]any{"groups": []wireGroup{wireG, wireG}})
		compare(answer(http.MethodGet, someGroup), "Group found", oneGroup{wireG})
		compare(answer(http.MethodDelete, someCustomer), "Customer deleted successfully", struct{}{})
		compare(answer(http.MethodDelete, someGroup), "Group deleted successfully", struct{}{})
		for _, w := range []struct{ method, target, message string }{
			{http.MethodPost, addCustomer, "Customer added successfully"}, {http.MethodPut, someCustomer, "Customer updated successfully"},
		} {
			ask(f, request(w.method, w.target, "{}"))
			compare(string(f.Write.Encode(&c)), w.message, one{wire})
		}
		for _, w := range []struct{ method, target, message string }{
			{http.MethodPost, addGroup, "Group added successfully"}, {http.MethodPut, someGroup, "Group updated successfully"},
		} {
			ask(f, request(w.method, w.target, "{}"))
			compare(string(f.GroupWrite.Encode(&g)), w.message, oneGroup{wireG})
		}
	})
	for path, want := range map[string]string{
		customers: `{"status":200,"message":"Customers found: 0","data":{"customers":[]}}`,
		groups:    `{"status":200,"message":"Groups found: 0","data":{"groups":[]}}`,
	} {
		if got := ask(&fake{}, request(http.MethodGet, path, "")).Body.String(); got != want {
			t.Errorf("an empty list is %s, want %s", got, want)
		}
	}
}

// TestDecode looks at what of a body reaches the domain, and who made the customer if
// the body does not say.
func TestDecode(t *testing.T) {
	t.Parallel()
	value := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	f := &fake{}
	ask(f, request(http.MethodPost, addCustomer, `{"customer_group_id":12,"customer_name":" Jane  Doe ","customer_email":null,`+
		`"customer_phone":7,"customer_whatsapp":"w","customer_country":"Ghana","customer_city":"c","customer_state":"s","customer_zip":"z",`+
		`"address1":"1 Street","address2":{},"customer_profile":"p","Customer_Name":"x","id":3,"extra":[1]}`))
	want := customer.Input{
		Group: value("12"), FullName: value(" Jane  Doe "), Email: customer.Text{Sent: true, Null: true},
		Phone: customer.Text{Sent: true, Other: true}, Whatsapp: value("w"), Country: value("Ghana"), City: value("c"), Region: value("s"),
		Postal: value("z"), Line1: value("1 Street"), Line2: customer.Text{Sent: true, Other: true}, Profile: value("p"),
		CreatedBy: value("Edward"),
	}
	want.Rules = f.Write.Input.Rules
	if diff := cmp.Diff(want, f.Write.Input); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}

	for body, by := range map[string]customer.Text{
		`{}`: value("Edward"), `{"created_by":""}`: value("Edward"), `{"created_by":"  "}`: value("Edward"),
		`{"created_by":null}`: value("Edward"), `{"created_by":"Ama"}`: value("Ama"), `{"created_by":5}`: {Sent: true, Other: true},
	} {
		ask(f, request(http.MethodPost, addCustomer, body))
		if got := f.Write.Input.CreatedBy; got != by {
			t.Errorf("add %s: created_by is %+v, want %+v", body, got.Value, by.Value)
		}
	}
	ask(f, request(http.MethodPut, someCustomer, `{}`))
	if f.Write.Input.CreatedBy.Sent {
		t.Error("edit makes somebody the customer's maker unasked")
	}

	r := request(http.MethodPut, someCustomer, url.Values{"customer_group_id": {"12"}, "customer_name": {"Jane & Co"}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask(f, r)
	if in := f.Write.Input; in.Group != value("12") || in.FullName != value("Jane & Co") || in.Phone.Sent {
		t.Errorf("a form reaches the domain as %q, %q", in.Group.Value, in.FullName.Value)
	}

	ask(f, request(http.MethodPut, someGroup, `{"group_description":null}`))
	wantGroup := customer.GroupInput{Name: customer.Text{Sent: true}, Description: customer.Text{Sent: true, Null: true}}
	if diff := cmp.Diff(wantGroup, f.GroupWrite.Input); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
}

// FuzzCustomer sends any body through the wire, the domain and back: what the domain
// takes must come out as an answer whose customer, sent back, changes nothing.
func FuzzCustomer(f *testing.F) {
	f.Add(`{"customer_name":"Jane Doe","customer_phone":"+233244567890","customer_country":"Ghana","customer_city":"Accra",` +
		`"customer_state":"Greater Accra","address1":"123 Main Street"}`)
	f.Add(`{"customer_name":" é  \"\\ ","customer_phone":"x","customer_country":"st. lucia","customer_city":"<&>","customer_state":"s",` +
		`"address1":"7","address2":"","customer_email":"A@B.example","customer_group_id":"5","created_by":null}`)
	f.Add(`{"customer_name":"a","customer_name":"b"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		svc := &fake{Reply: records.Reply{Body: []byte("{}")}}
		put := func(body string) (customer.Change, bool) {
			svc.Write = records.Write{}
			w := ask(svc, request(http.MethodPut, someCustomer, body))
			switch {
			case w.Code >= 500:
				t.Fatalf("PUT %q: %d", body, w.Code)
			case !json.Valid(w.Body.Bytes()):
				t.Fatalf("PUT %q: the answer %q is not JSON", body, w.Body)
			case w.Code != http.StatusOK:
				return customer.Change{}, false
			}
			change, problems := svc.Write.Input.Update()
			return change, len(problems) == 0
		}
		change, ok := put(body)
		if !ok {
			return
		}
		c := customer.Customer{Type: customer.Individual}
		change.Apply(&c)
		wire := svc.Write.Encode(&c)
		var answer struct {
			Data struct{ Customer json.RawMessage }
		}
		if err := json.Unmarshal(wire, &answer); err != nil {
			t.Fatal(err)
		}
		again, ok := put(string(answer.Data.Customer))
		if !ok {
			t.Fatalf("our own answer %q is refused", wire)
		}
		if changed := again.Apply(&c); changed != nil {
			t.Fatalf("%s, sent back, changes %v", wire, changed)
		}
	})
}

// FuzzQuery sends any query string: it is taken or refused.
func FuzzQuery(f *testing.F) {
	f.Add("customer_group_id=1&created_at=2024-08-04+8:23:45&updated_at=2024-08-04")
	f.Add("created_at=0001-01-01&updated_at=9999-12-31+23:59:59&cursor=x")
	f.Add("take=1&take=2&%zz=%ff&;&&=")
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{customers, groups} {
			r := request(http.MethodGet, path, "")
			r.URL.RawQuery = query
			f := &fake{}
			w := ask(f, r)
			if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
				t.Fatalf("%q: %d", query, w.Code)
			}
			if _, problems := f.List.Input.Parse(0); len(problems) > 1 || len(problems) == 1 && problems[0].Path != customer.PathGroup {
				t.Fatalf("%q: the domain refuses what was read from it: %v", query, problems)
			}
		}
	})
}
