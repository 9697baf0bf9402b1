package customer_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

func someone() customer.Customer {
	return customer.Customer{
		ID: id.Customer{1}, Seq: 7,
		Personal: customer.Personal{Given: "Ada", Family: "Lovelace", Email: "ada@example.com", Phone: "+44",
			LastSpent: "1.50", LastPurchase: time.UnixMilli(5)},
		Type: customer.Individual, Status: customer.Active,
		CreatedAt: time.UnixMilli(1), UpdatedAt: time.UnixMilli(2),
	}
}

// everything is a customer as text, since it does not print itself.
func everything(c customer.Customer) []string {
	return append(fields(&c.Personal), c.ID.String(), time.Duration(c.Seq).String(), c.Type.String(), c.Status.String(),
		c.CreatedAt.String(), c.UpdatedAt.String())
}

func TestApply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change customer.Change
		want   []string
		after  func(c *customer.Customer)
	}{
		{"nothing", customer.Change{}, nil, func(*customer.Customer) {}},
		{"one", customer.Change{Given: new(redact.Personal("Augusta"))}, []string{"given_name"},
			func(c *customer.Customer) { c.Given = "Augusta" }},
		{"the same", customer.Change{Given: new(redact.Personal("Ada")), Email: new(redact.Personal("ada@example.com")),
			Type: new(customer.Individual), Status: new(customer.Active)}, nil, func(*customer.Customer) {}},
		{"clears the address", customer.Change{Email: new(redact.Personal(""))}, []string{"email"},
			func(c *customer.Customer) { c.Email = "" }},
		{"case counts", customer.Change{Family: new(redact.Personal("LOVELACE"))}, []string{"family_name"},
			func(c *customer.Customer) { c.Family = "LOVELACE" }},
		{"some of many", customer.Change{Status: new(customer.Deleted), Phone: new(redact.Personal("+44")),
			Given: new(redact.Personal("A")), Type: new(customer.Business)}, []string{"given_name", "type", "status"},
			func(c *customer.Customer) { c.Given, c.Type, c.Status = "A", customer.Business, customer.Deleted }},
		{"all", customer.Change{Given: new(redact.Personal("A")), Family: new(redact.Personal("B")), Email: new(redact.Personal("c@d.ef")),
			Phone: new(redact.Personal("12")), Type: new(customer.Business), Status: new(customer.Blacklisted)},
			[]string{"given_name", "family_name", "email", "phone", "type", "status"},
			func(c *customer.Customer) {
				c.Given, c.Family, c.Email, c.Phone, c.Type, c.Status = "A", "B", "c@d.ef", "12", customer.Business, customer.Blacklisted
			}},
	}
	for _, tt := range tests {
		got, want := someone(), someone()
		tt.after(&want)
		if diff := cmp.Diff(tt.want, tt.change.Apply(&got)); diff != "" {
			t.Errorf("%s: changed fields (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(everything(want), everything(got)); diff != "" {
			t.Errorf("%s: customer (-want +got):\n%s", tt.name, diff)
		}
		if again := tt.change.Apply(&got); again != nil {
			t.Errorf("%s: applied twice, it changes %v", tt.name, again)
		}
	}
}

// A field that a later change adds to Change must be named when it becomes different: the audit log
// says what was changed. What is named once is not named when it is written again.
func TestApplyNamesEveryField(t *testing.T) {
	t.Parallel()
	named := map[string]string{}
	for field := range reflect.TypeFor[customer.Change]().Fields() {
		value := reflect.New(field.Type.Elem())
		switch v := value.Interface().(type) {
		case *redact.Personal:
			*v = "Another Value"
		case *customer.KYC:
			v.Accounts = true
		case *int64:
			*v = 7
		case *customer.Type:
			*v = customer.Business
		default:
			value.Elem().SetUint(2) // another side, another status
		}
		var change customer.Change
		reflect.ValueOf(&change).Elem().FieldByIndex(field.Index).Set(value)
		c := someone()
		changed := change.Apply(&c)
		if len(changed) == 0 {
			t.Errorf("%s changed and is not named", field.Name)
		}
		if again := change.Apply(&c); again != nil {
			t.Errorf("%s, written again, changes %q", field.Name, again)
		}
		if len(changed) == 1 {
			named[changed[0]] += field.Name + " "
		}
	}
	for path, fields := range named {
		if strings.Count(fields, " ") > 2 { // type and side, street and line 1
			t.Errorf("%s all have the name %s", fields, path)
		}
	}
}

