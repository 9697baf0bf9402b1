package customer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/redact"
)

func TestGroupInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 256)
	tests := []struct {
		name, description  customer.Text
		create, update     []string
		kept, keptAsUpdate [2]string // after a create, and after an update of "old" and "older"
	}{
		{sent(" Premium "), sent(" Best "), nil, nil, [2]string{"Premium", "Best"}, [2]string{"Premium", "Best"}},
		{sent("Premium"), absent, nil, nil, [2]string{"Premium", ""}, [2]string{"Premium", "older"}},
		{sent("Premium"), null, nil, nil, [2]string{"Premium", ""}, [2]string{"Premium", ""}},
		{sent("Premium"), sent(" "), nil, nil, [2]string{"Premium", ""}, [2]string{"Premium", ""}},
		{sent(" " + long[2:] + " "), absent, nil, nil, [2]string{long[2:], ""}, [2]string{long[2:], "older"}},
		{name: absent, create: []string{"group_name required"}, keptAsUpdate: [2]string{"old", "older"}},
		{name: null, create: []string{"group_name required"}, update: []string{"group_name required"}},
		{name: sent("\t"), create: []string{"group_name required"}, update: []string{"group_name required"}},
		{name: notText, description: notText, create: []string{"group_name not_text", "group_description not_text"},
			update: []string{"group_name not_text", "group_description not_text"}},
		{name: sent(long), description: sent(long), create: []string{"group_name too_long", "group_description too_long"},
			update: []string{"group_name too_long", "group_description too_long"}},
	}
	for i, tt := range tests {
		in := customer.GroupInput{Name: tt.name, Description: tt.description}
		g, problems := in.Create()
		if diff := cmp.Diff(append([]string{}, tt.create...), codes(problems)); diff != "" {
			t.Errorf("create %d (-want +got):\n%s", i, diff)
		}
		if got := [2]string{g.Name.Reveal(), g.Description.Reveal()}; problems == nil && got != tt.kept {
			t.Errorf("create %d: %q, want %q", i, got, tt.kept)
		}
		change, problems := in.Update()
		if diff := cmp.Diff(append([]string{}, tt.update...), codes(problems)); diff != "" {
			t.Errorf("update %d (-want +got):\n%s", i, diff)
		}
		if problems != nil {
			continue
		}
		g = customer.Group{Name: "old", Description: "older"}
		change.Apply(&g)
		if got := [2]string{g.Name.Reveal(), g.Description.Reveal()}; got != tt.keptAsUpdate {
			t.Errorf("update %d: %q, want %q", i, got, tt.keptAsUpdate)
		}
	}
}

func TestGroupChange(t *testing.T) {
	t.Parallel()
	text := func(s string) *redact.Personal { return new(redact.Personal(s)) }
	for _, tt := range []struct {
		change customer.GroupChange
		want   []string
	}{
		{customer.GroupChange{}, nil},
		{customer.GroupChange{Name: text("a"), Description: text("b")}, nil},
		{customer.GroupChange{Name: text("x")}, []string{"group_name"}},
		{customer.GroupChange{Description: text("")}, []string{"group_description"}},
		{customer.GroupChange{Name: text("x"), Description: text("y")}, []string{"group_name", "group_description"}},
	} {
		g := customer.Group{Seq: 3, Name: "a", Description: "b"}
		if diff := cmp.Diff(tt.want, tt.change.Apply(&g)); diff != "" {
			t.Errorf("changed (-want +got):\n%s", diff)
		}
		if again := tt.change.Apply(&g); again != nil {
			t.Errorf("applied twice, it changes %v", again)
		}
	}
	changes := []customer.GroupChange{
		{}, {Name: text("a")}, {Description: text("a")}, {Name: text("")}, {Name: text("a"), Description: text("b")}, {Name: text("a\x02\x01b")},
	}
	for i, a := range changes {
		for j, b := range changes {
			if got := bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil)); got != (i == j) {
				t.Errorf("changes %d and %d have equal fingerprints: %t", i, j, got)
			}
		}
	}
}

// A group comes back as it was, with what a newer release put into it.
func TestGroupCodec(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := customer.Group{Name: redact.Personal(rapid.String().Draw(rt, "name")), Description: redact.Personal(rapid.String().Draw(rt, "description"))}
		b := g.AppendBinary(nil)
		if rapid.Bool().Draw(rt, "newer") {
			b = append(append(b, field(7, "new")...), field(300, "newer")...)
		}
		var got customer.Group
		if err := got.UnmarshalBinary(b); err != nil {
			rt.Fatal(err)
		}
		if got.Name != g.Name || got.Description != g.Description {
			rt.Errorf("comes back as %q, %q", got.Name.Reveal(), got.Description.Reveal())
		}
		if again := got.AppendBinary(nil); !bytes.Equal(again, b) {
			rt.Errorf("%x is written back as %x", b, again)
		}
	})
}
