package devdraft

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// customerBody is a customer on the wire, its fields in the wire's order. Its
// members never change their presence, but for app and, which is ours, group_id:
// clients look for nulls.
type customerBody struct {
	id             string
	firstName      string
	lastName       string
	email          string // null when ""
	phoneNumber    string
	customerType   string
	status         string
	lastSpent      string    // a JSON number
	lastPurchaseAt time.Time // null when zero
	appID          string    // as appId and again as app_id
	createdAt      time.Time
	updatedAt      time.Time
	showGroup      bool // the caller asked for group_id
	group          int64
	app            *appBody // fetch only
}

type appBody struct{ id, name string }

// timeLayout is JavaScript's toISOString: the width never varies.
const timeLayout = "2006-01-02T15:04:05.000Z"

// appendJSON appends the body as JSON.stringify would write it: no white space,
// and of the characters that may be escaped only those that must.
func (c *customerBody) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), c.id)
	b = appendString(append(b, `,"first_name":`...), c.firstName)
	b = appendString(append(b, `,"last_name":`...), c.lastName)
	b = appendOptional(append(b, `,"email":`...), c.email)
	b = appendString(append(b, `,"phone_number":`...), c.phoneNumber)
	b = appendString(append(b, `,"customer_type":`...), c.customerType)
	b = appendString(append(b, `,"status":`...), c.status)
	b = append(append(b, `,"last_spent":`...), c.lastSpent...)
	b = append(b, `,"last_purchase_date":`...)
	if c.lastPurchaseAt.IsZero() {
		b = append(b, `null`...)
	} else {
		b = appendTime(b, c.lastPurchaseAt)
	}
	b = appendString(append(b, `,"appId":`...), c.appID)
	b = appendString(append(b, `,"app_id":`...), c.appID)
	b = appendTime(append(b, `,"createdAt":`...), c.createdAt)
	b = appendTime(append(b, `,"updatedAt":`...), c.updatedAt)
	if c.showGroup {
		b = appendGroupID(append(b, `,"group_id":`...), c.group)
	}
	if c.app != nil {
		b = appendString(append(b, `,"app":{"id":`...), c.app.id)
		b = appendString(append(b, `,"app_name":`...), c.app.name)
		b = append(b, '}')
	}
	return append(b, '}')
}

// healthBody is the answer of the health endpoints. Some SDKs refuse a key that is
// not documented, so there is no other.
type healthBody struct {
	status        string // ok or error
	timestamp     time.Time
	version       string
	database      string // connected or error
	message       string
	authenticated bool
}

// appendPublicJSON appends the body that everybody sees.
func (h *healthBody) appendPublicJSON(b []byte) []byte { return append(h.appendShared(b), '}') }

// appendJSON appends the body that callers with credentials see.
func (h *healthBody) appendJSON(b []byte) []byte {
	b = appendString(append(h.appendShared(b), `,"database":`...), h.database)
	b = appendString(append(b, `,"message":`...), h.message)
	if h.authenticated {
		return append(b, `,"authenticated":true}`...)
	}
	return append(b, `,"authenticated":false}`...)
}

func (h *healthBody) appendShared(b []byte) []byte {
	b = appendString(append(b, `{"status":`...), h.status)
	b = appendTime(append(b, `,"timestamp":`...), h.timestamp)
	return appendString(append(b, `,"version":`...), h.version)
}

// appendString appends a JSON string. Whatever is not UTF-8 becomes U+FFFD, which
// is all that the error says.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// appendOptional appends a JSON string, or null for "".
func appendOptional(b []byte, s string) []byte {
	if s == "" {
		return append(b, `null`...)
	}
	return appendString(b, s)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), timeLayout), '"')
}
