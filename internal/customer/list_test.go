package customer_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/page"
)

func TestListDefaults(t *testing.T) {
	t.Parallel()
	got, problems := customer.ListInput{}.Parse(page.MaxSkip)
	if want := (customer.ListQuery{Take: 10}); got != want || problems != nil {
		t.Errorf("Find() = %#v, %v, want the newest 10", got, codes(problems))
	}
}

// A dialect may allow longer pages than the others have.
func TestListMaxTake(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		most int
		take string
		want int // 0: refused
	}{{0, "100", 100}, {0, "101", 0}, {1000, "1000", 1000}, {1000, "1001", 0}, {1000, "1", 1}, {20, "21", 0}} {
		got, problems := customer.ListInput{Take: sent(tt.take), MaxTake: tt.most}.Parse(0)
		if tt.want == 0 && len(problems) != 1 || tt.want != 0 && (problems != nil || got.Take != tt.want) {
			t.Errorf("take %s of at most %d: %d, %v", tt.take, tt.most, got.Take, codes(problems))
		}
	}
}

func TestListIntegers(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("9", 400)
	tests := []struct {
		value string
		take  string // the number, or the code of the problem
		skip  string
	}{
		{"1", "1", "1"},
		{"10", "10", "10"},
		{"100", "100", "100"},
		{"010", "10", "10"},
		{"10.0", "10", "10"},
		{"10." + strings.Repeat("0", 300), "10", "10"},
		{"0", "too_small", "0"},
		{"-0", "too_small", "0"},
		{"0.00", "too_small", "0"},
		{"-1", "too_small", "too_small"},
		{"-1.0", "too_small", "too_small"},
		{"101", "too_large", "101"},
		{"10000", "too_large", "10000"},
		{"10001", "too_large", "too_large"},
		{"9223372036854775807", "too_large", "too_large"},
		{"9223372036854775808", "too_large", "too_large"},
		{"18446744073709551617", "too_large", "too_large"}, // 1 in 64 bits
		{"4294967306", "too_large", "too_large"},           // 10 in 32 bits
		{"-9223372036854775809", "too_small", "too_small"},
		{"-18446744073709551606", "too_small", "too_small"}, // 10 in 64 bits
		{huge, "too_large", "too_large"},
		{huge + ".0", "too_large", "too_large"},
		{"-" + huge, "too_small", "too_small"},
	}
	for _, bad := range []string{"", "20.5", "0.5", "10.01", "10.", ".0", ".", "-", "-.0", "+10", "--1", "1-", "1e1", "1E1", "0x10",
		"10 ", " 10", "10\n", "1_0", "1,0", "ten", "NaN", "Infinity", "null", "10.0.0", "10.0-", "１０", "٣", "1\x002", "true"} {
		tests = append(tests, struct{ value, take, skip string }{bad, "not_number", "not_number"})
	}
	for _, tt := range tests {
		got, problems := customer.ListInput{Take: sent(tt.value)}.Parse(page.MaxSkip)
		if outcome(got.Take, codes(problems), "take ") != tt.take {
			t.Errorf("take=%.30q is %d, %v, want %s", tt.value, got.Take, codes(problems), tt.take)
		}
		got, problems = customer.ListInput{Skip: sent(tt.value)}.Parse(page.MaxSkip)
		if outcome(got.Skip, codes(problems), "skip ") != tt.skip {
			t.Errorf("skip=%.30q is %d, %v, want %s", tt.value, got.Skip, codes(problems), tt.skip)
		}
	}
	for _, odd := range []customer.Text{null, notText, {Sent: true, Null: true, Value: "5"}, {Sent: true, Other: true, Value: "5"}} {
		_, problems := customer.ListInput{Take: odd, Skip: odd}.Parse(page.MaxSkip)
		if diff := cmp.Diff([]string{"take not_number", "skip not_number"}, codes(problems)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", odd, diff)
		}
	}
}

func outcome(n int, problems []string, prefix string) string {
	if len(problems) == 0 {
		return strconv.Itoa(n)
	}
	return strings.TrimPrefix(strings.Join(problems, " and "), prefix)
}

