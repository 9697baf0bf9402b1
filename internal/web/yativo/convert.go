package yativo

import (
	"cmp"
	"net/http"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// rules are what this dialect asks of customers ("Add customer", parameters).
var rules = customer.Rules{
	Required:    []string{customer.PathFullName, customer.PathEmail, customer.PathPhone, customer.PathCountry},
	EmptyIsNull: true,
	E164:        true,
}

// The members that a request about a customer may have: those that count, and those that
// answers show and a client may send back.
var (
	customerMembers = []string{
		"customer_name", "customer_email", "customer_phone", "customer_country", "customer_type", "customer_address",
		"customer_id", "can_create_vc", "can_create_va", "customer_status", "customer_kyc_status",
		"customer_kyc_reject_reason", "kyc_verified_date", "created_at", "updated_at", "endorsements",
	}
	addressMembers = []string{"number", "street", "city", "state", "zipcode", "country"}
)

// knownMembers looks for other members in a request, and in its address.
func knownMembers(w http.ResponseWriter, r *http.Request, o body.Object) error {
	if err := wire.KnownMembers(w, r, o, "", customerMembers...); err != nil {
		return err
	}
	address, _ := o.Get("customer_address")
	parts, _ := address.Object()
	return wire.KnownMembers(w, r, parts, "customer_address", addressMembers...)
}

var errAddress = fault.Validation(fault.Field{
	Path: "customer_address", Code: "not_an_object", Message: "The customer address field must be an object.",
})

// readCustomer takes the members of a create or update request out of a body. Other
// members are ignored, the documents of customer_id* among them: they are never
// stored.
func readCustomer(o body.Object) (customer.Input, error) {
	in := customer.Input{
		FullName: wire.Member(o, "customer_name"),
		Email:    wire.Member(o, "customer_email"),
		Phone:    wire.Member(o, "customer_phone"),
		Country:  wire.Member(o, "customer_country"),
		Side:     wire.Member(o, "customer_type"),
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
		*part.text = wire.Member(parts, part.name)
		if address.IsNull() {
			*part.text = customer.Text{Sent: true, Null: true} // no address: none of its parts
		}
	}
	return in, nil
}

// requiredText takes a member that must be a text and not empty. name is the
// member that the problem is about.
func requiredText(o body.Object, name string) (string, []fault.Field) {
	t := wire.Member(o, name)
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

// checkType reports a member type that is not the side that the path says. It may be
// absent.
func checkType(o body.Object, side customer.Side) []fault.Field {
	t := wire.Member(o, "type")
	switch {
	case t.Other:
		return []fault.Field{{Path: "type", Code: customer.CodeNotText, Message: mustBeText("type")}}
	case customer.Trim(t.Value) != "" && t.Value != side.String():
		return []fault.Field{{Path: "type", Code: customer.CodeNotListed, Message: isInvalid("type")}}
	}
	return nil
}

// customerOf gives a customer as the wire shows it.
func (a *api) customerOf(c *customer.Customer) customerBody {
	approved := c.KYC.State() == customer.KYCApproved
	b := customerBody{
		ID:              c.ID.String(),
		Name:            wire.Text(c.Name().Reveal()),
		Email:           wire.Text(c.Email.Reveal()),
		Phone:           wire.Text(customer.E164(c.Phone.Reveal())),
		Country:         wire.Text(c.Country.Reveal()),
		Address:         addressOf(c),
		Status:          "inactive",
		Type:            c.Type.Side().String(),
		KYCStatus:       kycStatus(c.KYC),
		KYCRejectReason: wire.Text(c.KYC.Reason.Reveal()),
		KYCVerifiedDate: timeText(c.KYC.VerifiedAt),
		CreatedAt:       timeText(c.CreatedAt),
		UpdatedAt:       timeText(c.UpdatedAt),
	}
	if c.Status == customer.Active {
		b.Status = "pending"
		if approved || a.ActiveWithoutKYC {
			b.Status = "active"
		}
		if approved {
			b.CanCreateVC, b.CanCreateVA = 1, 1
		}
	}
	return b
}

// addressOf gives the address, nil if none of its parts is known. The country of the
// customer stands in for the one of the address.
func addressOf(c *customer.Customer) *addressBody {
	a := &c.Address
	if !hasAddress(a) {
		return nil
	}
	return &addressBody{
		City: wire.Text(a.City.Reveal()), State: wire.Text(a.Region.Reveal()), Zipcode: wire.Text(a.PostalCode.Reveal()),
		Street: wire.Text(a.Street.Reveal()), Number: wire.Text(a.Number.Reveal()),
		Country: wire.Text(cmp.Or(a.Country, c.Country).Reveal()),
	}
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

// kycStatus collapses the states of a check that is under way into one: not_started,
// pending, approved or rejected.
func kycStatus(k customer.KYC) string {
	switch k.State() {
	case customer.KYCSubmitted, customer.KYCManualReview, customer.KYCUnderReview:
		return "pending"
	}
	return string(k.State())
}

// encodeCustomer renders an answer whose data is one customer.
func (a *api) encodeCustomer(status int, message string) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte { return encode(status, message, a.customerOf(c)) }
}

// encodeFetched renders the answer of fetchCustomer, which has endorsements too (package
// yativo-fiat-sdk, customers.retrieve). There are none here.
func (a *api) encodeFetched(c *customer.Customer) []byte {
	return encode(http.StatusOK, "Request successful", fetchedBody{customerBody: a.customerOf(c), Endorsements: []string{}})
}

// encodeList renders the answer of list. Its customers do not go through wire.Marshal;
// see customerBody.appendJSON.
func (a *api) encodeList(list []customer.Customer, p paginationBody) []byte {
	b := make([]byte, 0, customerSize*(len(list)+1))
	b = append(b, `{"status":"success","status_code":200,"message":"Records retrieved successfully","data":`...)
	b = wire.AppendArray(b, list, func(b []byte, c *customer.Customer) []byte {
		body := a.customerOf(c)
		return body.appendJSON(b)
	})
	b = append(append(b, `,"pagination":`...), wire.Marshal(p)...)
	return append(b, '}')
}

// encodeKYC renders the answer of fetchKYC.
func (a *api) encodeKYC(c *customer.Customer) []byte {
	b := kycBody{
		FirstName: wire.Text(c.Given.Reveal()), LastName: wire.Text(c.Family.Reveal()),
		Status:       string(c.KYC.State()),
		BioData:      bioBody{kycStatus(c.KYC), timeText(c.KYC.VerifiedAt)},
		Link:         a.KYCLinkBase + "/" + c.Type.Side().String() + "/" + c.ID.String(),
		IsVAApproved: c.KYC.Accounts,
	}
	if reason := c.KYC.Reason.Reveal(); reason != "" {
		b.RejectionReasons = []string{reason}
	}
	return encode(http.StatusOK, "Request successful", b)
}

// encodeSubmission renders the answer of a submission.
func encodeSubmission(message string) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte {
		return encode(http.StatusOK, message, submissionBody{
			CustomerID: c.ID.String(), Type: c.Type.Side().String(), Status: string(c.KYC.State()), UpdatedAt: timeText(c.UpdatedAt),
		})
	}
}

func encodeToken(message, token string) []byte {
	return encode(http.StatusOK, message, tokenBody{token, "bearer", tokenSeconds})
}

// readID reads the id of a path or body. One that is none names nobody.
func readID(text string) (id.Customer, error) {
	target, err := id.ParseCustomer(text)
	if err != nil {
		return target, errNobody
	}
	return target, nil
}

var errNobody = fault.New(fault.NotFound, "customer_not_found", "Customer not found")

// customerSize is room enough for nearly every customer.
const customerSize = 896