// A create request that spells the defaults out is the same request as one that leaves them out, and
// so are requests that differ only in what is trimmed or lowered.
func TestSameChangeSameFingerprint(t *testing.T) {
	t.Parallel()
	in := valid()
	spelled, _ := in.Create()
	in.Type, in.Status, in.Email, in.Given = absent, null, sent(" JOHN.DOE@EXAMPLE.COM"), sent("John\t")
	short, _ := in.Create()
	if a, b := spelled.AppendBinary(nil), short.AppendBinary(nil); !bytes.Equal(a, b) {
		t.Errorf("%x and %x differ", a, b)
	}
}

// Changes that are alike in all but one thing, or whose texts imitate the encoding.
func TestFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	text := func(s string) *redact.Personal { return new(redact.Personal(s)) }
	changes := []customer.Change{
		{}, {Given: text("a")}, {Family: text("a")}, {Email: text("a")}, {Phone: text("a")}, {Email: text("")}, {Given: text("A")},
		{Type: new(customer.Individual)}, {Type: new(customer.Business)}, {Status: new(customer.Active)}, {Status: new(customer.Deleted)},
		{Type: new(customer.Individual), Status: new(customer.Active)}, {Given: text("aT\x01")},
		{Given: text("a"), Type: new(customer.Individual)}, {Given: text("a"), Family: text("b")}, {Given: text("a\x02\x01b")},
	}
	// A length that were cut to one byte, or to two, would let one text pass for two.
	for _, n := range []int{1<<8 - 3, 1<<16 - 3} {
		tail := strings.Repeat("b", n)
		changes = append(changes, customer.Change{Given: text("a"), Family: text(tail)},
			customer.Change{Given: text("a\x02" + string(binary.AppendUvarint(nil, uint64(n))) + tail)},
			customer.Change{Given: text("a\x02" + string(binary.BigEndian.AppendUint16(nil, uint16(n))) + tail)})
	}
	for i, a := range changes {
		for j, b := range changes {
			if got := bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil)); got != (i == j) {
				t.Errorf("changes %d and %d have equal fingerprints: %t", i, j, got)
			}
		}
	}
}

// A field that a later change adds to Change must not be left out of the fingerprint.
func TestFingerprintHasEveryField(t *testing.T) {
	t.Parallel()
	seen := map[string]string{string(customer.Change{}.AppendBinary(nil)): "nothing"}
	for field := range reflect.TypeFor[customer.Change]().Fields() {
		for n := range 2 {
			value := reflect.New(field.Type.Elem())
			switch v := value.Interface().(type) {
			case *redact.Personal:
				*v = []redact.Personal{"", "a"}[n]
			case *customer.KYC:
				v.Accounts = n == 1
			case *int64:
				*v = int64(n)
			default:
				value.Elem().SetUint(uint64(n + 1))
			}
			var change customer.Change
			reflect.ValueOf(&change).Elem().FieldByIndex(field.Index).Set(value)
			b := string(change.AppendBinary(nil))
			if other, taken := seen[b]; taken {
				t.Errorf("%s set to its value %d has the fingerprint of %s", field.Name, n, other)
			}
			seen[b] = field.Name
		}
	}
}

func TestFingerprintEqualIffChangeEqual(t *testing.T) {
	t.Parallel()
	// Texts that look like the encoding of others, and are few, so that equal changes come up.
	text := rapid.SampledFrom([]string{"", "a", "\x02\x01a", "a\x02\x00", "T\x01", "S\x01", string(make([]byte, 256)), string(make([]byte, 65_536+1))})
	change := rapid.Custom(func(rt *rapid.T) (c customer.Change) {
		for i, p := range []**redact.Personal{&c.Given, &c.Family, &c.Email, &c.Phone} {
			if rapid.Bool().Draw(rt, "set") {
				*p = new(redact.Personal(text.Draw(rt, "text "+string(rune('0'+i)))))
			}
		}
		if rapid.Bool().Draw(rt, "set") {
			c.Type = new(customer.Type(rapid.Uint8Range(1, 3).Draw(rt, "type")))
		}
		if rapid.Bool().Draw(rt, "set") {
			c.Status = new(customer.Status(rapid.Uint8Range(1, 3).Draw(rt, "status")))
		}
		return c
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := change.Draw(rt, "a"), change.Draw(rt, "b")
		if rapid.Bool().Draw(rt, "nearly the same") {
			b = a
			b.Phone = change.Draw(rt, "phone").Phone
		}
		same := cmp.Equal(plainly(a), plainly(b))
		if got := bytes.Equal(a.AppendBinary(nil), b.AppendBinary([]byte{})); got != same {
			rt.Fatalf("the changes are equal: %t, the fingerprints: %t\n%s", same, got, cmp.Diff(plainly(a), plainly(b)))
		}
		if got := a.AppendBinary([]byte("before")); !bytes.Equal(got, append([]byte("before"), a.AppendBinary(nil)...)) {
			rt.Fatalf("AppendBinary does not append: %x", got)
		}
	})
}
