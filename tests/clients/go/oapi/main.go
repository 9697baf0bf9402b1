// Command oapi makes a round trip of each API with the clients that oapi-codegen generates.
package main

import (
	"context"
	"slices"
	"strconv"

	"clients/gen/oapi/devdraft"
	"clients/gen/oapi/xtrakit"
	"clients/gen/oapi/yativo"
	"clients/trip"
)

var ctx = context.Background()

func main() {
	devdraftTrip()
	yativoTrip()
	xtrakitTrip()
}

func devdraftTrip() {
	c, err := devdraft.NewClientWithResponses(trip.BaseURL(), devdraft.WithRequestEditorFn(trip.Devdraft))
	trip.Must(err, "client")
	email, name, all := "oapi@example.com", "Augusta", 100
	in := devdraft.CustomerInput{FirstName: "Ada", LastName: "Lovelace", PhoneNumber: trip.Phone, Email: &email}
	made, err := c.CreateCustomerWithResponse(ctx, &devdraft.CreateCustomerParams{}, in)
	trip.Check(err == nil && made.JSON201 != nil, "create", err, made)
	id := made.JSON201.Id
	got, err := c.FetchCustomerWithResponse(ctx, id, &devdraft.FetchCustomerParams{})
	trip.Check(err == nil && got.JSON200 != nil && got.JSON200.FirstName == "Ada", "fetch", err, got)
	list, err := c.ListCustomersWithResponse(ctx, &devdraft.ListCustomersParams{Take: &all})
	trip.Check(err == nil && list.JSON200 != nil && slices.ContainsFunc(*list.JSON200, func(c devdraft.Customer) bool {
		return c.FirstName == trip.OneName
	}), "list", err, list)
	found, err := c.SearchCustomersWithResponse(ctx, &devdraft.SearchCustomersParams{}, devdraft.CustomerSearch{Email: &email})
	trip.Check(err == nil && found.JSON200 != nil && (*found.JSON200)[0].Id == id, "search", err, found)
	changed, err := c.UpdateCustomerWithResponse(ctx, id, &devdraft.UpdateCustomerParams{}, devdraft.CustomerChange{FirstName: &name})
	trip.Check(err == nil && changed.JSON200 != nil && changed.JSON200.FirstName == name, "update", err, changed)
	again, err := c.CreateCustomerWithResponse(ctx, &devdraft.CreateCustomerParams{}, in)
	trip.Check(err == nil && again.JSON409 != nil && again.JSON409.StatusCode == 409, "error", err, again)
}

func yativoTrip() {
	c, err := yativo.NewClientWithResponses(trip.BaseURL(), yativo.WithRequestEditorFn(trip.Yativo))
	trip.Must(err, "client")
	name, all := "Augusta King", 100
	in := yativo.YativoCustomerInput{CustomerName: "Ada Lovelace", CustomerEmail: "oapi.y@example.com", CustomerPhone: trip.Phone, CustomerCountry: "GBR"}
	made, err := c.YativoCreateCustomerWithResponse(ctx, &yativo.YativoCreateCustomerParams{IdempotencyKey: trip.Key("oapi")}, in)
	trip.Check(err == nil && made.JSON201 != nil, "create", err, made)
	id := made.JSON201.Data.CustomerId
	got, err := c.YativoFetchCustomerWithResponse(ctx, id, &yativo.YativoFetchCustomerParams{})
	trip.Check(err == nil && got.JSON200 != nil && *got.JSON200.Data.CustomerName == "Ada Lovelace", "fetch", err, got)
	list, err := c.YativoListCustomersWithResponse(ctx, &yativo.YativoListCustomersParams{PerPage: &all})
	trip.Check(err == nil && list.JSON200 != nil && slices.ContainsFunc(list.JSON200.Data, func(c yativo.YativoCustomer) bool {
		return *c.CustomerName == trip.OneName
	}), "list", err, list)
	changed, err := c.YativoUpdateCustomerWithResponse(ctx, id, &yativo.YativoUpdateCustomerParams{IdempotencyKey: trip.Key("oapi")},
		yativo.YativoCustomerChange{CustomerName: &name})
	trip.Check(err == nil && changed.JSON200 != nil && *changed.JSON200.Data.CustomerName == name, "update", err, changed)
	in.CustomerName = " "
	wrong, err := c.YativoCreateCustomerWithResponse(ctx, &yativo.YativoCreateCustomerParams{IdempotencyKey: trip.Key("oapi2")}, in)
	trip.Check(err == nil && wrong.JSON422 != nil, "error", err, wrong)
}

func xtrakitTrip() {
	c, err := xtrakit.NewClientWithResponses(trip.BaseURL(), xtrakit.WithRequestEditorFn(trip.Xtrakit))
	trip.Must(err, "client")
	in := xtrakit.XtrakitCustomerInput{CustomerName: "Ada Lovelace", CustomerPhone: trip.Phone, CustomerCountry: "Singapore", CustomerCity: "Singapore", Address1: "1 Orchard Road"}
	made, err := c.XtrakitAddCustomerWithResponse(ctx, &xtrakit.XtrakitAddCustomerParams{}, in)
	trip.Check(err == nil && made.JSON200 != nil, "add", err, made)
	id := strconv.FormatInt(made.JSON200.Data.Customer.Id, 10)
	got, err := c.XtrakitFetchCustomerWithResponse(ctx, id, &xtrakit.XtrakitFetchCustomerParams{})
	trip.Check(err == nil && got.JSON200 != nil && got.JSON200.Data.Customer.CustomerName == "Ada Lovelace", "fetch", err, got)
	list, err := c.XtrakitListCustomersWithResponse(ctx, &xtrakit.XtrakitListCustomersParams{})
	trip.Check(err == nil && list.JSON200 != nil && slices.ContainsFunc(list.JSON200.Data.Customers, func(c xtrakit.XtrakitCustomer) bool {
		return c.CustomerName == trip.OneName
	}), "list", err, list)
	in.CustomerName = "Augusta King"
	changed, err := c.XtrakitEditCustomerWithResponse(ctx, id, &xtrakit.XtrakitEditCustomerParams{}, in)
	trip.Check(err == nil && changed.JSON200 != nil && changed.JSON200.Data.Customer.CustomerName == in.CustomerName, "edit", err, changed)
	in.CustomerName = " "
	wrong, err := c.XtrakitAddCustomerWithResponse(ctx, &xtrakit.XtrakitAddCustomerParams{}, in)
	trip.Check(err == nil && wrong.JSON422 != nil, "error", err, wrong)
}
