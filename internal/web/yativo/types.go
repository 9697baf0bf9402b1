package yativo

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// customerBody is a customer on the wire, its members in the wire's order: first
// those of the published sample, then what the current pages add. Members never
// change their presence. A text that is "" is null.
type customerBody struct {
	id        string
	name      string
	email     string
	phone     string
	country   string       // ISO 3166-1 alpha-3
	address   *addressBody // null when nil
	canCreate bool         // can_create_vc and can_create_va, 0 or 1
	status    string       // pending, active or inactive
	side      string       // individual or business
	kyc       kycBody
	createdAt time.Time
	updatedAt time.Time
}

// addressBody is the address on the wire: all six members, always.
type addressBody struct{ city, state, zipcode, street, number, country string }

// kycBody is what a customer shows of its identity checks.
type kycBody struct {
	status     string // collapsed: not_started, pending, approved or rejected
	reason     string
	verifiedAt time.Time // null when zero
}

// timeLayout has six decimals, whatever they are: the width never varies.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func (c *customerBody) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"customer_id":`...), c.id)
	b = appendText(append(b, `,"customer_name":`...), c.name)
	b = appendText(append(b, `,"customer_email":`...), c.email)
	b = appendText(append(b, `,"customer_phone":`...), c.phone)
	b = appendText(append(b, `,"customer_country":`...), c.country)
	b = c.address.appendJSON(append(b, `,"customer_address":`...))
	can := byte('0')
	if c.canCreate {
		can = '1'
	}
	b = append(append(b, `,"can_create_vc":`...), can)
	b = append(append(b, `,"can_create_va":`...), can)
	b = appendString(append(b, `,"customer_status":`...), c.status)
	b = appendString(append(b, `,"customer_type":`...), c.side)
	b = appendString(append(b, `,"customer_kyc_status":`...), c.kyc.status)
	b = appendText(append(b, `,"customer_kyc_reject_reason":`...), c.kyc.reason)
	b = appendTime(append(b, `,"kyc_verified_date":`...), c.kyc.verifiedAt)
	b = appendTime(append(b, `,"created_at":`...), c.createdAt)
	b = appendTime(append(b, `,"updated_at":`...), c.updatedAt)
	return append(b, '}')
}

func (a *addressBody) appendJSON(b []byte) []byte {
	if a == nil {
		return append(b, `null`...)
	}
	b = appendText(append(b, `{"city":`...), a.city)
	b = appendText(append(b, `,"state":`...), a.state)
	b = appendText(append(b, `,"zipcode":`...), a.zipcode)
	b = appendText(append(b, `,"street":`...), a.street)
	b = appendText(append(b, `,"number":`...), a.number)
	b = appendText(append(b, `,"country":`...), a.country)
	return append(b, '}')
}

// statusBody is the data of GET /customer/kyc/{id}.
type statusBody struct {
	firstName, lastName string
	status              string // one of the six
	kyc                 kycBody
	link                string
	accounts            bool
}

func (s *statusBody) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"first_name":`...), s.firstName)
	b = appendText(append(b, `,"last_name":`...), s.lastName)
	b = appendString(append(b, `,"status":`...), s.status)
	b = append(b, `,"kyc_rejection_reasons":[`...)
	if s.kyc.reason != "" {
		b = appendString(b, s.kyc.reason)
	}
	b = append(b, `],"kyc_requirements_due":[],"bio_data":{"customer_kyc_status":`...)
	b = appendString(b, s.kyc.status)
	b = appendTime(append(b, `,"kyc_verified_date":`...), s.kyc.verifiedAt)
	b = appendString(append(b, `},"kyc_link":`...), s.link)
	b = strconv.AppendBool(append(b, `,"is_va_approved":`...), s.accounts)
	return append(b, '}')
}

// pagination is what stands beside the data of a list.
type pagination struct {
	total, perPage, current, last int64
	next, prev                    string // absolute; null when ""
}

func (p *pagination) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"total":`...), p.total, 10)
	b = strconv.AppendInt(append(b, `,"per_page":`...), p.perPage, 10)
	b = strconv.AppendInt(append(b, `,"current_page":`...), p.current, 10)
	b = strconv.AppendInt(append(b, `,"last_page":`...), p.last, 10)
	b = appendText(append(b, `,"next_page_url":`...), p.next)
	b = appendText(append(b, `,"prev_page_url":`...), p.prev)
	return append(b, '}')
}

// openEnvelope begins an answer that succeeded, up to the value of data. The caller
// appends that and "}".
func openEnvelope(b []byte, status int, message string) []byte {
	b = strconv.AppendInt(append(b, `{"status":"success","status_code":`...), int64(status), 10)
	b = appendString(append(b, `,"message":`...), message)
	return append(b, `,"data":`...)
}

// appendString appends a JSON string. Whatever is not UTF-8 becomes U+FFFD, which
// is all that the error says.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// appendText appends a JSON string, or null for "".
func appendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, `null`...)
	}
	return appendString(b, s)
}

// appendTime appends a time, or null for the zero one.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, `null`...)
	}
	return append(t.UTC().AppendFormat(append(b, '"'), timeLayout), '"')
}
