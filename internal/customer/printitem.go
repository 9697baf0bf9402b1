package customer

import (
	"fmt"
	"log/slog"
)

// What hangs on customers prints as what it is and its id, like a Customer.

// String names the group by number.
func (g Group) String() string { return fmt.Sprintf("group %d", g.Seq) }

// Format prints what String gives for every verb.
func (g Group) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(g.String())) }

// LogValue logs what String gives.
func (g Group) LogValue() slog.Value { return slog.StringValue(g.String()) }

// MarshalText encodes what String gives, in JSON too.
func (g Group) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// String names the transaction by id.
func (t Transaction) String() string { return "transaction " + t.ID.String() }

// Format prints what String gives for every verb.
func (t Transaction) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue logs what String gives.
func (t Transaction) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText encodes what String gives, in JSON too.
func (t Transaction) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String names the address by id.
func (l LiquidationAddress) String() string { return "liquidation address " + l.ID.String() }

// Format prints what String gives for every verb.
func (l LiquidationAddress) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(l.String())) }

// LogValue logs what String gives.
func (l LiquidationAddress) LogValue() slog.Value { return slog.StringValue(l.String()) }

// MarshalText encodes what String gives, in JSON too.
func (l LiquidationAddress) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
