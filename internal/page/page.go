// Package page holds the limits of a list and the position a cursor stands for.
// A cursor is opaque and tamper-proof outside the process: records seals the
// bytes made here under the application's key, so it may carry the filter of the
// walk, whose text must not be in a URL in clear.
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

// Cursor is the place after which the next page begins. Lists are ordered
// newest first: greater CreatedAt first, then greater Seq.
type Cursor struct {
	CreatedAt int64  // unix milliseconds of the last customer shown
	Seq       int64  // its sequence number
	Filter    []byte // the filter the walk began with; the bytes are the caller's
}

// ErrCursor is returned for a cursor that is not one of ours, was altered, or
// belongs to another application or filter.
var ErrCursor = fault.New(fault.Invalid, "bad_cursor", "cursor is not valid for this list")

// head is the length of what stands before the filter.
const head = 1 + 8 + 8

// MarshalBinary gives the bytes that are sealed. It does not fail.
func (c Cursor) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, head+len(c.Filter))
	b = append(b, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(c.CreatedAt))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Seq))
	return append(b, c.Filter...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote, or fails with ErrCursor and
// leaves c as it was.
func (c *Cursor) UnmarshalBinary(b []byte) error {
	if len(b) < head || b[0] != 1 {
		return ErrCursor
	}
	seq := int64(binary.BigEndian.Uint64(b[9:17]))
	if seq < 0 {
		return ErrCursor
	}
	c.CreatedAt, c.Seq = int64(binary.BigEndian.Uint64(b[1:9])), seq
	c.Filter = bytes.Clone(b[head:])
	return nil
}
