package page_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
)

func ExampleCursor() {
	last := page.Cursor{List: "devdraft customer.list", At: 1_763_640_000_000, Seq: 42}
	b, _ := last.MarshalBinary() // what is encrypted and given out

	var next page.Cursor
	if err := next.UnmarshalBinary(b); err != nil {
		fmt.Println(err)
	}
	fmt.Println(next.List, next.At, next.Seq)
	fmt.Println(next.UnmarshalBinary(b[1:]))
	// Output:
	// devdraft customer.list 1763640000000 42
	// invalid: bad_cursor
}

func TestCursorComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := page.Cursor{
			List: rapid.StringN(-1, -1, 255).Draw(rt, "list"),
			At:   rapid.Int64().Draw(rt, "at"),
			Seq:  rapid.Int64Min(0).Draw(rt, "seq"),
			ID:   [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id")),
		}
		if rapid.Bool().Draw(rt, "led") {
			want.Lead = rapid.Int64Min(1).Draw(rt, "lead")
		}
		if rapid.Bool().Draw(rt, "ranked") {
			want.Rank = &page.Rank{Exact: rapid.Bool().Draw(rt, "exact"), Bought: rapid.Int64().Draw(rt, "bought")}
		}
		want.Filter = rapid.SliceOf(rapid.Byte()).Draw(rt, "filter")
		b, err := want.MarshalBinary()
		if err != nil {
			rt.Fatalf("MarshalBinary = %v", err)
		}
		got := page.Cursor{List: "x", Filter: []byte{9}, At: -9, Seq: 9, ID: [16]byte{9}, Lead: 9, Rank: &page.Rank{Bought: 9}} // all of it has to be replaced
		err = got.UnmarshalBinary(b)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("UnmarshalBinary = %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestCursorMalformed(t *testing.T) {
	t.Parallel()
	good, err := page.Cursor{List: "a list", At: math.MaxInt64, Seq: math.MaxInt64}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{nil}
	for n := range good {
		bad = append(bad, good[:n])
	}
	led, err := page.Cursor{List: "a list", Lead: 1}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 33 + 8 + 1 + len("a list") {
		bad = append(bad, led[:n])
	}
	unled := bytes.Clone(led)
	unled[40] = 0
	bad = append(bad, unled)
	for _, version := range []byte{0, 1, 5, 255} {
		b := bytes.Clone(good)
		b[0] = version
		bad = append(bad, b)
	}
	ranked, err := page.Cursor{List: "a list", Rank: &page.Rank{}}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 33 + 8 + 1 + 8 + 1 + len("a list") {
		bad = append(bad, ranked[:n])
	}
	unexact, unled := bytes.Clone(ranked), bytes.Clone(ranked)
	unexact[41], unled[33] = 2, 0x80
	bad = append(bad, unexact, unled)
	negative := bytes.Clone(good)
	negative[9] |= 0x80 // the sign of Seq
	bad = append(bad, negative)

	for _, b := range bad {
		before := page.Cursor{List: "another", At: 7, Seq: 7}
		c := before
		err := c.UnmarshalBinary(b)
		if !errors.Is(err, page.ErrCursor) || !errors.Is(err, fault.Invalid) {
			t.Errorf("UnmarshalBinary(%x) = %v, want %v", b, err, page.ErrCursor)
		}
		if diff := cmp.Diff(before, c); diff != "" {
			t.Errorf("UnmarshalBinary(%x) failed and changed (-before +after):\n%s", b, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if page.DefaultTake != 10 || page.MaxTake != 100 || page.MaxSkip != 10_000 {
		t.Errorf("take %d to %d, skip to %d; published are 10 to 100 and 10000", page.DefaultTake, page.MaxTake, page.MaxSkip)
	}
}

func FuzzCursor(f *testing.F) {
	b, err := page.Cursor{List: "x", Filter: []byte{1}, At: -1, Seq: 1}.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{2}, 40))
	f.Add(bytes.Repeat([]byte{0xff}, 33))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c page.Cursor
		err := c.UnmarshalBinary(b)
		if err != nil {
			if !errors.Is(err, page.ErrCursor) {
				t.Fatalf("UnmarshalBinary(%x) = %v", b, err)
			}
			return
		}
		if again, err := c.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x comes back as %x, %v", b, again, err)
		}
	})
}
