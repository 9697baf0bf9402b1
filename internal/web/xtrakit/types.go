package xtrakit

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// account is what every object shows of whose it is.
type account struct{ userID, businessCode string }

// customerBody is a customer on the wire, its fields in the wire's order. Its
// members never change their presence.
type customerBody struct {
	id int64
	account
	group     int64 // null when 0
	name      string
	texts     [11]string // as textNames; null when ""
	createdAt time.Time
	updatedAt time.Time
}

// textNames are the members between name and times, in the wire's order.
var textNames = [...]string{
	"customer_email", "customer_phone", "customer_whatsapp", "customer_country", "customer_city", "customer_state",
	"customer_zip", "address1", "address2", "customer_profile", "created_by",
}

// groupBody is a group on the wire.
type groupBody struct {
	id int64
	account
	name, description string // description is null when ""
	createdAt         time.Time
	updatedAt         time.Time
}

func (c *customerBody) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), c.id, 10)
	b = c.account.appendMembers(append(b, ','))
	b = append(b, `,"customer_group_id":`...)
	if c.group == 0 {
		b = append(b, `null`...)
	} else {
		b = strconv.AppendInt(b, c.group, 10)
	}
	b = appendString(append(b, `,"customer_name":`...), c.name)
	for i, text := range c.texts {
		b = append(append(append(b, `,"`...), textNames[i]...), `":`...)
		b = appendOptional(b, text)
	}
	return appendTimes(b, c.createdAt, c.updatedAt)
}

func (g *groupBody) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), g.id, 10)
	b = g.account.appendMembers(append(b, ','))
	b = appendString(append(b, `,"group_name":`...), g.name)
	b = appendOptional(append(b, `,"group_description":`...), g.description)
	return appendTimes(b, g.createdAt, g.updatedAt)
}

func (a account) appendMembers(b []byte) []byte {
	b = appendString(append(b, `"user_id":`...), a.userID)
	return appendString(append(b, `,"business_code":`...), a.businessCode)
}

// success renders an answer: {status, message, data}. data appends the members of
// data; nil is none.
func success(status int, message string, size int, data func([]byte) []byte) []byte {
	b := strconv.AppendInt(append(make([]byte, 0, size), `{"status":`...), int64(status), 10)
	b = appendString(append(b, `,"message":`...), message)
	b = append(b, `,"data":{`...)
	if data != nil {
		b = data(b)
	}
	return append(b, `}}`...)
}

// timeLayout has no zone; it is UTC.
const timeLayout = "2006-01-02 15:04:05"

// appendTimes appends the two times and ends the object.
func appendTimes(b []byte, created, updated time.Time) []byte {
	b = created.UTC().AppendFormat(append(b, `,"created_at":"`...), timeLayout)
	b = updated.UTC().AppendFormat(append(b, `","updated_at":"`...), timeLayout)
	return append(b, `"}`...)
}

func appendOptional(b []byte, s string) []byte {
	if s == "" {
		return append(b, `null`...)
	}
	return appendString(b, s)
}

// appendString appends a JSON string. Whatever is not UTF-8 becomes U+FFFD, which
// is all that the error says.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
