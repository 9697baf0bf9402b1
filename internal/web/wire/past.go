package wire

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/history"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// What a customer was is ours in every dialect, so its members are the same; the customer among
// them has the dialect's own form.

// ParamAsOf is the parameter of a fetch that asks what the customer was.
const ParamAsOf = "as_of"

// Fetch is what a fetch of a customer asks for: what the customer is, or was at a time.
type Fetch struct {
	Target records.Target
	past   bool
}

// ReadFetch reads which state of the target a fetch asks for. notTime is the dialect's fault of an
// as_of that is no time.
func ReadFetch(r *http.Request, target records.Target, notTime error) (Fetch, error) {
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Fetch{}, err
	}
	value, sent, twice := query.One(ParamAsOf)
	if sent || twice != nil {
		at, ok := customer.ParseTime(customer.Trim(value))
		if !ok || twice != nil || at.IsZero() {
			return Fetch{}, notTime
		}
		return Fetch{target.AsOf(at), true}, nil
	}
	check, err := Readable(r)
	if err != nil {
		return Fetch{}, err
	}
	return Fetch{Target: target.In(check)}, nil
}

// Write answers with the representation of the customer who was fetched. What was does not change,
// and If-Match and the like are about what is: it has no tag.
func (f Fetch) Write(w http.ResponseWriter, r *http.Request, revision customer.Revision, body []byte) error {
	if f.past {
		web.JSON(w, http.StatusOK, body)
		return nil
	}
	return WriteCustomer(w, r, revision, body)
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
