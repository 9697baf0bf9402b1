package customer

import (
	"encoding/binary"

	"custodex.dev/internal/redact"
)

// Change is validated input: what a caller wants a customer's fields to be. A nil
// pointer leaves the field alone; "" and 0 clear it.
type Change struct {
	FullName, Given, Family, Email, Phone *redact.Personal
	Whatsapp, Country                     *redact.Personal
	Type                                  *Type
	Side                                  *Side
	Status                                *Status
	Number, Street, Line1, Line2          *redact.Personal
	City, Region, Postal, AddressCountry  *redact.Personal
	Profile, CreatedBy                    *redact.Personal
	Group                                 *int64
	KYC                                   *KYC // an operator's
}

// Apply makes the change on c and names the fields that really became different,
// in the order of the Path constants. UpdatedAt is the caller's to set.
func (ch Change) Apply(c *Customer) (changed []string) {
	was := *c
	ch.applyType(c)
	ch.applyName(c)
	a := &c.Address
	for _, text := range [...]struct{ dst, src *redact.Personal }{
		{&c.Email, ch.Email}, {&c.Phone, ch.Phone}, {&c.Whatsapp, ch.Whatsapp}, {&c.Country, ch.Country},
		{&a.Number, ch.Number}, {&a.Street, ch.Street}, {&a.Line2, ch.Line2}, {&a.City, ch.City},
		{&a.Region, ch.Region}, {&a.PostalCode, ch.Postal}, {&a.Country, ch.AddressCountry},
		{&c.Profile, ch.Profile}, {&c.CreatedBy, ch.CreatedBy},
	} {
		if text.src != nil {
			*text.dst = *text.src
		}
	}
	ch.applyLine1(a)
	if ch.Status != nil {
		c.Status = *ch.Status
	}
	if ch.Group != nil {
		c.Group = *ch.Group
	}
	if ch.KYC != nil {
		c.KYC = *ch.KYC
	}
	return differences(&was, c)
}

func (ch Change) applyType(c *Customer) {
	if ch.Type != nil {
		c.Type = *ch.Type
	}
	if ch.Side != nil {
		c.Type = c.Type.on(*ch.Side)
	}
}

// applyName writes the parts of the name. A full name that is the present one leaves the
// parts as they are: a split that somebody corrected by hand survives.
func (ch Change) applyName(c *Customer) {
	if ch.FullName != nil && c.Name() != *ch.FullName {
		c.Given, c.Family = split(*ch.FullName, &c.Personal, c.Type)
	}
	if ch.Given != nil {
		c.Given = *ch.Given
	}
	if ch.Family != nil {
		c.Family = *ch.Family
	}
}

// applyLine1 writes number and street from one line. As with names, a part that the line
// still begins or ends with stays a part.
func (ch Change) applyLine1(a *Address) {
	if ch.Line1 == nil || *ch.Line1 == a.Line1() {
		return
	}
	number, street, ok := "", "", false
	if a.Number != "" && a.Street != "" {
		number, street, ok = cutKept(collapse(string(*ch.Line1)), string(a.Number), string(a.Street))
	}
	if !ok {
		number, street = "", string(*ch.Line1)
	}
	a.Number, a.Street = redact.Personal(number), redact.Personal(street)
}

// Line1 is number and street in one, as Xtrakit shows them.
func (a *Address) Line1() redact.Personal {
	if a.Number == "" || a.Street == "" {
		return a.Number + a.Street
	}
	return a.Number + " " + a.Street
}

// Differences names what differs between two states of a customer, in the order of the Path
// constants, with what a purchase changes. The time of the change counts for none.
func Differences(was, is *Customer) []string {
	changed := differences(was, is)
	if was.LastSpent != is.LastSpent {
		changed = append(changed, PathLastSpent)
	}
	if !was.LastPurchase.Equal(is.LastPurchase) {
		changed = append(changed, PathLastPurchase)
	}
	return changed
}

func differences(was, is *Customer) (changed []string) {
	add := func(path string, differs bool) {
		if differs {
			changed = append(changed, path)
		}
	}
	a, b := &was.Address, &is.Address
	add(PathGiven, was.Given != is.Given)
	add(PathFamily, was.Family != is.Family)
	add(PathEmail, was.Email != is.Email)
	add(PathPhone, was.Phone != is.Phone)
	add(PathWhatsapp, was.Whatsapp != is.Whatsapp)
	add(PathCountry, was.Country != is.Country)
	add(PathType, was.Type != is.Type)
	add(PathStatus, was.Status != is.Status)
	add(PathNumber, a.Number != b.Number)
	add(PathStreet, a.Street != b.Street)
	add(PathLine2, a.Line2 != b.Line2)
	add(PathCity, a.City != b.City)
	add(PathRegion, a.Region != b.Region)
	add(PathPostal, a.PostalCode != b.PostalCode)
	add(PathAddressCountry, a.Country != b.Country)
	add(PathProfile, was.Profile != is.Profile)
	add(PathCreatedBy, was.CreatedBy != is.CreatedBy)
	add(PathGroup, was.Group != is.Group)
	add(pathKYC, !was.KYC.equal(is.KYC))
	return changed
}

// equal reports whether both say the same, in whatever zone.
func (k KYC) equal(other KYC) bool {
	return k.State() == other.State() && k.Reason == other.Reason && k.Accounts == other.Accounts &&
		k.VerifiedAt.Equal(other.VerifiedAt)
}

// AppendBinary appends the change in a form that is equal for equal changes. An
// idempotency key's fingerprint is computed over it.
func (ch Change) AppendBinary(b []byte) []byte {
	for i, p := range [...]*redact.Personal{
		ch.FullName, ch.Given, ch.Family, ch.Email, ch.Phone, ch.Whatsapp, ch.Country, ch.Number, ch.Street, ch.Line1,
		ch.Line2, ch.City, ch.Region, ch.Postal, ch.AddressCountry, ch.Profile, ch.CreatedBy,
	} {
		if p != nil {
			b = binary.AppendUvarint(append(b, byte(i+1)), uint64(len(*p)))
			b = append(b, *p...)
		}
	}
	if ch.Type != nil {
		b = append(b, 'T', byte(*ch.Type))
	}
	if ch.Side != nil {
		b = append(b, 'I', byte(*ch.Side))
	}
	if ch.Status != nil {
		b = append(b, 'S', byte(*ch.Status))
	}
	if ch.Group != nil {
		b = binary.AppendVarint(append(b, 'G'), *ch.Group)
	}
	if ch.KYC != nil {
		kyc := (&Personal{KYC: *ch.KYC}).AppendBinary(nil)
		b = append(binary.AppendUvarint(append(b, 'K'), uint64(len(kyc))), kyc...)
	}
	return b
}
