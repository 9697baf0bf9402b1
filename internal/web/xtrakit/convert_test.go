package xtrakit_test

import (
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
)

// TestList: a list shows each customer as the answer of a change does, byte for byte,
// though it is not encoded by the same code.
func TestList(t *testing.T) {
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
		f := &fake{Listed: records.ListResponse{Customers: []customer.Customer{c, c}}}
		ask(f, request(http.MethodPost, addCustomer, "{}"))
		one, ok := strings.CutPrefix(string(f.Write.Encode(&c)), `{"status":200,"message":"Customer added successfully","data":{"customer":`)
		if !ok {
			t.Fatalf("the answer of add is %s", f.Write.Encode(&c))
		}
		one = strings.TrimSuffix(one, "}}")
		want := `{"status":200,"message":"Customers found: 2","data":{"customers":[` + one + "," + one + "]}}"
		if diff := cmp.Diff(want, ask(f, request(http.MethodGet, customers, "")).Body.String()); diff != "" {
			t.Fatalf("the list, not as add has it (-want +got):\n%s", diff)
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
