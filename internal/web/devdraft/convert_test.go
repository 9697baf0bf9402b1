package devdraft_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/web/devdraft"
)

// TestList: a list shows each customer as the answer of a change does, byte for byte,
// though it is not encoded by the same code.
func TestList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.String(), func(s string) redact.Personal { return redact.Personal(s) })
		at := rapid.Map(rapid.Int64Range(0, 4e12), func(ms int64) time.Time { return time.UnixMilli(ms) })
		c := customer.Customer{
			ID: id.NewCustomer(), Group: rapid.Int64Range(0, 2).Draw(t, "group"),
			Personal: customer.Personal{
				Given: text.Draw(t, "given"), Family: text.Draw(t, "family"), Email: text.Draw(t, "email"), Phone: text.Draw(t, "phone"),
				LastSpent: rapid.SampledFrom([]customer.Amount{"", "250.75", "1500.00", "-3"}).Draw(t, "spent"),
			},
			Type: customer.Type(rapid.IntRange(1, 8).Draw(t, "type")), Status: customer.Status(rapid.IntRange(1, 4).Draw(t, "status")),
			CreatedAt: at.Draw(t, "created"), UpdatedAt: at.Draw(t, "updated"),
		}
		if rapid.Bool().Draw(t, "bought") {
			c.LastPurchase = at.Draw(t, "purchase")
		}
		query := rapid.SampledFrom([]string{"", "?include=group"}).Draw(t, "query")
		f := &fake{Listed: records.ListResponse{Customers: []customer.Customer{c, c}}}
		got := ask(f, request(http.MethodGet, "/api/v0/customers"+query, "")).Body.String()
		ask(f, request(http.MethodPost, "/api/v0/customers"+query, "{}"))
		one := string(f.Write.Encode(&c))
		if diff := cmp.Diff("["+one+","+one+"]", got); diff != "" {
			t.Fatalf("the list, not as create has it (-want +got):\n%s", diff)
		}
	})
	if got := ask(&fake{}, request(http.MethodGet, "/api/v0/customers", "")).Body.String(); got != "[]" {
		t.Errorf("an empty list is %q, want []", got)
	}
}

// BenchmarkCustomers encodes 100 customers, as a list does and as Marshal does.
func BenchmarkCustomers(b *testing.B) {
	c := customer.Customer{
		ID: id.NewCustomer(),
		Personal: customer.Personal{
			Given: "John", Family: "Doe", Email: "john.doe@example.com", Phone: "+1-555-123-4567", LastSpent: "250.75",
		},
		Type: customer.Individual, Status: customer.Active, CreatedAt: noon, UpdatedAt: noon,
	}
	list := slices.Repeat([]customer.Customer{c}, 100)
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			devdraft.EncodeList(list, fakeApp, false)
		}
	})
	encode := devdraft.EncodeCustomer(fakeApp, false)
	b.Run("Marshal", func(b *testing.B) {
		for b.Loop() {
			for i := range list {
				encode(&list[i])
			}
		}
	})
}

// TestDecode looks at what of a body and of a query reaches the domain.
func TestDecode(t *testing.T) {
	t.Parallel()
	f := &fake{}
	ask(f, request(http.MethodPost, "/api/v0/customers",
		`{"first_name":" Ada ","last_name":null,"email":7,"phone_number":"","First_Name":"x","status":{},"extra":[1]}`))
	want := customer.Input{
		Given:  customer.Text{Sent: true, Value: " Ada "},
		Family: customer.Text{Sent: true, Null: true},
		Email:  customer.Text{Sent: true, Other: true},
		Phone:  customer.Text{Sent: true},
		Status: customer.Text{Sent: true, Other: true},
	}
	if diff := cmp.Diff(want, f.Write.Input); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	ask(f, request(http.MethodGet, "/api/v0/customers?take=10.0&take=10.0&skip=&name=a+b%20c&email=%40x&Status=ACTIVE&cursor=c", ""))
	wantFind := records.ListRequest{Cursor: "c", Input: customer.ListInput{
		Take: customer.Text{Sent: true, Other: true, Value: f.List.Input.Take.Value},
		Skip: customer.Text{Sent: true},
		Name: customer.Text{Sent: true, Value: "a b c"}, Email: customer.Text{Sent: true, Value: "@x"},
	}}
	if diff := cmp.Diff(wantFind, f.List); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}

// FuzzCustomer sends any body through the wire, the domain and back: what the
// domain takes must come out as an answer that, sent as a body, changes nothing.
func FuzzCustomer(f *testing.F) {
	f.Add(`{"first_name":"John","last_name":"Doe","phone_number":"+1-555-123-4567"}`)
	f.Add(`{"first_name":" \u00e9\ud83d\ude00\"\\ ","last_name":"<&>","email":"A@B.example","phone_number":"22","status":"DELETED","customer_type":"Business"}`)
	f.Add(`{"first_name":"a","first_name":"b"}`)
	f.Add("{\"first_name\":\"\xff\"}")
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		svc := &fake{Reply: records.Reply{Body: []byte("{}")}}
		post := func(body string) (customer.Change, bool) {
			svc.Write = records.Write{}
			w := ask(svc, request(http.MethodPost, "/api/v0/customers", body))
			switch {
			case w.Code >= 500:
				t.Fatalf("POST %q: %d", body, w.Code)
			case !json.Valid(w.Body.Bytes()):
				t.Fatalf("POST %q: the answer %q is not JSON", body, w.Body)
			case w.Code != http.StatusCreated:
				return customer.Change{}, false
			}
			change, problems := svc.Write.Input.Create()
			return change, len(problems) == 0
		}
		change, ok := post(body)
		if !ok {
			return
		}
		var first, second customer.Customer
		change.Apply(&first)
		wire := svc.Write.Encode(&first)
		again, ok := post(string(wire))
		if !ok {
			t.Fatalf("our own answer %q is refused", wire)
		}
		again.Apply(&second)
		if got := svc.Write.Encode(&second); !bytes.Equal(wire, got) {
			t.Fatalf("not stable:\n%s\n%s", wire, got)
		}
	})
}

// FuzzQuery sends any query string: it is taken or refused, and a filter's text is
// never in the answer's headers.
func FuzzQuery(f *testing.F) {
	f.Add("skip=0&take=10")
	f.Add("name=a+b%20c&email=%40gmail.com&status=ACTIVE&cursor=x")
	f.Add("take=1&take=2&%zz=%ff&;&&=")
	f.Fuzz(func(t *testing.T, query string) {
		r := request(http.MethodGet, "/api/v0/customers", "")
		r.URL.RawQuery = query
		w := ask(&fake{Listed: records.ListResponse{Next: "next"}}, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("%q: %d", query, w.Code)
		}
		if link := w.Header().Get("Link"); strings.ContainsAny(link, "\r\n\"") && !strings.HasSuffix(link, `>; rel="next"`) {
			t.Fatalf("%q: Link %q", query, link)
		}
	})
}
