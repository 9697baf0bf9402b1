// Command openapigenerator makes a round trip of each API with the Go clients of
// openapi-generator.
package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"clients/gen/openapigenerator/devdraft"
	"clients/gen/openapigenerator/xtrakit"
	"clients/gen/openapigenerator/yativo"
	"clients/trip"
)

var ctx = context.Background()

func main() {
	devdraftTrip()
	yativoTrip()
	xtrakitTrip()
}

// sender sets credentials on every request.
type sender func(context.Context, *http.Request) error

func (s sender) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s(r.Context(), r); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(r)
}

func devdraftTrip() {
	config := devdraft.NewConfiguration()
	config.Servers = devdraft.ServerConfigurations{{URL: trip.BaseURL()}}
	config.HTTPClient = &http.Client{Transport: sender(trip.Devdraft)}
	api, email, name := devdraft.NewAPIClient(config).CustomersAPI, "openapi-generator@example.com", "Augusta"
	in := *devdraft.NewCustomerInput("Ada", "Lovelace", trip.Phone)
	in.SetEmail(email)
	made, _, err := api.CreateCustomer(ctx).CustomerInput(in).Execute()
	trip.Must(err, "create")
	got, _, err := api.FetchCustomer(ctx, made.Id).Execute()
	trip.Check(err == nil && got.FirstName == "Ada", "fetch", err)
	list, _, err := api.ListCustomers(ctx).Take(100).Execute()
	trip.Check(err == nil && slices.ContainsFunc(list, func(c devdraft.Customer) bool { return c.FirstName == trip.OneName }), "list", err)
	found, _, err := api.SearchCustomers(ctx).CustomerSearch(devdraft.CustomerSearch{Email: &email}).Execute()
	trip.Check(err == nil && len(found) == 1 && found[0].Id == made.Id, "search", err, len(found))
	changed, _, err := api.UpdateCustomer(ctx, made.Id).CustomerChange(devdraft.CustomerChange{FirstName: &name}).Execute()
	trip.Check(err == nil && changed.FirstName == name, "update", err)
	_, res, err := api.CreateCustomer(ctx).CustomerInput(in).Execute()
	trip.Check(err != nil && res.StatusCode == 409, "error", err)
}

func yativoTrip() {
	config := yativo.NewConfiguration()
	config.Servers = yativo.ServerConfigurations{{URL: trip.BaseURL()}}
	config.HTTPClient = &http.Client{Transport: sender(trip.Yativo)}
	api, name := yativo.NewAPIClient(config).YativoCustomersAPI, "Augusta King"
	in := *yativo.NewYativoCustomerInput("Ada Lovelace", "openapi-generator.y@example.com", trip.Phone, "GBR")
	made, _, err := api.YativoCreateCustomer(ctx).IdempotencyKey(trip.Key("og")).YativoCustomerInput(in).Execute()
	trip.Must(err, "create")
	id := made.Data.CustomerId
	_, _, err = api.YativoFetchCustomer(ctx, id).Execute()
	trip.Must(err, "fetch")
	list, _, err := api.YativoListCustomers(ctx).PerPage(100).Execute()
	trip.Check(err == nil && slices.ContainsFunc(list.Data, func(c yativo.YativoCustomer) bool {
		return c.GetCustomerName() == trip.OneName
	}), "list", err)
	changed, _, err := api.YativoUpdateCustomer(ctx, id).IdempotencyKey(trip.Key("og")).
		YativoCustomerChange(yativo.YativoCustomerChange{CustomerName: &name}).Execute()
	trip.Check(err == nil && changed.Data.GetCustomerName() == name, "update", err)
	_, res, err := api.YativoCreateCustomer(ctx).IdempotencyKey(trip.Key("og2")).YativoCustomerInput(in).Execute()
	trip.Check(err != nil && res.StatusCode == 422, "error", err)
}

func xtrakitTrip() {
	config := xtrakit.NewConfiguration()
	config.Servers = xtrakit.ServerConfigurations{{URL: trip.BaseURL()}}
	config.HTTPClient = &http.Client{Transport: sender(trip.Xtrakit)}
	api := xtrakit.NewAPIClient(config).XtrakitCustomersAPI
	in := *xtrakit.NewXtrakitCustomerInput("Ada Lovelace", trip.Phone, "Singapore", "Singapore", "1 Orchard Road")
	in.SetCustomerEmail("openapi-generator.x@example.com")
	made, _, err := api.XtrakitAddCustomer(ctx).XtrakitCustomerInput(in).Execute()
	trip.Must(err, "add")
	id := strconv.FormatInt(made.Data.Customer.Id, 10) // 64 bits, by the document
	_, _, err = api.XtrakitFetchCustomer(ctx, id).Execute()
	trip.Must(err, "fetch")
	list, _, err := api.XtrakitListCustomers(ctx).Execute()
	trip.Check(err == nil && slices.ContainsFunc(list.Data.Customers, func(c xtrakit.XtrakitCustomer) bool {
		return c.CustomerName == trip.OneName
	}), "list", err)
	_, res, err := api.XtrakitAddCustomer(ctx).XtrakitCustomerInput(in).Execute()
	trip.Check(err != nil && res.StatusCode == 422, "error", err)
	in.CustomerName = "Augusta King"
	changed, _, err := api.XtrakitEditCustomer(ctx, id).XtrakitCustomerInput(in).Execute()
	trip.Check(err == nil && changed.Data.Customer.CustomerName == in.CustomerName, "edit", err)
}
