package xtrakit

import (
	"net/http"
	"strconv"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
)

// statusAdded is the status of an answer to add. The introduction says 201, every
// sample 200; two concrete samples beat one general line.
const statusAdded = http.StatusOK

// required are the members that add and edit must have (Xtrakit, "Add Customer").
var required = []string{
	customer.PathFullName, customer.PathPhone, customer.PathCountry, customer.PathCity, customer.PathRegion,
	customer.PathLine1,
}

// readCustomer takes the members of an add or edit request out of a body. Other
// members are ignored: clients send back whole objects.
func readCustomer(o body.Object) customer.Input {
	return customer.Input{
		Group:     readNumber(o, "customer_group_id"),
		FullName:  readText(o, "customer_name"),
		Email:     readText(o, "customer_email"),
		Phone:     readText(o, "customer_phone"),
		Whatsapp:  readText(o, "customer_whatsapp"),
		Country:   readText(o, "customer_country"),
		City:      readText(o, "customer_city"),
		Region:    readText(o, "customer_state"),
		Postal:    readText(o, "customer_zip"),
		Line1:     readText(o, "address1"),
		Line2:     readText(o, "address2"),
		Profile:   readText(o, "customer_profile"),
		CreatedBy: readText(o, "created_by"),
		Rules:     customer.Rules{Required: required, Replaces: true, EmptyIsNull: true, Loose: true},
	}
}

// readGroup takes the members of an add or edit request out of a body; the name must
// be among them.
func readGroup(o body.Object) customer.GroupInput {
	in := customer.GroupInput{Name: readText(o, "group_name"), Description: readText(o, "group_description")}
	in.Name.Sent = true
	return in
}

func readText(o body.Object, name string) customer.Text {
	v, sent := o.Get(name)
	s, isText := v.Str()
	return customer.Text{Sent: sent, Null: sent && v.IsNull(), Other: sent && !isText && !v.IsNull(), Value: s}
}

// readNumber takes a member that is a JSON number, or the text of one, as in a form.
func readNumber(o body.Object, name string) customer.Text {
	t := readText(o, name)
	v, _ := o.Get(name)
	if literal, ok := v.Number(); ok {
		t.Other, t.Value = false, literal
	}
	return t
}

func accountOf(app id.App) account { return account{tenant.UserID(app), tenant.BusinessCode(app)} }

func customerOf(c *customer.Customer, of account) customerBody {
	a := &c.Address
	return customerBody{
		id: c.Seq, account: of, group: c.Group, name: c.Name().Reveal(),
		texts: [...]string{
			c.Email.Reveal(), c.Phone.Reveal(), c.Whatsapp.Reveal(), customer.CountryName(c.Country.Reveal()),
			a.City.Reveal(), a.Region.Reveal(), a.PostalCode.Reveal(), a.Line1().Reveal(), a.Line2.Reveal(),
			c.Profile.Reveal(), c.CreatedBy.Reveal(),
		},
		createdAt: c.CreatedAt, updatedAt: c.UpdatedAt,
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
		id: g.Seq, account: of, name: g.Name.Reveal(), description: g.Description.Reveal(),
		createdAt: g.CreatedAt, updatedAt: g.UpdatedAt,
	}
}

// Room enough for nearly every object.
const (
	customerSize = 768
	groupSize    = 512
)

// encodeCustomer renders the answer of add and edit.
func encodeCustomer(app id.App, status int, message string) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte {
		return success(status, message, customerSize, func(b []byte) []byte {
			wire := customerOf(c, accountOf(app))
			return wire.appendJSON(append(b, `"customer":`...))
		})
	}
}

// encodeFetched renders the answer of fetch: the customer, and a list of its group or
// of nothing.
func encodeFetched(c *customer.Customer, g *customer.Group, app id.App) []byte {
	return success(http.StatusOK, "Customer found", customerSize+groupSize, func(b []byte) []byte {
		of := accountOf(app)
		wire := customerOf(c, of)
		b = wire.appendJSON(append(b, `"customer":`...))
		b = append(b, `,"customer-group":[`...)
		if g != nil {
			wire := groupOf(g, of)
			b = wire.appendJSON(b)
		}
		return append(b, ']')
	})
}

// encodeCustomers renders a list; total is how many there are on all its pages.
func encodeCustomers(list []customer.Customer, total int, app id.App) []byte {
	return success(http.StatusOK, "Customers found: "+strconv.Itoa(total), 64+customerSize*len(list), func(b []byte) []byte {
		b = append(b, `"customers":[`...)
		of := accountOf(app)
		for i := range list {
			if i > 0 {
				b = append(b, ',')
			}
			wire := customerOf(&list[i], of)
			b = wire.appendJSON(b)
		}
		return append(b, ']')
	})
}

// encodeGroup renders the answer of add, edit and fetch of a group.
func encodeGroup(app id.App, status int, message string) func(*customer.Group) []byte {
	return func(g *customer.Group) []byte {
		return success(status, message, groupSize, func(b []byte) []byte {
			wire := groupOf(g, accountOf(app))
			return wire.appendJSON(append(b, `"group":`...))
		})
	}
}

// encodeGroups is encodeCustomers for groups.
func encodeGroups(list []customer.Group, total int, app id.App) []byte {
	return success(http.StatusOK, "Groups found: "+strconv.Itoa(total), 64+groupSize*len(list), func(b []byte) []byte {
		b = append(b, `"groups":[`...)
		of := accountOf(app)
		for i := range list {
			if i > 0 {
				b = append(b, ',')
			}
			wire := groupOf(&list[i], of)
			b = wire.appendJSON(b)
		}
		return append(b, ']')
	})
}

// encodeUser renders the answer of the check of an API key.
func encodeUser(of account) []byte {
	return success(http.StatusOK, "User authenticated", 160, func(b []byte) []byte {
		return append(of.appendMembers(append(b, `"user":{`...)), '}')
	})
}
