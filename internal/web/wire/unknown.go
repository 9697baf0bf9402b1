package wire

import (
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// Names that a request has and its dialect does not know are ignored, because clients in
// the wild send such. A slip in the name of a filter then shows everybody, and one in a
// member loses data; so an answer says what was ignored, and with the preference
// handling=strict (RFC 7240) such a request is refused. A credential can be made strict, so that
// every request of it is as if it had the preference; handling=lenient is for one that shall not be.

// headerIgnored names parameters and members that were ignored.
const headerIgnored = "Custodex-Ignored"

// CodeUnknownName is the code of a request that is refused for a name that is not known.
const CodeUnknownName = "unknown_name"

// handling gives how the request's unknown names are handled: as it prefers, else as its
// credential was made. applied is what to say of the preference, "" if it has none or changes nothing.
func handling(r *http.Request) (strict bool, applied string) {
	made := web.EventOf(r.Context()).Strict
	switch strings.ToLower(Preference(r.Header.Values("Prefer"), "handling")) {
	case "strict":
		return true, "handling=strict"
	case "lenient":
		if made {
			return false, "handling=lenient"
		}
		return false, ""
	}
	return made, ""
}

// KnownParameters looks for parameters of the query that are none of names. A query of
// bad form is left to the handler, which may not read it.
func KnownParameters(w http.ResponseWriter, r *http.Request, names ...string) error {
	if _, applied := handling(r); applied != "" {
		w.Header().Add("Preference-Applied", applied)
	}
	query, err := body.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil
	}
	var unknown []string
	for name := range query.Pairs() {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	return tellUnknown(w, r, errParameters, "", unknown)
}

// KnownMembers looks for members of a body, or of the member parent of one, that are none
// of names.
func KnownMembers(w http.ResponseWriter, r *http.Request, o body.Object, parent string, names ...string) error {
	var unknown []string
	for name := range o.Members() {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	if parent != "" {
		parent += "."
	}
	return tellUnknown(w, r, errMembers, parent, unknown)
}

func errParameters(list string) error {
	return fault.New(fault.Invalid, CodeUnknownName, "Unknown query parameters: "+list)
}

func errMembers(list string) error {
	return fault.New(fault.Invalid, CodeUnknownName, "Unknown members: "+list)
}

// tellUnknown refuses unknown names, or says in a header that they were ignored.
func tellUnknown(w http.ResponseWriter, r *http.Request, refusal func(list string) error, prefix string, unknown []string) error {
	if len(unknown) == 0 {
		return nil
	}
	list := nameable(prefix, unknown)
	if strict, _ := handling(r); strict {
		return refusal(list)
	}
	w.Header().Add(headerIgnored, list)
	return nil
}

// maxNames is how many names an answer repeats.
const maxNames = 16

// nameable lists the names that may stand in an answer; "*" stands for all others.
func nameable(prefix string, names []string) string {
	var list []string
	others := false
	for _, name := range names {
		switch {
		case ShownName(name) == "" || len(list) == maxNames:
			others = true
		case !slices.Contains(list, prefix+name):
			list = append(list, prefix+name)
		}
	}
	if others {
		list = append(list, "*")
	}
	return strings.Join(list, ", ")
}
