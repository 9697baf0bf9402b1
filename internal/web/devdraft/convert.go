package devdraft

import (
	"github.com/go-json-experiment/json/jsontext"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// customerMembers are the members that a request about a customer may have: those that
// count, and those that answers show and a client may send back.
var customerMembers = []string{
	"first_name", "last_name", "email", "phone_number", "customer_type", "status", "group_id",
	"id", "last_spent", "last_purchase_date", "appId", "app_id", "createdAt", "updatedAt", "app",
}

// readCustomer takes the six members of a create or update request, and group_id,
// which is ours, out of a body.
// Other members are ignored: clients in the wild send them.
func readCustomer(o body.Object) customer.Input {
	return customer.Input{
		Given:  wire.Member(o, "first_name"),
		Family: wire.Member(o, "last_name"),
		Email:  wire.Member(o, "email"),
		Phone:  wire.Member(o, "phone_number"),
		Type:   wire.Member(o, "customer_type"),
		Status: wire.Member(o, "status"),
		Group:  wire.NumberMember(o, "group_id"),
	}
}

// readFind takes the parameters of a list request out of a query. One that is
// given twice is not a number, text or listed value, and is refused as such.
func readFind(q body.Query) customer.ListInput {
	return customer.ListInput{
		Take:   wire.Parameter(q, "take"),
		Skip:   wire.Parameter(q, "skip"),
		Status: wire.Parameter(q, "status"),
		Name:   wire.Parameter(q, "name"),
		Email:  wire.Parameter(q, "email"),

		Type:        wire.Parameter(q, "customer_type"),
		Group:       wire.Parameter(q, "group_id"),
		CreatedFrom: wire.Parameter(q, "created_from"),
		CreatedTo:   wire.Parameter(q, "created_to"),
	}
}

// customerOf gives a customer as the wire shows it, without app.
func customerOf(c *customer.Customer, app id.App, withGroup bool) customerBody {
	b := customerBody{
		ID:               c.ID.String(),
		FirstName:        c.Given.Reveal(),
		LastName:         c.Family.Reveal(),
		Email:            wire.Text(c.Email.Reveal()),
		PhoneNumber:      c.Phone.Reveal(),
		CustomerType:     c.Type.String(),
		Status:           c.Status.String(),
		LastSpent:        jsontext.Value(c.LastSpent.Number()),
		LastPurchaseDate: timeText(c.LastPurchase),
		AppID:            string(app),
		AppIDAgain:       string(app),
		CreatedAt:        timeText(c.CreatedAt),
		UpdatedAt:        timeText(c.UpdatedAt),
	}
	if withGroup {
		b.GroupID = new(wire.Number(c.Group))
	}
	return b
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
	return func(c *customer.Customer) []byte { return wire.Marshal(customerOf(c, app, withGroup)) }
}

// encodeFetched renders the answer of fetch, which shows the application too.
func encodeFetched(c *customer.Customer, caller tenant.Caller, withGroup bool) []byte {
	b := customerOf(c, caller.App, withGroup)
	b.App = &appBody{ID: string(caller.App), Name: caller.AppName}
	return wire.Marshal(b)
}

// encodeExisting renders the answer of get-or-create.
func encodeExisting(app id.App, withGroup bool) func(*customer.Customer, bool) []byte {
	return func(c *customer.Customer, created bool) []byte {
		return wire.Marshal(existingBody{created, customerOf(c, app, withGroup)})
	}
}

// encodeList renders the answer of list: a bare array.
func encodeList(list []customer.Customer, app id.App, withGroup bool) []byte {
	b := make([]byte, 0, 2+customerSize*len(list))
	return wire.AppendArray(b, list, func(b []byte, c *customer.Customer) []byte {
		body := customerOf(c, app, withGroup)
		return body.appendJSON(b)
	})
}

// customerSize is room enough for nearly every customer.
const customerSize = 640
