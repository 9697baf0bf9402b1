package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// Entity tags (RFC 9110, section 8.8.3) and the conditions that name them (section 13).
//
// A tag has two parts: the customer's state, and the representation of it. Whoever asks "is
// this still so" compares both; whoever says "change it only if it is in this state" compares
// the first, so that a tag serves whichever API, path or parameter it was fetched with. The
// first is the beginning of the revision, which is a keyed hash; the second is a hash under the
// rest, which is secret. They show nothing of the customer.

// The conditions of a request.
const (
	headerIfMatch     = "If-Match"
	headerIfNoneMatch = "If-None-Match"
)

var errPrecondition = fault.New(fault.Stale, "precondition_failed",
	"The condition in If-Match or If-None-Match does not hold")

var errEntityTags = fault.New(fault.Invalid, "bad_precondition",
	"If-Match and If-None-Match must be * or entity tags in double quotes")

// WriteCustomer writes the representation of a customer who was fetched as Readable says, with its
// tag. It answers 304 without a body if the request has that tag already.
func WriteCustomer(w http.ResponseWriter, r *http.Request, revision customer.Revision, body []byte) error {
	cond, err := readConditions(r)
	if err != nil {
		return err
	}
	state := stateTag(revision)
	whole := `"` + state + "." + hashTag(revision, body) + `"`
	w.Header().Set("ETag", whole)
	if cond.noneMatch.sent && cond.noneMatch.holds(func(t entityTag) bool { return t.text == whole }) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	web.JSON(w, http.StatusOK, body)
	return nil
}

// Readable gives what If-Match asks of a customer who is to be shown, nil if it is not there. It reads
// If-None-Match too, so that a request which is refused for it has read nothing.
func Readable(r *http.Request) (func(customer.Revision) error, error) {
	cond, err := readConditions(r)
	if err != nil || !cond.match.sent {
		return nil, err
	}
	return conditions{match: cond.match}.check, nil
}

// Precondition gives what If-Match and If-None-Match ask of a customer who is to be changed,
// nil if they are not there. A weak tag never matches in If-Match.
func Precondition(r *http.Request) (func(customer.Revision) error, error) {
	cond, err := readConditions(r)
	if err != nil || !cond.match.sent && !cond.noneMatch.sent {
		return nil, err
	}
	return cond.check, nil
}

// check returns the fault of a customer for whom the conditions do not hold.
func (c conditions) check(revision customer.Revision) error {
	state := stateTag(revision)
	if !c.match.holds(func(t entityTag) bool { return !t.weak && t.state() == state }) ||
		c.noneMatch.sent && c.noneMatch.holds(func(t entityTag) bool { return t.state() == state }) {
		return errPrecondition
	}
	return nil
}

// Untagged is h for what has no entity tags. A condition that names a tag cannot hold there, and
// a POST, PUT, PATCH or DELETE must not pass over it.
func Untagged(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
		if err := unmet(r); err != nil {
			return err
		}
		return h(w, r, caller)
	}
}

// UntaggedAfterScope is Untagged where callers differ in what they may see: only who may do what the
// request asks for is told that its condition cannot hold.
func UntaggedAfterScope(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
		err := unmet(r)
		if err != nil && !errors.Is(err, fault.Stale) {
			return err
		}
		caller.PreconditionFault = err
		return h(w, r, caller)
	}
}

// unmet gives the fault of a change of what has no entity tags, if its condition cannot hold.
func unmet(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	cond, err := readConditions(r)
	if err != nil {
		return err
	}
	exists := r.Method != http.MethodPost // what a POST makes does not yet
	if !cond.match.holds(func(entityTag) bool { return false }) || exists && cond.noneMatch.any {
		return errPrecondition
	}
	return nil
}

// shown is how many bytes of a revision a tag shows.
const shown = 12

func stateTag(revision customer.Revision) string {
	return base64.RawURLEncoding.EncodeToString(revision[:shown])
}

// hashTag hashes a representation.
func hashTag(revision customer.Revision, body []byte) string {
	mac := hmac.New(sha256.New, revision[shown:])
	_, _ = mac.Write(body) // a hash does not fail
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:15])
}

// An entityTag is one tag of a condition.
type entityTag struct {
	text string // with its quotes
	weak bool
}

// state is the first part of a tag of ours, or all of another.
func (t entityTag) state() string {
	state, _, _ := strings.Cut(strings.Trim(t.text, `"`), ".")
	return state
}

// A condition is one of the two headers.
type condition struct {
	sent, any bool // any: *
	tags      []entityTag
}

// holds reports whether there is no condition, or something matches it.
func (c condition) holds(matches func(entityTag) bool) bool {
	return !c.sent || c.any || slices.ContainsFunc(c.tags, matches)
}

type conditions struct{ match, noneMatch condition }

func readConditions(r *http.Request) (c conditions, err error) {
	if c.match, err = readCondition(r.Header.Values(headerIfMatch)); err != nil {
		return conditions{}, err
	}
	if c.noneMatch, err = readCondition(r.Header.Values(headerIfNoneMatch)); err != nil {
		return conditions{}, err
	}
	return c, nil
}

// readCondition reads the lines of a header: * alone, or a list of tags. Empty elements of
// the list are passed over, but an empty list is an error: who sends one lost a tag.
func readCondition(lines []string) (condition, error) {
	if len(lines) == 0 {
		return condition{}, nil
	}
	c := condition{sent: true}
	rest := trimBlank(strings.Join(lines, ","))
	if rest == "*" {
		c.any = true
		return c, nil
	}
	for rest != "" {
		if rest[0] == ',' {
			rest = trimBlank(rest[1:])
			continue
		}
		tag, after, ok := cutTag(rest)
		if rest = trimBlank(after); !ok || rest != "" && rest[0] != ',' {
			return condition{}, errEntityTags
		}
		c.tags = append(c.tags, tag)
	}
	if len(c.tags) == 0 {
		return condition{}, errEntityTags
	}
	return c, nil
}

// cutTag takes one entity tag off the beginning of s.
func cutTag(s string) (tag entityTag, after string, ok bool) {
	s, tag.weak = strings.CutPrefix(s, "W/")
	if !strings.HasPrefix(s, `"`) {
		return tag, s, false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return tag, s, false
	}
	tag.text, after = s[:end+2], s[end+2:]
	return tag, after, !strings.ContainsFunc(tag.text, notInTag)
}

// notInTag reports characters that no tag has. Bytes above ASCII may be in one.
func notInTag(c rune) bool { return c <= ' ' || c == 0x7f }