func TestListMaxSkipIsASetting(t *testing.T) {
	t.Parallel()
	for _, most := range []int{0, 20_000, math.MaxInt} {
		got, problems := customer.ListInput{Skip: sent(strconv.Itoa(most))}.Parse(most)
		if got.Skip != most || problems != nil {
			t.Errorf("skip=%d of %d is %d, %v", most, most, got.Skip, codes(problems))
		}
	}
	if _, problems := (customer.ListInput{Skip: sent("20001")}).Parse(20_000); len(problems) != 1 {
		t.Errorf("skip=20001 of 20000 has problems %v", codes(problems))
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	name, mail := strings.Repeat("é", customer.MaxText), strings.Repeat("é", 255)
	tests := []struct {
		in       customer.ListInput
		want     customer.ListQuery
		problems []string
	}{
		{in: customer.ListInput{Status: sent("BLACKLISTED")}, want: customer.ListQuery{Filter: customer.Filter{Status: customer.Blacklisted}}},
		{in: customer.ListInput{Status: sent("DELETED")}, want: customer.ListQuery{Filter: customer.Filter{Status: customer.Deleted}}},
		{in: customer.ListInput{Status: sent("blacklisted")}, problems: []string{"status not_listed"}},
		{in: customer.ListInput{Status: sent("")}, problems: []string{"status not_listed"}},
		{in: customer.ListInput{Name: sent("\u3000De La \ufeff"), Email: sent(" @Gmail.com")},
			want: customer.ListQuery{Filter: customer.Filter{Name: "De La", Email: "@Gmail.com"}}},
		{in: customer.ListInput{Name: sent(""), Email: sent(" ")}},
		{in: customer.ListInput{Name: sent("%_"), Email: sent("not an address")},
			want: customer.ListQuery{Filter: customer.Filter{Name: "%_", Email: "not an address"}}},
		{in: customer.ListInput{Name: sent(" " + name), Email: sent(mail + " ")}, want: customer.ListQuery{Filter: customer.Filter{Name: name, Email: mail}}},
		{in: customer.ListInput{Name: sent(name + "e"), Email: sent(mail + "e")},
			problems: []string{"name too_long", "email too_long"}},
		{in: customer.ListInput{Email: sent("a b@x.example")}, problems: []string{"email space"}},
		{in: customer.ListInput{Email: sent(`"a b"@x.example`)}, want: customer.ListQuery{Filter: customer.Filter{Email: `"a b"@x.example`}}},
		{in: customer.ListInput{Name: null, Email: notText}, problems: []string{"name not_text", "email not_text"}},
		{in: customer.ListInput{Status: customer.Text{Sent: true, Other: true, Value: "ACTIVE"}}, problems: []string{"status not_listed"}},

		// The published refusal has both, in this order.
		{in: customer.ListInput{Skip: sent("-1"), Take: sent("150")}, problems: []string{"take too_large", "skip too_small"}},
		{
			in: customer.ListInput{Email: sent(mail + "e"), Name: sent(name + "e"), Status: sent("x"), Skip: sent("x"),
				Take: sent("0")},
			problems: []string{"take too_small", "skip not_number", "status not_listed", "name too_long", "email too_long"},
		},
	}
	for _, tt := range tests {
		got, problems := tt.in.Parse(page.MaxSkip)
		if diff := cmp.Diff(append([]string{}, tt.problems...), codes(problems)); diff != "" {
			t.Errorf("%+v: problems (-want +got):\n%s", tt.in, diff)
		}
		if tt.want.Take = 10; tt.problems == nil && got != tt.want {
			t.Errorf("%+v is take %d, skip %d, status %v, name %q, email %q", tt.in, got.Take, got.Skip, got.Status, got.Name, got.Email)
		}
	}
}

func TestListStaysWithinLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		number := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,30}(\.0{0,5})?`), rapid.String())
		in := customer.ListInput{Take: sent(number.Draw(rt, "take")), Skip: sent(number.Draw(rt, "skip")), Name: anyText().Draw(rt, "name")}
		got, problems := in.Parse(page.MaxSkip)
		if got.Take < 1 || got.Take > page.MaxTake || got.Skip < 0 || got.Skip > page.MaxSkip {
			rt.Fatalf("take %d, skip %d with problems %v", got.Take, got.Skip, codes(problems))
		}
	})
}
