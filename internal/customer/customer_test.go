package customer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// The numbers are in databases.
func TestEnums(t *testing.T) {
	t.Parallel()
	statuses := []string{"ACTIVE", "BLACKLISTED", "DEACTIVATED", "DELETED"}
	if diff := cmp.Diff(statuses, customer.StatusNames()); diff != "" {
		t.Errorf("StatusNames (-want +got):\n%s", diff)
	}
	for i, name := range statuses {
		s, ok := customer.ParseStatus(name)
		if !ok || int(s) != i+1 || s.String() != name {
			t.Errorf("ParseStatus(%q) = %d (%v), %t, want %d", name, uint8(s), s, ok, i+1)
		}
	}
	types := []string{"Individual", "Startup", "Small Business", "Medium Business", "Enterprise", "Non-Profit", "Government", "Business"}
	if diff := cmp.Diff(types, customer.TypeNames()); diff != "" {
		t.Errorf("TypeNames (-want +got):\n%s", diff)
	}
	for i, name := range types {
		s, ok := customer.ParseType(name)
		if !ok || int(s) != i+1 || s.String() != name {
			t.Errorf("ParseType(%q) = %d (%v), %t, want %d", name, uint8(s), s, ok, i+1)
		}
	}
	for _, name := range append(statuses, types...) {
		for _, wrong := range []string{strings.ToLower(name), " " + name, name + " ", name + "\x00", name[1:]} {
			if s, ok := customer.ParseStatus(wrong); ok {
				t.Errorf("ParseStatus(%q) = %v", wrong, s)
			}
			if s, ok := customer.ParseType(wrong); ok {
				t.Errorf("ParseType(%q) = %v", wrong, s)
			}
		}
	}
	if s, ok := customer.ParseType(strings.ToUpper("Individual")); ok {
		t.Errorf("ParseType of capitals = %v", s)
	}
	for _, n := range []uint8{0, 5, 9, 255} {
		if got := customer.Status(n).String(); got != "" {
			t.Errorf("Status(%d) is called %q", n, got)
		}
		if got := customer.Type(n).String(); got != "" && n != 5 {
			t.Errorf("Type(%d) is called %q", n, got)
		}
	}
	if customer.Active != 1 || customer.Blacklisted != 2 || customer.Deactivated != 3 || customer.Deleted != 4 ||
		customer.Individual != 1 || customer.Business != 8 {
		t.Error("the constants do not have their stored numbers")
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, family, want redact.Personal }{
		{"Ada", "Lovelace", "Ada Lovelace"}, {"Ada", "", "Ada"}, {"", "", ""},
	} {
		p := customer.Personal{Given: tt.given, Family: tt.family}
		if got := p.Name(); got != tt.want {
			t.Errorf("Name() = %q, want %q", got.Reveal(), tt.want.Reveal())
		}
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	if got := customer.Amount("").Number(); got != "0" {
		t.Errorf("Number() of nothing = %q, want 0", got)
	}
	if got := customer.Amount("12.50").Number(); got != "12.50" {
		t.Errorf("Number() = %q, want 12.50", got)
	}
}

// TestCustomerDoesNotPrint logs, prints and encodes a full customer, and the input it came from, in
// every way that comes to mind.
func TestCustomerDoesNotPrint(t *testing.T) {
	t.Parallel()
	secrets := []string{"Xanthippe", "Quibble", "xq@example.com", "+49-30-9018", "12345.67", "2001-02-03", "secretfield",
		"+49-30-9019", "Ruritania", "xq.png", "Nosy", "Hidden Lane", "Strelsau", "99999", "rejected", "forged", "2002-03-04"}
	var c customer.Customer
	unknown := append((&customer.Personal{Given: "Xanthippe", Family: "Quibble", Email: "xq@example.com", Phone: "+49-30-9018",
		Whatsapp: "+49-30-9019", Country: "Ruritania", Profile: "https://example.com/xq.png", CreatedBy: "Clerk Nosy",
		Address:   customer.Address{Street: "Hidden Lane", City: "Strelsau", PostalCode: "99999"},
		KYC:       customer.KYC{Status: customer.KYCRejected, Reason: "forged papers", VerifiedAt: time.Date(2002, 3, 4, 5, 6, 7, 0, time.UTC)},
		LastSpent: "12345.67", LastPurchase: time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)}).AppendBinary(nil), field(1009, "secretfield")...)
	if err := c.UnmarshalBinary(unknown); err != nil {
		t.Fatal(err)
	}
	c.ID, c.Seq, c.Type, c.Status = id.NewCustomer(), 7, customer.Business, customer.Active
	in := customer.Input{Given: sent("Xanthippe"), Family: sent("Quibble"), Email: sent("xq@example.com"), Phone: sent("+49-30-9018")}
	change, problems := in.Create()
	if problems != nil {
		t.Fatal(codes(problems))
	}
	_, refused := customer.Input{Given: sent(strings.Repeat("Xanthippe", 99)), Email: sent("xq@example.com Quibble"),
		Type: sent("secretfield"), Phone: sent("Xanthippe")}.Create()
	find := customer.ListInput{Name: sent("Quibble"), Email: sent("xq@example.com"), Status: sent("ACTIVE")}
	found, problems := find.Parse(0)
	if problems != nil {
		t.Fatal(codes(problems))
	}

	values := map[string]any{
		"customer": c, "pointer": &c, "personal": c.Personal, "personal pointer": &c.Personal, "amount": c.LastSpent, "address": c.Address, "kyc": &c.KYC,
		"list": []customer.Customer{c}, "pointers": []*customer.Customer{&c}, "map": map[string]customer.Customer{"a": c},
		"struct": struct {
			Page struct{ Customers []*customer.Customer }
		}{struct{ Customers []*customer.Customer }{[]*customer.Customer{&c}}},
		"embedded":  struct{ customer.Customer }{c},
		"interface": []any{c, &c, c.Given, c.Email, c.LastSpent},
		"input":     in, "input pointer": &in, "text": in.Given, "change": change, "change pointer": &change,
		"refused": fault.Validation(refused...), "fields": refused, "find input": find, "find": found, "find pointer": &found,
	}
	for name, v := range values {
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).With("w", v).Info("m", "v", v, slog.Group("g", "v", v), "err", fmt.Errorf("x: %v", v))
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%f"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out.Write(b)
		for _, secret := range secrets {
			for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
				strings.ReplaceAll(fmt.Sprintf("%#x", []byte(secret)), "0x", ""), strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(secret)), "[]byte{"), "}")} {
				if strings.Contains(out.String(), form) {
					t.Errorf("%s shows %q:\n%s", name, secret, out.String())
				}
			}
		}
	}
	if got, want := fmt.Sprintf("%+v", c), "customer "+c.ID.String(); got != want {
		t.Errorf("a customer prints as %q, want %q", got, want)
	}
	if got, want := fmt.Sprint(found), "take 10, skip 0, status ACTIVE, name ***, email ***"; got != want {
		t.Errorf("a list request prints as %q, want %q", got, want)
	}
	for text, want := range map[customer.Text]string{absent: "absent", null: "null", notText: "not text", sent("x"): "***"} {
		if got := fmt.Sprint(text); got != want {
			t.Errorf("a member prints as %q, want %q", got, want)
		}
	}
}
