// Package bloom is a Bloom filter: a small summary of a set of keys that says for sure that a key
// is not in the set, and otherwise only that it may be. It must never say no for a key that was
// added. Start from New.
//
// A filter of n keys has 12 bits a key and 8 probes, so that one look in 300 for a key that is not
// there says that it may be. The probes of a key come from its SHA-256: its first 8 bytes plus i
// times the next 8, modulo the number of bits, all big-endian (Kirsch and Mitzenmacher, "Less
// Hashing, Same Performance"). The bytes of a filter are the number of probes in one byte, then
// the bits, the lowest of a byte first.
package bloom

import (
	"crypto/sha256"
	"encoding/binary"
)

const (
	bitsPerKey = 12
	probes     = 8
	leastBytes = 8  // of bits: with fewer, the probes of a few keys would fill them
	maxProbes  = 32 // of a filter that was read: more are of no use
)

// A Key is the hash of what a set holds.
type Key struct{ first, step uint64 }

// KeyOf hashes a key. Kinds of keys may be told apart by their first byte.
func KeyOf(key []byte) Key {
	h := sha256.Sum256(key)
	return Key{binary.BigEndian.Uint64(h[:]), binary.BigEndian.Uint64(h[8:]) | 1}
}

// New makes the filter of a set of keys. The same set gives the same bytes.
func New(keys map[Key]struct{}) []byte {
	filter := make([]byte, 1+max((len(keys)*bitsPerKey+7)/8, leastBytes))
	filter[0] = probes
	bits := filter[1:]
	n := uint64(len(bits)) * 8
	for k := range keys {
		at := k.first
		for range probes {
			bit := at % n
			bits[bit/8] |= 1 << (bit % 8)
			at += k.step
		}
	}
	return filter
}

// MayHold reports whether a key may be in the set of a filter. It is true for bytes that are no
// filter.
func MayHold(filter []byte, k Key) bool {
	if len(filter) < 2 || filter[0] == 0 || filter[0] > maxProbes {
		return true
	}
	bits := filter[1:]
	n := uint64(len(bits)) * 8
	at := k.first
	for range filter[0] {
		bit := at % n
		if bits[bit/8]&(1<<(bit%8)) == 0 {
			return false
		}
		at += k.step
	}
	return true
}
