package customer

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
)

// Text is one member of a request as it was sent.
type Text struct {
	Sent  bool   // the member was there
	Null  bool   // it was null
	Other bool   // it was neither text nor null: a number, an object, …
	Value string // the text, as sent

	Kept bool // it was what the API shows for the customer, so it changes nothing; not Sent then
}

// ShownText is the text of a member as an API shows it: null for "" if the API shows that
// as null.
func ShownText(p redact.Personal, orNull bool) Text {
	return Text{Sent: true, Null: orNull && p == "", Value: p.Reveal()}
}

// ShownNumber is the number of a group as an API shows it; 0 is null.
func ShownNumber(n int64) Text {
	return Text{Sent: true, Null: n == 0, Value: strconv.FormatInt(n, 10)}
}

// Input is a create or update request before validation. Members that a dialect
// does not have stay unsent.
type Input struct {
	Given, Family Text // Devdraft writes the two parts of a name,
	FullName      Text // the others the whole
	Email, Phone  Text
	Type, Status  Text // of the published lists
	Side          Text // Yativo's type: individual or business

	Whatsapp, Country                           Text
	Number, Street, Line2, City, Region, Postal Text
	Line1                                       Text // Xtrakit: number and street in one
	AddressCountry, Profile, CreatedBy          Text

	Group Text // a whole number, or null for none

	Rules Rules // of the dialect; the zero value is Devdraft's
}

// The paths of fields in a fault.Field, in the order in which problems are told.
const (
	PathFullName       = "full_name"
	PathGiven          = "given_name"
	PathFamily         = "family_name"
	PathEmail          = "email"
	PathPhone          = "phone"
	PathWhatsapp       = "whatsapp"
	PathCountry        = "country"
	PathType           = "type"
	PathStatus         = "status"
	PathNumber         = "address_number"
	PathStreet         = "address_street"
	PathLine1          = "address_line1"
	PathLine2          = "address_line2"
	PathCity           = "address_city"
	PathRegion         = "address_region"
	PathPostal         = "address_postal_code"
	PathAddressCountry = "address_country"
	PathProfile        = "profile"
	PathCreatedBy      = "created_by"
	PathGroup          = "group"
	pathKYC            = "kyc" // of a change that an operator makes
	PathLastSpent      = "last_spent"
	PathLastPurchase   = "last_purchase"
)

// The codes of problems in a fault.Field.
const (
	CodeRequired  = "required"   // absent, null or empty
	CodeNotText   = "not_text"   // not a JSON string
	CodeTooLong   = "too_long"   // over the limit, in code points after trimming
	CodeInvalid   = "invalid"    // not of the field's form
	CodeNotListed = "not_listed" // not one of the listed values
	CodeNotFound  = "not_found"  // names a group that does not exist
)

// The limits, in code points after trimming (Devdraft, "Create Customer").
const (
	MaxName  = 100
	MaxEmail = 255
	MaxPhone = 20
)

// Rules are what a dialect asks of input beyond the common rules.
type Rules struct {
	// Required are the paths that a new customer must have, and with Replaces any
	// change too. Nil: given and family name, phone.
	Required []string
	Replaces bool

	// EmptyIsNull takes "" for null, which clears what may be cleared.
	EmptyIsNull bool

	// E164 wants phones with their country code, so that E164 gives an E.164 number. Loose
	// takes any text for a phone. Neither: validPhone, at most MaxPhone characters.
	E164, Loose bool
}

// MaxText bounds the texts for which the contracts name no limit.
const MaxText = 255

var devdraftRequired = []string{PathGiven, PathFamily, PathPhone}

func (in *Input) required(path string) bool {
	if path == PathRegion && slices.Contains(stateless, Country(in.Country.Value)) {
		return false
	}
	if in.Rules.Required == nil {
		return slices.Contains(devdraftRequired, path)
	}
	return slices.Contains(in.Rules.Required, path)
}

// Create validates input for a new customer. The Change it returns has every
// required field and the documented defaults. Problems come back in the order of
// the Path constants, at most one a field.
func (in Input) Create() (Change, []fault.Field) {
	for _, m := range in.members() {
		if in.required(m.path) {
			m.Text.Sent = true // an absent one is told as required
		} else {
			m.Text.Sent = m.Text.Sent && !in.null(m.Text) // null is absent: take the default
		}
	}
	c, problems := in.change()
	if c.Type == nil && c.Side == nil {
		c.Type = new(Individual)
	}
	if c.Status == nil {
		c.Status = new(Active)
	}
	return c, problems
}

