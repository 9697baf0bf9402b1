package yativo

import (
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
)

// rules are what this dialect asks of customers ("Add customer", parameters).
var rules = customer.Rules{
	Required:    []string{customer.PathFullName, customer.PathEmail, customer.PathPhone, customer.PathCountry},
	EmptyIsNull: true,
	E164:        true,
}

var errAddress = fault.Validation(fault.Field{
	Path: "customer_address", Code: "not_an_object", Message: "The customer address field must be an object.",
})

// readCustomer takes the members of a create or update request out of a body. Other
// members are ignored, the documents of customer_id* among them: they are never
// stored.
func readCustomer(o body.Object) (customer.Input, error) {
	in := customer.Input{
		FullName: readMember(o, "customer_name"),
		Email:    readMember(o, "customer_email"),
		Phone:    readMember(o, "customer_phone"),
		Country:  readMember(o, "customer_country"),
		Side:     readMember(o, "customer_type"),
		Rules:    rules,
	}
	address, sent := o.Get("customer_address")
	if !sent {
		return in, nil
	}
	parts, ok := address.Object()
	if !ok && !address.IsNull() {
		return in, errAddress
	}
	for _, part := range []struct {
		text *customer.Text
		name string
	}{
		{&in.Number, "number"}, {&in.Street, "street"}, {&in.City, "city"}, {&in.Region, "state"},
		{&in.Postal, "zipcode"}, {&in.AddressCountry, "country"},
	} {
		*part.text = readMember(parts, part.name)
		if address.IsNull() {
			*part.text = customer.Text{Sent: true, Null: true} // no address: none of its parts
		}
	}
	return in, nil
}

func readMember(o body.Object, name string) customer.Text {
	v, sent := o.Get(name)
	s, isText := v.Str()
	return customer.Text{Sent: sent, Null: sent && v.IsNull(), Other: sent && !isText && !v.IsNull(), Value: s}
}

// requiredText takes a member that must be a text and not empty. name is what is
// told to be wrong.
func requiredText(o body.Object, name string) (string, []fault.Field) {
	t := readMember(o, name)
	switch {
	case t.Other:
		return "", []fault.Field{{Path: name, Code: customer.CodeNotText, Message: mustBeText(name)}}
	case customer.Trim(t.Value) == "":
		return "", []fault.Field{{Path: name, Code: customer.CodeRequired, Message: isRequired(name)}}
	}
	return t.Value, nil
}

// readLogin takes a login request out of a body.
func readLogin(o body.Object) (records.Login, error) {
	account, problems := requiredText(o, "account_id")
	secret, more := requiredText(o, "app_secret")
	if problems = append(problems, more...); len(problems) > 0 {
		return records.Login{}, fault.Validation(problems...)
	}
	return records.Login{Kind: tenant.Yativo, PublicKey: account, Secret: secret}, nil
}

// readSubmission takes the members of a KYC update out of a body that count here.
func readSubmission(o body.Object) (target string, side customer.Side, err error) {
	target, problems := requiredText(o, "customer_id")
	name, more := requiredText(o, "type")
	side, known := customer.ParseSide(name)
	if len(more) == 0 && !known {
		more = []fault.Field{{Path: "type", Code: customer.CodeNotListed, Message: isInvalid("type")}}
	}
	if problems = append(problems, more...); len(problems) > 0 {
		return "", 0, fault.Validation(problems...)
	}
	return target, side, nil
}

// customerOf gives a customer as the wire shows it.
func (a *api) customerOf(c *customer.Customer) customerBody {
	approved := c.KYC.State() == customer.KYCApproved
	b := customerBody{
		id:        c.ID.String(),
		name:      c.Name().Reveal(),
		email:     c.Email.Reveal(),
		phone:     customer.E164(c.Phone.Reveal()),
		country:   c.Country.Reveal(),
		canCreate: c.Status == customer.Active && approved,
		status:    "inactive",
		side:      c.Type.Side().String(),
		kyc:       kycOf(c.KYC),
		createdAt: c.CreatedAt,
		updatedAt: c.UpdatedAt,
	}
	if c.Status == customer.Active {
		b.status = "pending"
		if approved || a.ActiveWithoutKYC {
			b.status = "active"
		}
	}
	ad := &c.Address
	if hasAddress(ad) {
		country := ad.Country
		if country == "" {
			country = c.Country
		}
		b.address = &addressBody{
			city: ad.City.Reveal(), state: ad.Region.Reveal(), zipcode: ad.PostalCode.Reveal(),
			street: ad.Street.Reveal(), number: ad.Number.Reveal(), country: country.Reveal(),
		}
	}
	return b
}

