package page_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
)

func ExampleCursor() {
	last := page.Cursor{CreatedAt: 1_763_640_000_000, Seq: 42}
	b, _ := last.MarshalBinary() // what is sealed and given out

	var next page.Cursor
	if err := next.UnmarshalBinary(b); err != nil {
		fmt.Println(err)
	}
	fmt.Println(next.CreatedAt, next.Seq)
	fmt.Println(next.UnmarshalBinary(b[1:]))
	// Output:
	// 1763640000000 42
	// invalid: bad_cursor
}

func TestCursorComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := page.Cursor{
			CreatedAt: rapid.Int64().Draw(rt, "created"),
			Seq:       rapid.Int64Min(0).Draw(rt, "seq"),
		}
		want.Filter = rapid.SliceOf(rapid.Byte()).Draw(rt, "filter")
		b, err := want.MarshalBinary()
		if err != nil || len(b) != 17+len(want.Filter) {
			rt.Fatalf("MarshalBinary = %d bytes, %v, want %d", len(b), err, 17+len(want.Filter))
		}
		got := page.Cursor{Filter: []byte{9}, CreatedAt: -9, Seq: 9} // all of it has to be replaced
		if err := got.UnmarshalBinary(b); err != nil || got.CreatedAt != want.CreatedAt || got.Seq != want.Seq || !bytes.Equal(got.Filter, want.Filter) {
			rt.Fatalf("UnmarshalBinary = %v, %v, want %v", got, err, want)
		}
	})
}

func TestCursorMalformed(t *testing.T) {
	t.Parallel()
	good, err := page.Cursor{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{nil}
	for n := range good {
		bad = append(bad, good[:n])
	}
	for _, version := range []byte{0, 2, 255} {
		b := bytes.Clone(good)
		b[0] = version
		bad = append(bad, b)
	}
	negative := bytes.Clone(good)
	negative[9] |= 0x80 // the sign of Seq
	bad = append(bad, negative)

	for _, b := range bad {
		before := page.Cursor{CreatedAt: 7, Seq: 7}
		c := before
		err := c.UnmarshalBinary(b)
		if !errors.Is(err, page.ErrCursor) || !errors.Is(err, fault.Invalid) {
			t.Errorf("UnmarshalBinary(%x) = %v, want %v", b, err, page.ErrCursor)
		}
		if c.CreatedAt != before.CreatedAt || c.Seq != before.Seq {
			t.Errorf("UnmarshalBinary(%x) failed and left %v", b, c)
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
	b, err := page.Cursor{Filter: []byte{1}, CreatedAt: -1, Seq: 1}.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{1}, 33))
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
