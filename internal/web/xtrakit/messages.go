package xtrakit

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
)

// members are the names of canonical paths in this dialect, in the order of the
// pages, in which problems are listed.
var members = []struct{ path, name string }{
	{customer.PathGroup, "customer_group_id"},
	{customer.PathFullName, "customer_name"},
	{customer.PathEmail, "customer_email"},
	{customer.PathPhone, "customer_phone"},
	{customer.PathWhatsapp, "customer_whatsapp"},
	{customer.PathCountry, "customer_country"},
	{customer.PathCity, "customer_city"},
	{customer.PathRegion, "customer_state"},
	{customer.PathPostal, "customer_zip"},
	{customer.PathLine1, "address1"},
	{customer.PathLine2, "address2"},
	{customer.PathProfile, "customer_profile"},
	{customer.PathCreatedBy, "created_by"},
	{customer.PathGroupName, "group_name"},
	{customer.PathGroupDescription, "group_description"},
}

// sentence tells a problem after the member's name. The first is published by an
// example; the others follow it. "" for what has no words here.
func sentence(path, code string) string {
	switch code {
	case customer.CodeRequired:
		return "is required"
	case customer.CodeNotText:
		return "must be a string"
	case customer.CodeTooLong:
		return "must not be longer than " + strconv.Itoa(customer.MaxText) + " characters"
	case customer.CodeNotFound:
		return "does not exist"
	case customer.CodeInvalid:
		switch path {
		case customer.PathEmail:
			return "must be a valid email address"
		case customer.PathGroup:
			return "must be a positive integer"
		}
	}
	return ""
}

// translate rewrites the field problems in err into this dialect's names, sentences and
// order. Any other err is returned as it is.
func translate(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	translated := *f
	translated.Fields = slices.Clone(f.Fields)
	slices.SortStableFunc(translated.Fields, func(a, b fault.Field) int { return cmp.Compare(place(a.Path), place(b.Path)) })
	for i, field := range translated.Fields {
		message := sentence(field.Path, field.Code)
		if at := place(field.Path); at >= 0 && message != "" {
			translated.Fields[i].Path, translated.Fields[i].Message = members[at].name, members[at].name+" "+message
		}
	}
	return &translated
}

// place is where a path stands in members, or -1.
func place(path string) int {
	return slices.IndexFunc(members, func(m struct{ path, name string }) bool { return m.path == path })
}
