package devdraft

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
)

// messages are the sentences of this dialect for the problems of one kind of request,
// by canonical path and code, separated by a space.
type messages map[string]message

// message is the sentence for one problem, and the member or parameter that it is about.
type message struct{ name, text string }

// bodyMessages are for a create or update request. The first of a group are
// documented ("Create Customer", validation errors); the others follow their voice,
// or that of class-validator, which the documented service uses.
var bodyMessages = messages{
	customer.PathGiven + " " + customer.CodeRequired: {"first_name", "First name is required"},
	customer.PathGiven + " " + customer.CodeTooLong:  {"first_name", "First name cannot exceed 100 characters"},
	customer.PathGiven + " " + customer.CodeNotText:  {"first_name", "first_name must be a string"},

	customer.PathFamily + " " + customer.CodeRequired: {"last_name", "Last name is required"},
	customer.PathFamily + " " + customer.CodeTooLong:  {"last_name", "Last name cannot exceed 100 characters"},
	customer.PathFamily + " " + customer.CodeNotText:  {"last_name", "last_name must be a string"},

	customer.PathEmail + " " + customer.CodeInvalid: {"email", "Please provide a valid email address"},
	customer.PathEmail + " " + customer.CodeNotText: {"email", "Please provide a valid email address"},
	customer.PathEmail + " " + customer.CodeTooLong: {"email", "Email cannot exceed 255 characters"},

	customer.PathPhone + " " + customer.CodeTooLong:  {"phone_number", "Phone number cannot exceed 20 characters"},
	customer.PathPhone + " " + customer.CodeRequired: {"phone_number", "Phone number is required"},
	customer.PathPhone + " " + customer.CodeInvalid:  {"phone_number", "Please provide a valid phone number"},
	customer.PathPhone + " " + customer.CodeNotText:  {"phone_number", "phone_number must be a string"},

	customer.PathType + " " + customer.CodeNotListed:   {"customer_type", mustBeOneOf("customer_type", customer.TypeNames())},
	customer.PathStatus + " " + customer.CodeNotListed: {"status", mustBeOneOf("status", customer.StatusNames())},

	customer.PathEmail + " " + customer.CodeRequired:      {"email", "Email is required"}, // by get-or-create
	customer.PathEmail + " " + records.ErrEmailTaken.Code: {"email", emailTaken},          // by validate
	customer.PathGroup + " " + customer.CodeInvalid:       {"group_id", badGroupID},
	customer.PathGroup + " " + customer.CodeNotFound:      {"group_id", "group_id must be the id of a customer group"},
}

// emailTaken is the sentence of the API reference for a conflict.
const emailTaken = "Customer with the same email already exists"

// keyReused is the documented sentence ("Idempotency").
const keyReused = "Conflict: Idempotency key already used with different request data"

const badGroupID = "group_id must be a whole number of 1 or more"

// listMessages are for a list request ("List Customers", invalid
// parameters); they are class-validator's own sentences.
func listMessages(maxSkip int) messages {
	return messages{
		customer.PathTake + " " + customer.CodeNotNumber: {"take", "take must be a number conforming to the specified constraints"},
		customer.PathTake + " " + customer.CodeTooSmall:  {"take", "take must not be less than 1"},
		customer.PathTake + " " + customer.CodeTooLarge:  {"take", "take must not be greater than " + strconv.Itoa(page.MaxTake)},

		customer.PathSkip + " " + customer.CodeNotNumber: {"skip", "skip must be a number conforming to the specified constraints"},
		customer.PathSkip + " " + customer.CodeTooSmall:  {"skip", "skip must not be less than 0"},
		customer.PathSkip + " " + customer.CodeTooLarge:  {"skip", "skip must not be greater than " + strconv.Itoa(maxSkip)},

		customer.PathStatus + " " + customer.CodeNotListed: {"status", mustBeOneOf("status", customer.StatusNames())},

		customer.PathName + " " + customer.CodeTooLong:  {"name", "name must be shorter than or equal to 255 characters"},
		customer.PathName + " " + customer.CodeNotText:  {"name", "name must be a string"},
		customer.PathEmail + " " + customer.CodeTooLong: {"email", "email must be shorter than or equal to 255 characters"},
		customer.PathEmail + " " + customer.CodeNotText: {"email", "email must be a string"},
		customer.PathEmail + " " + customer.CodeSpace:   {"email", "email must not contain a space: in a query, write + as %2B"},

		customer.PathType + " " + customer.CodeNotListed:      {"customer_type", mustBeOneOf("customer_type", customer.TypeNames())},
		customer.PathGroup + " " + customer.CodeInvalid:       {"group_id", badGroupID},
		customer.PathCreatedFrom + " " + customer.CodeNotTime: {"created_from", "created_from must be a valid ISO 8601 date string"},
		customer.PathCreatedTo + " " + customer.CodeNotTime:   {"created_to", "created_to must be a valid ISO 8601 date string"},

		customer.PathQuery + " " + customer.CodeTooLong:   {"query", "query must be shorter than or equal to 255 characters"},
		customer.PathQuery + " " + customer.CodeNotText:   {"query", "query must be a string"},
		customer.PathOrder + " " + customer.CodeNotListed: {"order", mustBeOneOf("order", customer.OrderNames())},
		customer.PathOrder + " " + customer.CodeNoQuery:   {"order", "order may be relevance only with a query"},
	}
}

func mustBeOneOf(name string, values []string) string {
	return name + " must be one of the following values: " + strings.Join(values, ", ")
}

// translate rewrites the field problems in err into this dialect's names and sentences.
// A cursor that is no good is a problem of a parameter like the others. Any other
// err is returned as it is.
func (m messages) translate(err error) error {
	if errors.Is(err, page.ErrCursor) {
		return fault.Validation(fault.Field{Path: "cursor", Code: page.ErrCursor.Code, Message: page.ErrCursor.Message})
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	translated := *f
	translated.Fields = slices.Clone(f.Fields)
	for i, field := range f.Fields {
		if own, ok := m[field.Path+" "+field.Code]; ok {
			translated.Fields[i].Path, translated.Fields[i].Message = own.name, own.text
		}
	}
	return &translated
}
