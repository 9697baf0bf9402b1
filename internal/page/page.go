// Package page holds the limits of a list, the order of its rows, and the position a
// cursor stands for. A cursor is opaque and tamper-proof outside the process: records
// encrypts the bytes made here under the application's key, so it may carry the filter
// of the walk, whose text must not be in a URL in clear.
package page

import (
	"bytes"
	"encoding/binary"

	"custodex.dev/internal/fault"
)

// The limits of a list (Devdraft, "List Customers", pagination parameters).
const (
	DefaultTake = 10
	MaxTake     = 100
	MaxSkip     = 10_000 // default; the setting max_skip may raise it
)

// Cursor is the place after which the next page of one list begins. Lists are ordered
// newest first: greater At first, then greater Seq or, where rows have no number,
// greater ID.
type Cursor struct {
	List   string   // the list that it leads through; at most 255 bytes
	At     int64    // unix milliseconds of the last one shown
	Seq    int64    // its sequence number
	ID     [16]byte // or its id
	Lead   int64    // sequence number of a row that came before all others; 0: none
	Rank   *Rank    // in a list by relevance: what comes before At and Seq in its order
	Filter []byte   // the filter the walk began with; the bytes are the caller's
}

// Rank is a place in the order of relevance; of equal ones At and Seq decide.
type Rank struct {
	Exact  bool
	Bought int64 // unix milliseconds
}

// ErrCursor is returned for a cursor that is not one of ours, was altered, or
// belongs to another application, list or filter.
var ErrCursor = fault.New(fault.Invalid, "bad_cursor", "cursor is not valid for this list")

// The first byte is the version. Cursors of version 1 did not name their list. Those of
// version 3 have a lead, after the ID; those of version 2 have none. Those of version 4 have
// a lead or 0 there, and then a rank.
const (
	version     = 2
	versionLead = 3
	versionRank = 4
)

// head is the length of what stands before the list's name.
const head = 1 + 8 + 8 + 16 + 1

// ranked is the length of lead and rank.
const ranked = 8 + 1 + 8

// MarshalBinary gives the bytes that are encrypted. It does not fail.
func (c Cursor) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, head+ranked+len(c.List)+len(c.Filter))
	switch {
	case c.Rank != nil:
		b = append(b, versionRank)
	case c.Lead != 0:
		b = append(b, versionLead)
	default:
		b = append(b, version)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(c.At))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Seq))
	b = append(b, c.ID[:]...)
	if c.Lead != 0 || c.Rank != nil {
		b = binary.BigEndian.AppendUint64(b, uint64(c.Lead))
	}
	if c.Rank != nil {
		exact := byte(0)
		if c.Rank.Exact {
			exact = 1
		}
		b = binary.BigEndian.AppendUint64(append(b, exact), uint64(c.Rank.Bought))
	}
	b = append(b, byte(len(c.List)))
	b = append(b, c.List...)
	return append(b, c.Filter...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote, or fails with ErrCursor and
// leaves c as it was.
func (c *Cursor) UnmarshalBinary(b []byte) error {
	if len(b) < head || b[0] < version || b[0] > versionRank {
		return ErrCursor
	}
	seq := int64(binary.BigEndian.Uint64(b[9:17]))
	rest, lead, rank := b[head-1:], int64(0), (*Rank)(nil)
	switch b[0] {
	case versionLead:
		if len(rest) < 9 {
			return ErrCursor
		}
		if lead, rest = int64(binary.BigEndian.Uint64(rest)), rest[8:]; lead <= 0 {
			return ErrCursor
		}
	case versionRank:
		if len(rest) < ranked+1 || rest[8] > 1 {
			return ErrCursor
		}
		if lead = int64(binary.BigEndian.Uint64(rest)); lead < 0 {
			return ErrCursor
		}
		rank = &Rank{Exact: rest[8] == 1, Bought: int64(binary.BigEndian.Uint64(rest[9:]))}
		rest = rest[ranked:]
	}
	name, filter := rest[1:], int(rest[0])
	if seq < 0 || filter > len(name) {
		return ErrCursor
	}
	c.At, c.Seq, c.ID = int64(binary.BigEndian.Uint64(b[1:9])), seq, [16]byte(b[17:33])
	c.Lead, c.Rank = lead, rank
	c.List, c.Filter = string(name[:filter]), bytes.Clone(name[filter:])
	return nil
}
