package customer_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
)

// What a member of a request may be.
var (
	absent  = customer.Text{}
	null    = customer.Text{Sent: true, Null: true}
	notText = customer.Text{Sent: true, Other: true}
)

func sent(s string) customer.Text { return customer.Text{Sent: true, Value: s} }

// valid is the documented example of a create request.
func valid() customer.Input {
	return customer.Input{
		Given: sent("John"), Family: sent("Doe"), Email: sent("john.doe@example.com"), Phone: sent("+1-555-123-4567"),
		Type: sent("Individual"), Status: sent("ACTIVE"),
	}
}

// codes gives problems as "path code".
func codes(problems []fault.Field) []string {
	out := []string{}
	for _, p := range problems {
		out = append(out, p.Path+" "+p.Code)
	}
	return out
}

// plain gives a change as text: nil for what it leaves alone.
type plain struct{ Given, Family, Email, Phone, Type, Status *string }

func plainly(c customer.Change) plain {
	text := func(p *redact.Personal) *string {
		if p == nil {
			return nil
		}
		return new(p.Reveal())
	}
	out := plain{Given: text(c.Given), Family: text(c.Family), Email: text(c.Email), Phone: text(c.Phone)}
	if c.Type != nil {
		out.Type = new(c.Type.String())
	}
	if c.Status != nil {
		out.Status = new(c.Status.String())
	}
	return out
}

// The spaces that JavaScript trims, and some that look as if it did.
const (
	spaces = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
	signs  = "\u0085\u180e\u200b\u200c\u200d\u2060\u00ad"
)

