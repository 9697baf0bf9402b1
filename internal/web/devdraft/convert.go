package devdraft

import (
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
)

// readCustomer takes the six members of a create or update request, and group_id,
// which is ours, out of a body.
// Other members are ignored: clients in the wild send them.
func readCustomer(o body.Object) customer.Input {
	return customer.Input{
		Given:  readMember(o, "first_name"),
		Family: readMember(o, "last_name"),
		Email:  readMember(o, "email"),
		Phone:  readMember(o, "phone_number"),
		Type:   readMember(o, "customer_type"),
		Status: readMember(o, "status"),
		Group:  readNumber(o, "group_id"),
	}
}

func readMember(o body.Object, name string) customer.Text {
	v, sent := o.Get(name)
	s, isText := v.Str()
	return customer.Text{Sent: sent, Null: sent && v.IsNull(), Other: sent && !isText && !v.IsNull(), Value: s}
}

// readFind takes the parameters of a list request out of a query. One that is
// given twice is not a number, text or listed value, and is told as such.
func readFind(q body.Query) customer.ListInput {
	return customer.ListInput{
		Take:   readParameter(q, "take"),
		Skip:   readParameter(q, "skip"),
		Status: readParameter(q, "status"),
		Name:   readParameter(q, "name"),
		Email:  readParameter(q, "email"),

		Type:        readParameter(q, "customer_type"),
		Group:       readParameter(q, "group_id"),
		CreatedFrom: readParameter(q, "created_from"),
		CreatedTo:   readParameter(q, "created_to"),
	}
}

// readNumber takes a member that is a JSON number, or a text that holds one.
func readNumber(o body.Object, name string) customer.Text {
	t := readMember(o, name)
	v, _ := o.Get(name)
	if literal, ok := v.Number(); ok {
		t.Other, t.Value = false, literal
	}
	return t
}

func readParameter(q body.Query, name string) customer.Text {
	value, sent, err := q.One(name)
	return customer.Text{Sent: sent, Other: err != nil, Value: value}
}

// customerOf gives a customer as the wire shows it, without app.
func customerOf(c *customer.Customer, app id.App, withGroup bool) customerBody {
	return customerBody{
		id:             c.ID.String(),
		firstName:      c.Given.Reveal(),
		lastName:       c.Family.Reveal(),
		email:          c.Email.Reveal(),
		phoneNumber:    c.Phone.Reveal(),
		customerType:   c.Type.String(),
		status:         c.Status.String(),
		lastSpent:      c.LastSpent.Number(),
		lastPurchaseAt: c.LastPurchase,
		appID:          string(app),
		createdAt:      c.CreatedAt,
		updatedAt:      c.UpdatedAt,
		showGroup:      withGroup,
		group:          c.Group,
	}
}

// shown gives a customer as a request that sends back all that this API shows of it.
func shown(c *customer.Customer) customer.Input {
	return customer.Input{
		Given:  customer.ShownText(c.Given, false),
		Family: customer.ShownText(c.Family, false),
		Email:  customer.ShownText(c.Email, true),
		Phone:  customer.ShownText(c.Phone, false),
		Type:   customer.ShownText(redact.Personal(c.Type.String()), false),
		Status: customer.ShownText(redact.Personal(c.Status.String()), false),
		Group:  customer.ShownNumber(c.Group),
	}
}

// encodeCustomer renders the answer of create and update.
func encodeCustomer(app id.App, withGroup bool) func(*customer.Customer) []byte {
	return func(c *customer.Customer) []byte {
		wire := customerOf(c, app, withGroup)
		return wire.appendJSON(make([]byte, 0, customerSize))
	}
}

// encodeFetched renders the answer of fetch, which shows the application too.
func encodeFetched(c *customer.Customer, caller tenant.Caller, withGroup bool) []byte {
	wire := customerOf(c, caller.App, withGroup)
	wire.app = &appBody{id: string(caller.App), name: caller.AppName}
	return wire.appendJSON(make([]byte, 0, customerSize))
}

// encodeList renders the answer of list: a bare array.
func encodeList(list []customer.Customer, app id.App, withGroup bool) []byte {
	b := append(make([]byte, 0, 2+customerSize*len(list)), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		wire := customerOf(&list[i], app, withGroup)
		b = wire.appendJSON(b)
	}
	return append(b, ']')
}

// customerSize is room enough for nearly every customer.
const customerSize = 640
