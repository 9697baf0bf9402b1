package customer

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"custodex.dev/internal/fault"
)

// Text is one member of a request as it was sent.
type Text struct {
	Sent  bool   // the member was there
	Null  bool   // it was null
	Other bool   // it was neither text nor null: a number, an object, …
	Value string // the text, as sent
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
	PathKYC            = "kyc" // of a change that an operator makes
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

	// E164 wants phones as "+" and 8 to 15 digits (ITU-T E.164). Loose takes any
	// text for a phone. Neither: ValidPhone, at most MaxPhone characters.
	E164, Loose bool
}

// MaxText bounds the texts for which the contracts name no limit.
const MaxText = 255

var devdraftRequired = []string{PathGiven, PathFamily, PathPhone}

func (in *Input) required(path string) bool {
	if in.Rules.Required == nil {
		return slices.Contains(devdraftRequired, path)
	}
	return slices.Contains(in.Rules.Required, path)
}

// Create validates input for a new customer. The Change it returns has every
// required field and the documented defaults. Problems come back in the order of
// the Path constants, at most one a field.
func (in Input) Create() (Change, []fault.Field) {
	for path, t := range in.texts() {
		if in.required(path) {
			t.Sent = true // an absent one is told as required
		} else {
			t.Sent = t.Sent && !in.null(t) // null is absent: take the default
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
		for path, t := range in.texts() {
			t.Sent = t.Sent || in.required(path)
		}
	}
	return in.change()
}

// texts are the members with their paths.
func (in *Input) texts() iter.Seq2[string, *Text] {
	return func(yield func(string, *Text) bool) {
		for _, m := range [...]struct {
			path string
			text *Text
		}{
			{PathFullName, &in.FullName}, {PathGiven, &in.Given}, {PathFamily, &in.Family}, {PathEmail, &in.Email},
			{PathPhone, &in.Phone}, {PathWhatsapp, &in.Whatsapp}, {PathCountry, &in.Country}, {PathType, &in.Type},
			{PathType, &in.Side}, {PathStatus, &in.Status}, {PathNumber, &in.Number}, {PathStreet, &in.Street},
			{PathLine1, &in.Line1}, {PathLine2, &in.Line2}, {PathCity, &in.City}, {PathRegion, &in.Region},
			{PathPostal, &in.Postal}, {PathAddressCountry, &in.AddressCountry}, {PathProfile, &in.Profile},
			{PathCreatedBy, &in.CreatedBy}, {PathGroup, &in.Group},
		} {
			if !yield(m.path, m.text) {
				return
			}
		}
	}
}

// null reports whether a member was sent and holds nothing.
func (in *Input) null(t *Text) bool {
	return t.Null || in.Rules.EmptyIsNull && !t.Other && Trim(t.Value) == ""
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
	c.Type = listed(&v, PathType, in.Type, ParseType)
	c.Side = listed(&v, PathType, in.Side, ParseSide)
	c.Status = listed(&v, PathStatus, in.Status, ParseStatus)
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
