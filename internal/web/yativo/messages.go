package yativo

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web/wire"
)

// members are the names of this dialect for the canonical paths.
var members = map[string]string{
	customer.PathFullName:       "customer_name",
	customer.PathEmail:          "customer_email",
	customer.PathPhone:          "customer_phone",
	customer.PathCountry:        "customer_country",
	customer.PathType:           "customer_type",
	customer.PathNumber:         "customer_address.number",
	customer.PathStreet:         "customer_address.street",
	customer.PathCity:           "customer_address.city",
	customer.PathRegion:         "customer_address.state",
	customer.PathPostal:         "customer_address.zipcode",
	customer.PathAddressCountry: "customer_address.country",
}

// sentence tells a problem in the voice of the one published text, "The customer
// email field is required."
func sentence(name, code string) (string, bool) {
	if name == "customer_phone" && code == customer.CodeTooLong {
		code = customer.CodeInvalid // the form is shorter than any limit
	}
	switch code {
	case customer.CodeRequired:
		return isRequired(name), true
	case customer.CodeNotText:
		return mustBeText(name), true
	case customer.CodeTooLong:
		return "The " + spoken(name) + " field must not be greater than " + strconv.Itoa(customer.MaxText) + " characters.", true
	case customer.CodeNotListed:
		return isInvalid(name), true
	case customer.CodeInvalid:
		switch name {
		case "customer_email":
			return "The customer email field must be a valid email address.", true
		case "customer_phone":
			return "The customer phone field must be a phone number in E.164 format.", true
		}
	}
	return "", false
}

func isRequired(name string) string { return "The " + spoken(name) + " field is required." }
func mustBeText(name string) string { return "The " + spoken(name) + " field must be a string." }
func isInvalid(name string) string  { return "The selected " + spoken(name) + " is invalid." }

// spoken is a member's name as sentences have it.
func spoken(name string) string { return strings.ReplaceAll(name, "_", " ") }

var (
	errTaken = fault.Validation(fault.Field{
		Path: "customer_email", Code: records.ErrEmailTaken.Code, Message: "The customer email has already been taken.",
	})
	errOtherType = fault.Validation(fault.Field{
		Path: "type", Code: records.CodeMismatch, Message: "The type must be the one of the original submission.",
	})
)

// translate rewrites the problems in err into this dialect's names and sentences. An
// e-mail address that another customer has is a problem like the others. Any other
// err is returned as it is.
func translate(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok:
		return err
	case f.Code == records.ErrEmailTaken.Code:
		return errTaken
	case len(f.Fields) == 0:
		return err
	case f.Fields[0].Code == records.CodeMismatch:
		return errOtherType
	}
	translated := *f
	translated.Fields = slices.Clone(f.Fields)
	for i, field := range f.Fields {
		name, ok := members[field.Path]
		if !ok {
			continue
		}
		translated.Fields[i].Path = name
		if message, ok := sentence(name, field.Code); ok {
			translated.Fields[i].Message = message
		}
	}
	return &translated
}

// messageOf is what this dialect says of a request of bad form.
func messageOf(f *fault.Error) string {
	if f.Code == wire.ErrIdempotencyKey.Code {
		return "Idempotency-Key must be 1 to 255 printable characters."
	}
	return f.Message
}
