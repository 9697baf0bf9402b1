package bloom_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"custodex.dev/internal/bloom"
)

func keyOf(n uint64) bloom.Key { return bloom.KeyOf(binary.BigEndian.AppendUint64(nil, n)) }

// What was added is always found, and little else is: the package comment states how little.
func TestNoFalseNegatives(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 100, 4096, 50_000} {
		set := make(map[bloom.Key]struct{})
		added := make([]uint64, n)
		for i := range added {
			added[i] = random.Uint64()
			set[keyOf(added[i])] = struct{}{}
		}
		filter := bloom.New(set)
		if len(filter) > 2+max(n*3/2, 8) {
			t.Errorf("the filter of %d keys has %d bytes", n, len(filter))
		}
		if !bytes.Equal(filter, bloom.New(set)) {
			t.Errorf("made again, the filter of %d keys has other bytes", n)
		}
		for _, key := range added {
			if !bloom.MayHold(filter, keyOf(key)) {
				t.Fatalf("a key of %d is not found", n)
			}
		}
		const others = 30_000
		found := 0
		for range others {
			if bloom.MayHold(filter, keyOf(random.Uint64())) {
				found++
			}
		}
		if found > others/200 {
			t.Errorf("of %d keys that are not among %d, %d may be there, want at most one in 200", others, n, found)
		}
	}
}

// The form is stored: these bytes have to mean the same for good.
func TestVector(t *testing.T) {
	t.Parallel()
	set := map[bloom.Key]struct{}{keyOf(1): {}, keyOf(2): {}, keyOf(3): {}}
	const want = "0843b80b0240708d90"
	if got := hex.EncodeToString(bloom.New(set)); got != want {
		t.Errorf("the filter of 1, 2 and 3 is %s, want %s", got, want)
	}
}

func TestNotAFilter(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, {}, {8}, {0, 0}, {33, 0}, {255, 0, 0}} {
		if !bloom.MayHold(b, keyOf(1)) {
			t.Errorf("%x holds nothing for sure, want that it may", b)
		}
	}
}

// Any set gives a filter that has it.
func FuzzBloom(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte{8, 0})
	f.Fuzz(func(t *testing.T, keys, filter []byte) {
		set := make(map[bloom.Key]struct{})
		for i := range keys {
			set[bloom.KeyOf(keys[i:])] = struct{}{}
		}
		made := bloom.New(set)
		for k := range set {
			if !bloom.MayHold(made, k) {
				t.Fatal("a key is not found")
			}
			bloom.MayHold(filter, k) // must not panic
		}
	})
}
