package tenant

import (
	"fmt"
	"log/slog"
)

// String names the dialect and the request, and nothing personal.
func (o Origin) String() string { return o.Dialect + " request " + string(o.Request) }

// Format prints what String gives for every verb.
func (o Origin) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(o.String())) }

// LogValue logs what String gives.
func (o Origin) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText encodes what String gives, in JSON too.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }
