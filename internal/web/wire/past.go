package wire

import (
	"net/http"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/history"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web/body"
)

// What a customer was is ours in every dialect, so its members are the same; the customer among
// them has the dialect's own form.

// ParamAsOf is the parameter of a fetch that asks what the customer was.
const ParamAsOf = "as_of"

// AsOf takes the time of a fetch off the wire, zero for now. ok is false for what is no time.
func AsOf(r *http.Request) (at time.Time, ok bool, err error) {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return time.Time{}, false, err
	}
	value, sent, twice := query.One(ParamAsOf)
	if !sent && twice == nil {
		return time.Time{}, true, nil
	}
	at, ok = customer.ParseTime(customer.Trim(value))
	return at, ok && twice == nil && !at.IsZero(), nil
}

// Fetched is the customer of a fetch: as of a time, or in the state that the request asks for.
func Fetched(r *http.Request, target records.Target, at time.Time) (records.Target, error) {
	if !at.IsZero() {
		return target.AsOf(at), nil
	}
	check, err := Readable(r)
	if err != nil {
		return records.Target{}, err
	}
	return target.In(check), nil
}

// Past is how long a customer was in a state, and the change that ended it.
type Past struct {
	ValidFrom Text     `json:"valid_from"`
	ValidTo   Text     `json:"valid_to"`
	Changed   []string `json:"changed"`
	ChangedBy string   `json:"changed_by"`
	Acting    Text     `json:"acting_user"`
	Request   string   `json:"request_id"`
	Action    string   `json:"action"`
	Reason    Text     `json:"reason"`
}

// PastOf converts a state. layout is that of its times; names are the dialect's of fields that have others; a field that it
// does not show keeps its own.
func PastOf(s *history.State, layout string, names map[string]string) Past {
	by := &s.Change
	return Past{
		ValidFrom: Time(s.Since, layout), ValidTo: Time(s.Until, layout), Changed: fieldNames(by.Fields, names), ChangedBy: by.Actor,
		Acting: Text(by.ActingUser.Reveal()), Request: string(by.Request), Action: by.Action, Reason: Text(by.Reason.Reveal()),
	}
}

// fieldNames gives each name once: several fields may be one member.
func fieldNames(paths []string, names map[string]string) []string {
	found := make([]string, 0, len(paths))
	for _, path := range paths {
		name, ok := names[path]
		if !ok {
			name = path
		}
		if len(found) == 0 || found[len(found)-1] != name {
			found = append(found, name)
		}
	}
	return found
}
