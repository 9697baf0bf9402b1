package yativo_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/web/yativo"
)

func drawCustomer(t *rapid.T) customer.Customer {
	text := func(name string) redact.Personal {
		return redact.Personal(rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, name))
	}
	at := rapid.Map(rapid.Int64Range(0, 4e12), func(ms int64) time.Time { return time.UnixMilli(ms) })
	c := customer.Customer{
		ID: id.NewCustomer(),
		Personal: customer.Personal{
			Given: text("given"), Family: text("family"), Email: text("email"), Country: text("country"),
			Phone: redact.Personal(rapid.StringMatching(`\+?[0-9 ().-]{0,20}`).Draw(t, "phone")),
			Address: customer.Address{
				Number: text("number"), Street: text("street"), Line2: text("line2"), City: text("city"),
				Region: text("region"), PostalCode: text("postal"), Country: text("country of address"),
			},
			KYC: customer.KYC{
				Status:   rapid.SampledFrom(append(customer.KYCStatuses(), "")).Draw(t, "kyc"),
				Accounts: rapid.Bool().Draw(t, "accounts"), Reason: text("reason"),
			},
		},
		Type: customer.Type(rapid.IntRange(1, 8).Draw(t, "type")), Status: customer.Status(rapid.IntRange(1, 4).Draw(t, "status")),
		CreatedAt: at.Draw(t, "created"), UpdatedAt: at.Draw(t, "updated"),
	}
	if rapid.Bool().Draw(t, "verified") {
		c.KYC.VerifiedAt = at.Draw(t, "verified at")
	}
	return c
}

// TestList: a list shows each customer as the answer of a change does, byte for byte,
// though it is not encoded by the same code.
func TestList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCustomer(t)
		early := rapid.Bool().Draw(t, "active early")
		f := &fake{Listed: records.ListResponse{Customers: []customer.Customer{c, c}, Total: 2}}
		answer := func(method, body string) string {
			return ask(f, request(method, "/api/v1/customer", body), func(cfg *yativo.Config) { cfg.ActiveWithoutKYC = early }).Body.String()
		}
		answer(http.MethodPost, "{}")
		one, ok := strings.CutPrefix(string(f.Write.Encode(&c)),
			`{"status":"success","status_code":201,"message":"Customer created successfully","data":`)
		if !ok {
			t.Fatalf("the answer of create is %s", f.Write.Encode(&c))
		}
		one = strings.TrimSuffix(one, "}")
		want := `{"status":"success","status_code":200,"message":"Records retrieved successfully","data":[` + one + "," + one +
			`],"pagination":{"total":2,"per_page":20,"current_page":1,"last_page":1,"next_page_url":null,"prev_page_url":null}}`
		if diff := cmp.Diff(want, answer(http.MethodGet, "")); diff != "" {
			t.Fatalf("the list, not as create has it (-want +got):\n%s", diff)
		}
	})
}

// TestDecode looks at what of a body and of a query reaches the domain.
func TestDecode(t *testing.T) {
	t.Parallel()
	f := &fake{}
	put := func(body string) customer.Input {
		f.Write = records.Write{}
		ask(f, request(http.MethodPut, someCustomer, body))
		return f.Write.Input
	}
	sent := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	null, other := customer.Text{Sent: true, Null: true}, customer.Text{Sent: true, Other: true}
	for body, want := range map[string]customer.Input{
		`{}`: {},
		`{"customer_name":" Ada ","customer_email":null,"customer_phone":7,"customer_country":"gb","customer_type":[],"Customer_name":"x","customer_idNumber":"A1"}`: {
			FullName: sent(" Ada "), Email: null, Phone: other, Country: sent("gb"), Side: other,
		},
		`{"customer_address":null}`: {Number: null, Street: null, City: null, Region: null, Postal: null, AddressCountry: null},
		`{"customer_address":{"number":"5678","street":7,"country":"USA","Zipcode":"x"}}`: {
			Number: sent("5678"), Street: other, AddressCountry: sent("USA"),
		},
		`{"customer_address":{"city":"A","state":"B","zipcode":null}}`: {City: sent("A"), Region: sent("B"), Postal: null},
	} {
		want.Rules = yativo.Rules
		if diff := cmp.Diff(want, put(body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	for query, want := range map[string][2]string{
		"":                                {"20", "0"},
		"page=3":                          {"20", "40"},
		"per_page=7&page=2":               {"7", "7"},
		"per_page=1000":                   {"100", "0"},
		"page=&per_page=":                 {"20", "0"},
		"Page=3&take=1&skip=9&limit=1&=x": {"20", "0"},
	} {
		ask(f, request(http.MethodGet, "/api/v1/customer?"+query, ""))
		in := f.List.Input
		if got := [2]string{in.Take.Value, in.Skip.Value}; got != want || !f.List.Count || f.List.Cursor != "" {
			t.Errorf("%q: take and skip %v, want %v", query, got, want)
		}
	}
	ask(f, request(http.MethodGet, "/api/v1/customer?page=9999&cursor=c", ""))
	if f.List.Cursor != "c" || f.List.Input.Skip.Sent {
		t.Errorf("with a cursor: %q, skip %v", f.List.Cursor, f.List.Input.Skip)
	}
}

// FuzzCustomer sends any body through the wire, the domain and back: what the
// domain takes must come out as an answer whose data, sent as a body, changes nothing.
func FuzzCustomer(f *testing.F) {
	f.Add(`{"customer_name":"Test Customer","customer_email":"a@example.com","customer_phone":"+19203751411","customer_country":"USA"}`)
	f.Add(`{"customer_name":"A \u00e9 B","customer_email":"A@B.example","customer_phone":"+442071234567","customer_country":"gb","customer_type":"business","customer_address":{"number":"5","street":"<&>","city":"C","state":"S","zipcode":"1","country":"Nigeria"}}`)
	f.Add(`{"customer_name":"a","customer_name":"b"}`)
	f.Add("{\"customer_name\":\"\xff\"}")
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		svc := &fake{Reply: records.Reply{Body: []byte("{}")}}
		post := func(body string) (customer.Change, bool) {
			svc.Write = records.Write{}
			w := ask(svc, request(http.MethodPost, "/api/v1/customer", body))
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
		var first customer.Customer
		first.Status = customer.Active
		change.Apply(&first)
		encode := svc.Write.Encode
		wire := encode(&first)
		var answer struct{ Data json.RawMessage }
		if err := json.Unmarshal(wire, &answer); err != nil {
			t.Fatalf("our own answer %q: %v", wire, err)
		}
		again, ok := post(string(answer.Data))
		if !ok {
			t.Fatalf("our own answer %q is refused", wire)
		}
		second := first
		again.Apply(&second)
		if got := encode(&second); !bytes.Equal(wire, got) {
			t.Fatalf("not stable:\n%s\n%s", wire, got)
		}
	})
}

// FuzzQuery sends any query string: it is taken or refused, and what comes back is
// JSON whatever it was.
func FuzzQuery(f *testing.F) {
	f.Add("page=2&per_page=5")
	f.Add("page=1099511627776&cursor=x&per_page=100")
	f.Add("page=1&page=2&%zz=%ff&;&&=")
	f.Fuzz(func(t *testing.T, query string) {
		r := request(http.MethodGet, "/api/v1/customer", "")
		r.URL.RawQuery = query
		w := ask(&fake{Listed: records.ListResponse{Next: "next", Total: 1 << 40}}, r)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity:
		default:
			t.Fatalf("%q: %d", query, w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: %q", query, w.Body)
		}
	})
}

// TestWalkByCursor: what leads on from a page that a cursor gave is a cursor, whatever
// number the page was given, and it ends where the list does, not where a count that was
// taken later says.
func TestWalkByCursor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query string
		found records.ListResponse
		next  string // after the path
	}{
		{"page=1&cursor=c", records.ListResponse{Next: "n-_", Total: 90}, "?page=2&cursor=n-_"},
		{"cursor=c&per_page=5", records.ListResponse{Next: "n-_", Total: 90}, "?page=2&per_page=5&cursor=n-_"},
		{"page=900&cursor=c", records.ListResponse{Next: "n-_", Total: 90}, "?page=901&cursor=n-_"}, // many were deleted meanwhile
		{"page=1&cursor=c", records.ListResponse{Total: 90}, ""},
		{"page=1", records.ListResponse{Next: "n-_", Total: 90}, "?page=2"},
	}
	for _, tt := range tests {
		w := ask(&fake{Listed: tt.found}, request(http.MethodGet, "/api/v1/customer?"+tt.query, ""))
		var answer struct {
			Pagination struct {
				Next *string `json:"next_page_url"`
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		got := ""
		if answer.Pagination.Next != nil {
			_, got, _ = strings.Cut(*answer.Pagination.Next, "/api/v1/customer")
		}
		if w.Code != 200 || got != tt.next {
			t.Errorf("%s: %d, next %q, want %q", tt.query, w.Code, got, tt.next)
		}
	}
}