// Update validates input for a change of an existing customer: every field is
// optional unless the rules say otherwise. Null clears what need not be there: in
// the Devdraft dialect the e-mail address and the group.
func (in Input) Update() (Change, []fault.Field) {
	if in.Rules.Replaces {
		for _, m := range in.members() {
			m.Text.Sent = m.Text.Sent || in.required(m.path) && !m.Text.Kept
		}
	}
	return in.change()
}

// Keep gives the input without the members that equal what the API shows for the customer:
// sending a value back as it was shown changes nothing, even where the same value would be
// refused if it were new. shown is the customer as a request of the same API.
func (in Input) Keep(shown Input) Input {
	was := shown.members()
	for i, m := range in.members() {
		if m.Text.Sent && was[i].Text.Sent && in.same(m.Text, was[i].Text) {
			*m.Text = Text{Value: m.Text.Value, Kept: true}
		}
	}
	return in
}

// same reports whether two members hold the same text, or both nothing.
func (in *Input) same(t, s *Text) bool {
	if in.null(t) || in.null(s) {
		return in.null(t) && in.null(s)
	}
	return !t.Other && !s.Other && t.Value == s.Value
}

// AppendBinary appends the request as it was sent, in a form that is equal for equal
// requests. An idempotency key's fingerprint is computed over it where the request alone
// does not say what it changes.
func (in *Input) AppendBinary(b []byte) []byte {
	for i, m := range in.members() {
		switch {
		case !m.Text.Sent:
		case m.Text.Null:
			b = append(b, byte(i), 'n')
		case m.Text.Other:
			b = append(b, byte(i), 'o')
		default:
			b = binary.AppendUvarint(append(b, byte(i), 't'), uint64(len(m.Text.Value)))
			b = append(b, m.Text.Value...)
		}
	}
	return b
}

// member is one text of an Input with its path.
type member struct {
	path string
	Text *Text // exported, so that fmt masks it
}

// members are the texts in the order of the Path constants.
func (in *Input) members() []member {
	return []member{
		{PathFullName, &in.FullName}, {PathGiven, &in.Given}, {PathFamily, &in.Family}, {PathEmail, &in.Email},
		{PathPhone, &in.Phone}, {PathWhatsapp, &in.Whatsapp}, {PathCountry, &in.Country}, {PathType, &in.Type},
		{PathType, &in.Side}, {PathStatus, &in.Status}, {PathNumber, &in.Number}, {PathStreet, &in.Street},
		{PathLine1, &in.Line1}, {PathLine2, &in.Line2}, {PathCity, &in.City}, {PathRegion, &in.Region},
		{PathPostal, &in.Postal}, {PathAddressCountry, &in.AddressCountry}, {PathProfile, &in.Profile},
		{PathCreatedBy, &in.CreatedBy}, {PathGroup, &in.Group},
	}
}

// null reports whether a member was sent and holds nothing.
func (in *Input) null(t *Text) bool {
	return t.Null || in.Rules.EmptyIsNull && !t.Other && blank(t.Value)
}

// change validates what was sent.
func (in *Input) change() (Change, []fault.Field) {
	var c Change
	v := validator{in: in}
	c.FullName = v.fullName(in.FullName)
	c.Given = v.name(PathGiven, in.Given)
	c.Family = v.name(PathFamily, in.Family)
	c.Email = v.email(in.Email)
	c.Phone = v.phone(in.Phone)
	c.Whatsapp = v.optional(PathWhatsapp, in.Whatsapp)
	c.Country = v.country(PathCountry, in.Country)
	c.Type = listed(&v, PathType, in.Type, parseType)
	c.Side = listed(&v, PathType, in.Side, ParseSide)
	c.Status = listed(&v, PathStatus, in.Status, parseStatus)
	c.Number = v.optional(PathNumber, in.Number)
	c.Street = v.optional(PathStreet, in.Street)
	c.Line1 = v.optional(PathLine1, in.Line1)
	c.Line2 = v.optional(PathLine2, in.Line2)
	c.City = v.optional(PathCity, in.City)
	c.Region = v.optional(PathRegion, in.Region)
	c.Postal = v.optional(PathPostal, in.Postal)
	c.AddressCountry = v.country(PathAddressCountry, in.AddressCountry)
	c.Profile = v.optional(PathProfile, in.Profile)
	c.CreatedBy = v.optional(PathCreatedBy, in.CreatedBy)
	c.Group = v.group(in.Group)
	return c, v.problems
}

// Trim removes surrounding white space as JavaScript's trim does: Unicode white
// space and the byte order mark.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r == '\ufeff' || unicode.IsSpace(r) && r != '\u0085'
	})
}