// shown gives a customer as a request that sends back all that this API shows of it.
func shown(c *customer.Customer) customer.Input {
	ad := &c.Address
	country := ad.Country
	if country == "" && hasAddress(ad) {
		country = c.Country
	}
	return customer.Input{
		FullName:       customer.ShownText(c.Name(), true),
		Email:          customer.ShownText(c.Email, true),
		Phone:          customer.ShownText(redact.Personal(customer.E164(c.Phone.Reveal())), true),
		Country:        customer.ShownText(c.Country, true),
		Side:           customer.ShownText(redact.Personal(c.Type.Side().String()), true),
		Number:         customer.ShownText(ad.Number, true),
		Street:         customer.ShownText(ad.Street, true),
		City:           customer.ShownText(ad.City, true),
		Region:         customer.ShownText(ad.Region, true),
		Postal:         customer.ShownText(ad.PostalCode, true),
		AddressCountry: customer.ShownText(country, true),
	}
}

// hasAddress reports whether any part of an address is there, so that it is shown.
func hasAddress(a *customer.Address) bool {
	return a.Number+a.Street+a.City+a.Region+a.PostalCode+a.Country != ""
}

// kycOf collapses the states of a check that is under way into one.
func kycOf(k customer.KYC) kycBody {
	b := kycBody{status: string(k.State()), reason: k.Reason.Reveal(), verifiedAt: k.VerifiedAt}
	switch k.State() {
	case customer.KYCSubmitted, customer.KYCManualReview, customer.KYCUnderReview:
		b.status = "pending"
	}
	return b
}

// encodeCustomer renders an answer whose data is one customer.
func (a *api) encodeCustomer(status int, message string) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte {
		wire := a.customerOf(c)
		b := openEnvelope(make([]byte, 0, customerSize), status, message)
		return append(wire.appendJSON(b), '}')
	}
}

// encodeList renders the answer of list.
func (a *api) encodeList(list []customer.Customer, p pagination) []byte {
	b := make([]byte, 0, customerSize*(len(list)+1))
	b = append(openEnvelope(b, http.StatusOK, "Records retrieved successfully"), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		wire := a.customerOf(&list[i])
		b = wire.appendJSON(b)
	}
	return append(p.appendJSON(append(b, `],"pagination":`...)), '}')
}

// encodeKYC renders the answer of fetchKYC.
func (a *api) encodeKYC(c *customer.Customer) []byte {
	wire := statusBody{
		firstName: c.Given.Reveal(), lastName: c.Family.Reveal(),
		status: string(c.KYC.State()), kyc: kycOf(c.KYC),
		link:     a.KYCLinkBase + "/" + c.Type.Side().String() + "/" + c.ID.String(),
		accounts: c.KYC.Accounts,
	}
	b := openEnvelope(make([]byte, 0, customerSize), http.StatusOK, "Request successful")
	return append(wire.appendJSON(b), '}')
}

// encodeSubmission renders the answer of submitKYC.
func encodeSubmission(c *customer.Customer) []byte {
	b := openEnvelope(nil, http.StatusOK, "KYC submission updated successfully")
	b = appendString(append(b, `{"customer_id":`...), c.ID.String())
	b = appendString(append(b, `,"type":`...), c.Type.Side().String())
	b = appendString(append(b, `,"status":`...), string(c.KYC.State()))
	b = appendTime(append(b, `,"updated_at":`...), c.UpdatedAt)
	return append(b, `}}`...)
}

func encodeToken(message, token string) []byte {
	b := openEnvelope(nil, http.StatusOK, message)
	b = appendString(append(b, `{"access_token":`...), token)
	b = append(b, `,"token_type":"bearer","expires_in":`...)
	return append(appendInt(b, tokenSeconds), `}}`...)
}

// readID reads the id of a path or body. One that is none names nobody.
func readID(text string) (id.Customer, error) {
	target, err := id.ParseCustomer(text)
	if err != nil {
		return target, errNobody
	}
	return target, nil
}

var errNobody = fault.New(fault.NotFound, "bad_id", "Customer not found")

// customerSize is room enough for nearly every customer.
const customerSize = 896