func TestTrim(t *testing.T) {
	t.Parallel()
	for _, r := range spaces {
		if got := customer.Trim(string(r) + "a" + string(r) + "b" + string(r)); got != "a"+string(r)+"b" {
			t.Errorf("Trim around %U = %q", r, got)
		}
	}
	for _, r := range signs {
		if got := customer.Trim(string(r)); got != string(r) {
			t.Errorf("Trim(%U) = %q, but JavaScript keeps it", r, got)
		}
	}
	if got := customer.Trim(spaces); got != "" {
		t.Errorf("Trim of all spaces = %q", got)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	got, problems := valid().Create()
	want := plain{new("John"), new("Doe"), new("john.doe@example.com"), new("+1-555-123-4567"), new("Individual"), new("ACTIVE")}
	if diff := cmp.Diff(want, plainly(got)); diff != "" || problems != nil {
		t.Errorf("Create: %v (-want +got):\n%s", codes(problems), diff)
	}

	// What is required, and nothing else: the defaults come in.
	in := customer.Input{Given: sent("John"), Family: sent("Doe"), Phone: sent("+15551234567")}
	for _, none := range []customer.Text{absent, null} {
		in.Email, in.Type, in.Status = none, none, none
		got, problems = in.Create()
		want = plain{new("John"), new("Doe"), nil, new("+15551234567"), new("Individual"), new("ACTIVE")}
		if diff := cmp.Diff(want, plainly(got)); diff != "" || problems != nil {
			t.Errorf("Create with optional members %v: %v (-want +got):\n%s", none, codes(problems), diff)
		}
	}
}

// TestMembers sends one member as something else, in an otherwise good create request and alone in
// an update, and wants the value that is kept or the code of the problem.
func TestMembers(t *testing.T) {
	t.Parallel()
	const same = "\x00the same" // an update says what a create says
	name := strings.Repeat("é", 100)
	tests := []struct {
		path   string
		send   customer.Text
		value  string // kept, if there is no problem
		create string // code of the problem
		update string
	}{
		// Names.
		{"given_name", absent, "", "required", ""},
		{"given_name", null, "", "required", same},
		{"given_name", notText, "", "not_text", same},
		{"given_name", sent(""), "", "required", same},
		{"given_name", sent(spaces), "", "required", same},
		{"given_name", sent("\ufeff \u3000Ada\u00a0\n"), "Ada", "", same},
		{"given_name", sent("  Mary  Ann "), "Mary  Ann", "", same},
		{"given_name", sent("J"), "J", "", same},
		{"given_name", sent(name), name, "", same},
		{"given_name", sent(" " + name + "\t"), name, "", same},
		{"given_name", sent(name + "é"), "", "too_long", same},
		{"given_name", sent(strings.Repeat("e\u0301", 50)), strings.Repeat("e\u0301", 50), "", same},
		{"given_name", sent(strings.Repeat("e\u0301", 51)), "", "too_long", same},
		{"given_name", sent(strings.Repeat("👩", 100)), strings.Repeat("👩", 100), "", same},
		{"given_name", sent(strings.Repeat("👩", 101)), "", "too_long", same},
		{"given_name", sent("O'Brien-Ñandú <b>%_"), "O'Brien-Ñandú <b>%_", "", same},
		{"given_name", customer.Text{Sent: true, Null: true, Value: "x"}, "", "required", same},
		{"family_name", absent, "", "required", ""},
		{"family_name", null, "", "required", same},
		{"family_name", notText, "", "not_text", same},
		{"family_name", sent("\u2003"), "", "required", same},
		{"family_name", sent("李\ufeff"), "李", "", same},
		{"family_name", sent(name), name, "", same},
		{"family_name", sent(name + "x"), "", "too_long", same},

		// E-mail: null is none in a create request, and clears in an update.
		{"email", absent, "", "", ""},
		{"email", null, "", "", same},
		{"email", notText, "", "not_text", same},
		{"email", sent(""), "", "invalid", same},
		{"email", sent(" \ufeff"), "", "invalid", same},
		{"email", sent("nobody"), "", "invalid", same},
		{"email", sent("\u00a0John.DOE@Example.COM\n"), "john.doe@example.com", "", same},
		{"email", sent("ÄNNE@EXAMPLE.com"), "änne@example.com", "", same},
		{"email", sent(mail(64, 190)), mail(64, 190), "", same}, // 255 in all
		{"email", sent(" " + mail(64, 190) + " "), mail(64, 190), "", same},
		{"email", sent(mail(64, 191)), "", "too_long", same},
		{"email", sent(mail(65, 100)), "", "invalid", same},
		{"email", sent(strings.Repeat("x", 256)), "", "too_long", same},
		{"email", sent(strings.Repeat("Ⱥ", 21) + "@b.com"), strings.Repeat("ⱥ", 21) + "@b.com", "", same}, // 42 bytes become 63
		{"email", sent(strings.Repeat("Ⱥ", 22) + "@b.com"), "", "invalid", same},                          // 44 become 66

		// Phone.
		{"phone", absent, "", "required", ""},
		{"phone", null, "", "required", same},
		{"phone", notText, "", "not_text", same},
		{"phone", sent(""), "", "required", same},
		{"phone", sent("\t"), "", "required", same},
		{"phone", sent(" +1 (555) 123-4567\n"), "+1 (555) 123-4567", "", same},
		{"phone", sent("+1 (555) 123 - 45-67"), "+1 (555) 123 - 45-67", "", same}, // 20
		{"phone", sent("+1 (555) 123  - 45-67"), "", "too_long", same},            // 21
		{"phone", sent("call me"), "", "invalid", same},
		{"phone", sent(strings.Repeat("x", 21)), "", "too_long", same},

		// Type and status: exact, and not trimmed.
		{"type", absent, "Individual", "", ""},
		{"type", null, "Individual", "", "not_listed"},
		{"type", notText, "", "not_listed", same},
		{"type", sent(""), "", "not_listed", same},
		{"type", sent("Business"), "Business", "", same},
		{"type", sent("Small Business"), "Small Business", "", same},
		{"type", sent("business"), "", "not_listed", same},
		{"type", sent(" Business"), "", "not_listed", same},
		{"type", sent("Non-profit"), "", "not_listed", same},
		{"type", sent("1"), "", "not_listed", same},
		{"status", absent, "ACTIVE", "", ""},
		{"status", null, "ACTIVE", "", "not_listed"},
		{"status", notText, "", "not_listed", same},
		{"status", sent(""), "", "not_listed", same},
		{"status", sent("DELETED"), "DELETED", "", same},
		{"status", sent("Active"), "", "not_listed", same},
		{"status", sent("ACTIVE "), "", "not_listed", same},
		{"status", sent("SUSPENDED"), "", "not_listed", same},
	}
	for _, tt := range tests {
		in := valid()
		*member(&in, tt.path) = tt.send
		change, problems := in.Create()
		check(t, "Create", tt.path, tt.send.Value, tt.value, tt.create, change, problems)

		update := tt.update
		if update == same {
			update = tt.create
		}
		var alone customer.Input
		*member(&alone, tt.path) = tt.send
		change, problems = alone.Update()
		if !tt.send.Sent {
			if diff := cmp.Diff(plain{}, plainly(change)); diff != "" || problems != nil {
				t.Errorf("Update without anything: %v (-want +got):\n%s", codes(problems), diff)
			}
			continue
		}
		check(t, "Update", tt.path, tt.send.Value, tt.value, update, change, problems)
		if n := set(change); update == "" && n != 1 || update != "" && n != 0 {
			t.Errorf("Update of %s as %q touches %d fields", tt.path, tt.send.Value, n)
		}
	}
}

func check(t *testing.T, call, path, in, value, code string, change customer.Change, problems []fault.Field) {
	t.Helper()
	want := []string{}
	if code != "" {
		want = append(want, path+" "+code)
	}
	if diff := cmp.Diff(want, codes(problems)); diff != "" {
		t.Errorf("%s with %s %q: problems (-want +got):\n%s", call, path, in, diff)
		return
	}
	if code != "" {
		return
	}
	p := plainly(change)
	got := map[string]*string{"given_name": p.Given, "family_name": p.Family, "email": p.Email, "phone": p.Phone,
		"type": p.Type, "status": p.Status}[path]
	if got == nil && value == "" && call == "Create" {
		return
	}
	if got == nil || *got != value {
		t.Errorf("%s with %s %q keeps %v, want %q", call, path, in, got, value)
	}
}

// member finds the member of a request by its path.
func member(in *customer.Input, path string) *customer.Text {
	return map[string]*customer.Text{"given_name": &in.Given, "family_name": &in.Family, "email": &in.Email,
		"phone": &in.Phone, "type": &in.Type, "status": &in.Status}[path]
}

func set(c customer.Change) (n int) {
	p := plainly(c)
	for _, s := range []*string{p.Given, p.Family, p.Email, p.Phone, p.Type, p.Status} {
		if s != nil {
			n++
		}
	}
	return n
}

// mail makes an address of a local part and a domain of these lengths.
func mail(local, domain int) string {
	s := strings.Repeat("a", local) + "@"
	for domain > 63 {
		s += strings.Repeat("b", min(60, domain-4)) + "."
		domain -= min(60, domain-4) + 1
	}
	if domain < 4 {
		panic("no room for a top-level domain")
	}
	return s + strings.Repeat("b", domain-4) + ".com"
}

func TestUpdateNullClearsEmailOnly(t *testing.T) {
	t.Parallel()
	in := customer.Input{Given: null, Family: null, Email: null, Phone: null, Type: null, Status: null}
	change, problems := in.Update()
	if diff := cmp.Diff(plain{Email: new("")}, plainly(change)); diff != "" {
		t.Errorf("Update (-want +got):\n%s", diff)
	}
	want := []string{"given_name required", "family_name required", "phone required", "type not_listed", "status not_listed"}
	if diff := cmp.Diff(want, codes(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// The published example of a refused request has all three of its problems at once, in this order.
func TestProblemsAreToldInOrder(t *testing.T) {
	t.Parallel()
	in := customer.Input{
		Status: sent("x"), Type: sent("x"), Phone: sent(strings.Repeat("1", 21)), Email: sent("x"),
		Family: sent(strings.Repeat("x", 101)), Given: sent(" "),
	}
	want := []string{"given_name required", "family_name too_long", "email invalid", "phone too_long", "type not_listed",
		"status not_listed"}
	for call, f := range map[string]func() (customer.Change, []fault.Field){"Create": in.Create, "Update": in.Update} {
		_, problems := f()
		if diff := cmp.Diff(want, codes(problems)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", call, diff)
		}
	}
	_, problems := customer.Input{}.Create()
	if diff := cmp.Diff([]string{"given_name required", "family_name required", "phone required"}, codes(problems)); diff != "" {
		t.Errorf("Create of nothing: problems (-want +got):\n%s", diff)
	}
}

func anyText() *rapid.Generator[customer.Text] {
	value := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "Ada", "ada@example.com", "+1 555 123", "ACTIVE",
		"Business", strings.Repeat("x", 101), strings.Repeat("1", 21), strings.Repeat("é", 256), "İ@example.com", "\xff"}))
	return rapid.Custom(func(rt *rapid.T) customer.Text {
		switch rapid.IntRange(0, 5).Draw(rt, "what") {
		case 0:
			return absent
		case 1:
			return null
		case 2:
			return notText
		}
		return sent(value.Draw(rt, "value"))
	})
}

func anyInput() *rapid.Generator[customer.Input] {
	return rapid.Custom(func(rt *rapid.T) (in customer.Input) {
		for _, path := range []string{"given_name", "family_name", "email", "phone", "type", "status"} {
			*member(&in, path) = anyText().Draw(rt, path)
		}
		return in
	})
}

func TestInputProperties(t *testing.T) {
	t.Parallel()
	order := map[string]int{"given_name": 1, "family_name": 2, "email": 3, "phone": 4, "type": 5, "status": 6}
	rapid.Check(t, func(rt *rapid.T) {
		in := anyInput().Draw(rt, "in")
		created, problems := in.Create()
		updated, updateProblems := in.Update()
		for _, list := range [][]fault.Field{problems, updateProblems} {
			last := 0
			for _, p := range list {
				if order[p.Path] <= last {
					rt.Fatalf("problems %v are out of order, or two are of one field", codes(list))
				}
				last = order[p.Path]
				if p.Message == "" || len(p.Message) > 40 {
					rt.Fatalf("message %q does not fit path and code", p.Message)
				}
			}
		}
		if len(problems) == 0 {
			p := plainly(created)
			if p.Given == nil || p.Family == nil || p.Phone == nil || p.Type == nil || p.Status == nil {
				rt.Fatalf("Create without problems left out a required field or a default: %+v", p)
			}
		}
		// What is kept is valid as it is and comes out unchanged, so that a client may send back what it got.
		for _, c := range []customer.Change{created, updated} {
			p := plainly(c)
			again := customer.Input{}
			for path, s := range map[string]*string{"given_name": p.Given, "family_name": p.Family, "email": p.Email,
				"phone": p.Phone, "type": p.Type, "status": p.Status} {
				switch {
				case s == nil:
				case *s == "": // a cleared address
					*member(&again, path) = null
				default:
					*member(&again, path) = sent(*s)
				}
			}
			second, problems := again.Update()
			if diff := cmp.Diff(p, plainly(second)); diff != "" || problems != nil {
				rt.Fatalf("what was kept does not pass: %v (-first +second):\n%s", codes(problems), diff)
			}
			if p.Given != nil && (*p.Given == "" || customer.Trim(*p.Given) != *p.Given || utf8.RuneCountInString(*p.Given) > 100) {
				rt.Fatalf("kept the given name %q", *p.Given)
			}
		}
	})
}
