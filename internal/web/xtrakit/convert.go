package xtrakit

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// statusAdded is the status of an answer to add. The introduction says 201, every
// sample 200; two concrete samples beat one general line.
const statusAdded = http.StatusOK

// required are the members that add and edit must have (Xtrakit, "Add Customer").
var required = []string{
	customer.PathFullName, customer.PathPhone, customer.PathCountry, customer.PathCity, customer.PathRegion,
	customer.PathLine1,
}

// The members that a request about a customer or a group may have: those that count, and
// those that answers show and a client may send back.
var (
	customerMembers = []string{
		"customer_group_id", "customer_name", "customer_email", "customer_phone", "customer_whatsapp", "customer_country",
		"customer_city", "customer_state", "customer_zip", "address1", "address2", "customer_profile", "created_by",
		"id", "user_id", "business_code", "created_at", "updated_at",
	}
	groupMembers = []string{"group_name", "group_description", "id", "user_id", "business_code", "created_at", "updated_at"}
)

// readCustomer takes the members of an add or edit request out of a body. Other
// members are ignored: clients send back whole objects.
func readCustomer(o body.Object) customer.Input {
	return customer.Input{
		Group:     wire.NumberMember(o, "customer_group_id"),
		FullName:  wire.Member(o, "customer_name"),
		Email:     wire.Member(o, "customer_email"),
		Phone:     wire.PhoneMember(o, "customer_phone"),
		Whatsapp:  wire.PhoneMember(o, "customer_whatsapp"),
		Country:   wire.Member(o, "customer_country"),
		City:      wire.Member(o, "customer_city"),
		Region:    wire.Member(o, "customer_state"),
		Postal:    wire.Member(o, "customer_zip"),
		Line1:     wire.Member(o, "address1"),
		Line2:     wire.Member(o, "address2"),
		Profile:   wire.Member(o, "customer_profile"),
		CreatedBy: wire.Member(o, "created_by"),
		Rules:     customer.Rules{Required: required, Replaces: true, EmptyIsNull: true, Loose: true},
	}
}

// readGroup takes the members of an add or edit request out of a body; the name must
// be among them.
func readGroup(o body.Object) customer.GroupInput {
	in := customer.GroupInput{Name: wire.Member(o, "group_name"), Description: wire.Member(o, "group_description")}
	in.Name.Sent = true
	return in
}

func accountOf(app id.App) account { return account{tenant.UserID(app), tenant.BusinessCode(app)} }

func customerOf(c *customer.Customer, of account) customerBody {
	a := &c.Address
	return customerBody{
		ID: c.Seq, account: of, GroupID: wire.Number(c.Group), Name: c.Name().Reveal(),
		Email:     wire.Text(c.Email.Reveal()),
		Phone:     wire.Text(c.Phone.Reveal()),
		Whatsapp:  wire.Text(c.Whatsapp.Reveal()),
		Country:   wire.Text(customer.CountryName(c.Country.Reveal())),
		City:      wire.Text(a.City.Reveal()),
		State:     wire.Text(a.Region.Reveal()),
		Zip:       wire.Text(a.PostalCode.Reveal()),
		Address1:  wire.Text(a.Line1().Reveal()),
		Address2:  wire.Text(a.Line2.Reveal()),
		Profile:   wire.Text(c.Profile.Reveal()),
		CreatedBy: wire.Text(c.CreatedBy.Reveal()),
		CreatedAt: timeText(c.CreatedAt), UpdatedAt: timeText(c.UpdatedAt),
	}
}

// shown gives a customer as a request that sends back all that this API shows of it.
func shown(c *customer.Customer) customer.Input {
	a := &c.Address
	return customer.Input{
		Group:     customer.ShownNumber(c.Group),
		FullName:  customer.ShownText(c.Name(), true),
		Email:     customer.ShownText(c.Email, true),
		Phone:     customer.ShownText(c.Phone, true),
		Whatsapp:  customer.ShownText(c.Whatsapp, true),
		Country:   customer.ShownText(redact.Personal(customer.CountryName(c.Country.Reveal())), true),
		City:      customer.ShownText(a.City, true),
		Region:    customer.ShownText(a.Region, true),
		Postal:    customer.ShownText(a.PostalCode, true),
		Line1:     customer.ShownText(a.Line1(), true),
		Line2:     customer.ShownText(a.Line2, true),
		Profile:   customer.ShownText(c.Profile, true),
		CreatedBy: customer.ShownText(c.CreatedBy, true),
	}
}

func groupOf(g *customer.Group, of account) groupBody {
	return groupBody{
		ID: g.Seq, account: of, Name: g.Name.Reveal(), Description: wire.Text(g.Description.Reveal()),
		CreatedAt: timeText(g.CreatedAt), UpdatedAt: timeText(g.UpdatedAt),
	}
}

// encodeCustomer renders the answer of add and edit.
func encodeCustomer(app id.App, status int, message string) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte {
		return encode(status, message, customerData{customerOf(c, accountOf(app))})
	}
}

// encodeFetched renders the answer of fetch: the customer, and a list of its group or
// of nothing.
func encodeFetched(c *customer.Customer, g *customer.Group, app id.App) []byte {
	of := accountOf(app)
	data := fetchedData{Customer: customerOf(c, of)}
	if g != nil {
		data.Groups = []groupBody{groupOf(g, of)}
	}
	return encode(http.StatusOK, "Customer found", data)
}

// customerSize is room enough for nearly every customer.
const customerSize = 768

// encodeCustomers renders a list; total is how many there are on all its pages. Its
// customers do not go through wire.Marshal; see customerBody.appendJSON.
func encodeCustomers(list []customer.Customer, total int, app id.App) []byte {
	of := accountOf(app)
	b := make([]byte, 0, 64+customerSize*len(list))
	b = append(b, `{"status":200,"message":"Customers found: `...)
	b = append(strconv.AppendInt(b, int64(total), 10), `","data":{"customers":`...)
	b = wire.AppendArray(b, list, func(b []byte, c *customer.Customer) []byte {
		body := customerOf(c, of)
		return body.appendJSON(b)
	})
	return append(b, `}}`...)
}

// encodeGroup renders the answer of add, edit and fetch of a group.
func encodeGroup(app id.App, status int, message string) func(*customer.Group) []byte {
	return func(g *customer.Group) []byte {
		return encode(status, message, groupData{groupOf(g, accountOf(app))})
	}
}

// encodeGroups renders a list of groups, with its total as encodeCustomers does.
func encodeGroups(list []customer.Group, total int, app id.App) []byte {
	of := accountOf(app)
	data := groupsData{make([]groupBody, len(list))}
	for i := range list {
		data.Groups[i] = groupOf(&list[i], of)
	}
	return encode(http.StatusOK, "Groups found: "+strconv.Itoa(total), data)
}
