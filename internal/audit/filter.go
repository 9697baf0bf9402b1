package audit

import (
	"fmt"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// Filter says which entries of a log to list; a zero field filters nothing.
type Filter struct {
	Customer   *id.Customer // read or changed by the action
	Credential string       // that acted
	Action     string
	From, To   time.Time // From <= Time < To
	Before     int64     // only Seq < Before: the next page is Before the last Seq of this one
	Limit      int       // at most this many, up to 1,000; 0 is 100
}

const maxFilterLimit = 1000

// Check finds what is wrong with a filter.
func (f Filter) Check() []fault.Field {
	var problems []fault.Field
	bad := func(path, message string) {
		problems = append(problems, fault.Field{Path: path, Code: "invalid", Message: message})
	}
	if f.Credential != "" {
		if _, err := id.ParseCredential(f.Credential); err != nil {
			bad("credential", "credential must be a credential id")
		}
	}
	if a := authz.Action(f.Action); a != "" && !authz.OnlyRecorded(a) && authz.Needs(a) == "" {
		bad("action", "action must be one of the actions that the log shows")
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		bad("to", "to must not be before from")
	}
	if f.Before < 0 {
		bad("before", "before must be a sequence number")
	}
	if f.Limit < 1 || f.Limit > maxFilterLimit {
		bad("limit", fmt.Sprintf("limit must be 1 to %d", maxFilterLimit))
	}
	return problems
}

// Shape names the filters that were used.
func (f Filter) Shape() []string {
	var names []string
	for _, part := range []struct {
		name string
		set  bool
	}{
		{"customer", f.Customer != nil},
		{"credential", f.Credential != ""},
		{"action", f.Action != ""},
		{"time", !f.From.IsZero() || !f.To.IsZero()},
	} {
		if part.set {
			names = append(names, "filter:"+part.name)
		}
	}
	return names
}
