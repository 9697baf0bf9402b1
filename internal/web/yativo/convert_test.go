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

// wireCustomer is the customer of the pages, for encoding/json to write.
type wireCustomer struct {
	ID         string       `json:"customer_id"`
	Name       *string      `json:"customer_name"`
	Email      *string      `json:"customer_email"`
	Phone      *string      `json:"customer_phone"`
	Country    *string      `json:"customer_country"`
	Address    *wireAddress `json:"customer_address"`
	VC         int          `json:"can_create_vc"`
	VA         int          `json:"can_create_va"`
	Status     string       `json:"customer_status"`
	Type       string       `json:"customer_type"`
	KYCStatus  string       `json:"customer_kyc_status"`
	KYCReason  *string      `json:"customer_kyc_reject_reason"`
	VerifiedAt *string      `json:"kyc_verified_date"`
	CreatedAt  *string      `json:"created_at"`
	UpdatedAt  *string      `json:"updated_at"`
}

type wireAddress struct {
	City    *string `json:"city"`
	State   *string `json:"state"`
	Zipcode *string `json:"zipcode"`
	Street  *string `json:"street"`
	Number  *string `json:"number"`
	Country *string `json:"country"`
}

type envelope struct {
	Status     string `json:"status"`
	StatusCode int    `json:"status_code"`
	Message    string `json:"message"`
	Data       any    `json:"data"`
	Pagination any    `json:"pagination,omitempty"`
}

func optional(s redact.Personal) *string {
	if s == "" {
		return nil
	}
	return new(s.Reveal())
}

func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02T15:04:05.000000Z"))
}

// wireOf follows the mapping tables, in other words than the program does.
func wireOf(c *customer.Customer, activeEarly bool) wireCustomer {
	w := wireCustomer{
		ID: c.ID.String(), Name: optional(c.Name()), Email: optional(c.Email),
		Phone: optional(redact.Personal(customer.E164(c.Phone.Reveal()))), Country: optional(c.Country),
		Status: "inactive", Type: "business", KYCReason: optional(c.KYC.Reason),
		KYCStatus: map[customer.KYCStatus]string{
			"": "not_started", "not_started": "not_started", "submitted": "pending", "manual_review": "pending",
			"under_review": "pending", "approved": "approved", "rejected": "rejected",
		}[c.KYC.Status],
		VerifiedAt: stamp(c.KYC.VerifiedAt), CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	if c.Type.String() == "Individual" {
		w.Type = "individual"
	}
	if c.Status.String() == "ACTIVE" {
		switch {
		case c.KYC.Status == "approved":
			w.Status, w.VC, w.VA = "active", 1, 1
		case activeEarly:
			w.Status = "active"
		default:
			w.Status = "pending"
		}
	}
	if a := c.Address; a.City+a.Region+a.PostalCode+a.Street+a.Number+a.Country != "" {
		w.Address = &wireAddress{optional(a.City), optional(a.Region), optional(a.PostalCode), optional(a.Street), optional(a.Number), optional(a.Country)}
		if a.Country == "" {
			w.Address.Country = w.Country
		}
	}
	return w
}

// library encodes with encoding/json, without what it does for HTML and, because
// JSON.stringify does not, without its escapes for U+2028 and U+2029.
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

// TestEncode compares each answer that shows a customer with what encoding/json makes
// of the same customer, byte for byte.
func TestEncode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCustomer(t)
		early := rapid.Bool().Draw(t, "active early")
		f := &fake{Fetched: c, Listed: records.ListResponse{Customers: []customer.Customer{c, c}, Total: 2}}
		answer := func(method, target string) string {
			w := ask(f, request(method, target, map[bool]string{true: "{}"}[method != http.MethodGet]),
				func(cfg *yativo.Config) { cfg.ActiveWithoutKYC = early })
			return w.Body.String()
		}
		compare := func(what, got string, want any) {
			if diff := cmp.Diff(library(t, want), got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", what, diff)
			}
		}
		wire := wireOf(&c, early)
		compare("fetch", answer(http.MethodGet, someCustomer), envelope{"success", 200, "Request successful", wire, nil})
		answer(http.MethodPost, "/api/v1/customer")
		compare("create", string(f.Write.Encode(&c)), envelope{"success", 201, "Customer created successfully", wire, nil})
		answer(http.MethodPut, someCustomer)
		compare("update", string(f.Write.Encode(&c)), envelope{"success", 200, "Customer updated successfully", wire, nil})
		compare("list", answer(http.MethodGet, "/api/v1/customer"), envelope{
			"success", 200, "Records retrieved successfully", []wireCustomer{wire, wire},
			struct {
				Total   int     `json:"total"`
				PerPage int     `json:"per_page"`
				Current int     `json:"current_page"`
				Last    int     `json:"last_page"`
				Next    *string `json:"next_page_url"`
				Prev    *string `json:"prev_page_url"`
			}{2, 20, 1, 1, nil, nil},
		})
	})
}

// TestEncodeKYC does the same for the state of the checks.
func TestEncodeKYC(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCustomer(t)
		wire := wireOf(&c, false)
		reasons := []string{}
		if wire.KYCReason != nil {
			reasons = append(reasons, *wire.KYCReason)
		}
		status := c.KYC.Status
		if status == "" {
			status = "not_started"
		}
		type bio struct {
			Status     string  `json:"customer_kyc_status"`
			VerifiedAt *string `json:"kyc_verified_date"`
		}
		want := envelope{"success", 200, "Request successful", struct {
			First    *string            `json:"first_name"`
			Last     *string            `json:"last_name"`
			Status   customer.KYCStatus `json:"status"`
			Reasons  []string           `json:"kyc_rejection_reasons"`
			Due      []string           `json:"kyc_requirements_due"`
			Bio      bio                `json:"bio_data"`
			Link     string             `json:"kyc_link"`
			Approved bool               `json:"is_va_approved"`
		}{
			optional(c.Given), optional(c.Family), status, reasons, []string{}, bio{wire.KYCStatus, wire.VerifiedAt},
			"https://kyc.yativo.com/" + wire.Type + "/" + wire.ID, c.KYC.Accounts,
		}, nil}
		got := ask(&fake{Fetched: c}, request(http.MethodGet, "/api/v1/customer/kyc/"+c.ID.String(), "")).Body.String()
		if diff := cmp.Diff(library(t, want), got); diff != "" {
			t.Fatalf("kyc (-want +got):\n%s", diff)
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
