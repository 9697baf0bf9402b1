// Command ogen makes a round trip of each API with the clients that ogen generates.
package main

import (
	"context"
	"os"
	"slices"
	"strconv"

	"github.com/ogen-go/ogen/ogenerrors"

	"clients/gen/ogen/devdraft"
	"clients/gen/ogen/xtrakit"
	"clients/gen/ogen/yativo"
	"clients/trip"
)

var ctx = context.Background()

func main() {
	devdraftTrip()
	yativoTrip()
	xtrakitTrip()
}

// as ends the program unless an answer is of the type that a step expects.
func as[T any](answer any, err error, step string) T {
	trip.Must(err, step)
	t, ok := answer.(T)
	trip.Check(ok, step, answer)
	return t
}

type devdraftKeys struct{}

func (devdraftKeys) ClientKey(context.Context, devdraft.OperationName) (devdraft.ClientKey, error) {
	return devdraft.ClientKey{APIKey: os.Getenv("DEVDRAFT_CLIENT_KEY")}, nil
}

func (devdraftKeys) ClientSecret(context.Context, devdraft.OperationName) (devdraft.ClientSecret, error) {
	return devdraft.ClientSecret{APIKey: os.Getenv("DEVDRAFT_CLIENT_SECRET")}, nil
}

func devdraftTrip() {
	c, err := devdraft.NewClient(trip.BaseURL(), devdraftKeys{})
	trip.Must(err, "client")
	in := &devdraft.CustomerInput{
		FirstName: "Ada", LastName: "Lovelace", PhoneNumber: trip.Phone, Email: devdraft.NewOptNilString("ogen@example.com"),
	}
	res, err := c.CreateCustomer(ctx, in, devdraft.CreateCustomerParams{})
	id := as[*devdraft.CustomerHeaders](res, err, "create").Response.ID
	got, err := c.FetchCustomer(ctx, devdraft.FetchCustomerParams{ID: id})
	as[*devdraft.FetchedCustomerHeaders](got, err, "fetch")
	list, err := c.ListCustomers(ctx, devdraft.ListCustomersParams{Take: devdraft.NewOptInt(100)})
	page := as[*devdraft.CustomerPageHeaders](list, err, "list").Response
	trip.Check(slices.ContainsFunc(page, func(c devdraft.Customer) bool { return c.FirstName == trip.OneName }), "list", page)
	found, err := c.SearchCustomers(ctx, &devdraft.CustomerSearch{Email: devdraft.NewOptString("ogen@example.com")}, devdraft.SearchCustomersParams{})
	trip.Check(as[*devdraft.CustomerPageHeaders](found, err, "search").Response[0].ID == id, "search")
	changed, err := c.UpdateCustomer(ctx, &devdraft.CustomerChange{FirstName: devdraft.NewOptCustomerName("Augusta")}, devdraft.UpdateCustomerParams{ID: id})
	as[*devdraft.UpdateCustomerOKHeaders](changed, err, "update")
	again, err := c.CreateCustomer(ctx, in, devdraft.CreateCustomerParams{})
	as[*devdraft.CustomerConflictHeaders](again, err, "error")
}

type yativoKeys struct{}

func (yativoKeys) YativoApiKey(context.Context, yativo.OperationName) (yativo.YativoApiKey, error) {
	return yativo.YativoApiKey{APIKey: os.Getenv("YATIVO_ACCOUNT")}, nil
}

func (yativoKeys) YativoApiSecret(context.Context, yativo.OperationName) (yativo.YativoApiSecret, error) {
	return yativo.YativoApiSecret{APIKey: os.Getenv("YATIVO_SECRET")}, nil
}

func (yativoKeys) YativoToken(context.Context, yativo.OperationName) (yativo.YativoToken, error) {
	return yativo.YativoToken{}, ogenerrors.ErrSkipClientSecurity
}

func yativoTrip() {
	c, err := yativo.NewClient(trip.BaseURL(), yativoKeys{})
	trip.Must(err, "client")
	in := &yativo.YativoCustomerInput{CustomerName: "Ada Lovelace", CustomerEmail: "ogen.y@example.com", CustomerPhone: trip.Phone, CustomerCountry: "GBR"}
	res, err := c.YativoCreateCustomer(ctx, in, yativo.YativoCreateCustomerParams{IdempotencyKey: trip.Key("ogen")})
	id := as[*yativo.YativoCreateCustomerCreatedHeaders](res, err, "create").Response.Data.CustomerID
	got, err := c.YativoFetchCustomer(ctx, yativo.YativoFetchCustomerParams{ID: id})
	as[*yativo.YativoCustomerAnswerHeaders](got, err, "fetch")
	list, err := c.YativoListCustomers(ctx, yativo.YativoListCustomersParams{PerPage: yativo.NewOptInt(100)})
	page := as[*yativo.YativoListCustomersOKHeaders](list, err, "list").Response.Data
	trip.Check(slices.ContainsFunc(page, func(c yativo.YativoCustomer) bool { return c.CustomerName.Value == trip.OneName }), "list", page)
	changed, err := c.YativoUpdateCustomer(ctx, &yativo.YativoCustomerChange{CustomerName: yativo.NewOptString("Augusta King")},
		yativo.YativoUpdateCustomerParams{ID: id, IdempotencyKey: trip.Key("ogen")})
	as[*yativo.YativoCustomerUpdatedHeaders](changed, err, "update")
	in.CustomerName = "Somebody Else"
	wrong, err := c.YativoCreateCustomer(ctx, in, yativo.YativoCreateCustomerParams{IdempotencyKey: trip.Key("ogen2")})
	as[*yativo.YativoInvalidHeaders](wrong, err, "error")
}

type xtrakitKeys struct{}

func (xtrakitKeys) XtrakitKey(context.Context, xtrakit.OperationName) (xtrakit.XtrakitKey, error) {
	return xtrakit.XtrakitKey{Token: os.Getenv("XTRAKIT_KEY")}, nil
}

func xtrakitTrip() {
	c, err := xtrakit.NewClient(trip.BaseURL(), xtrakitKeys{})
	trip.Must(err, "client")
	in := xtrakit.XtrakitCustomerInput{
		CustomerName: "Ada Lovelace", CustomerPhone: trip.Phone, CustomerCountry: "Singapore", CustomerCity: "Singapore",
		Address1: "1 Orchard Road", CustomerEmail: xtrakit.NewOptNilString("ogen.x@example.com"),
	}
	edit := in
	edit.CustomerName = "Augusta King"
	res, err := c.XtrakitAddCustomer(ctx, &in, xtrakit.XtrakitAddCustomerParams{})
	made := as[*xtrakit.XtrakitAddCustomerOKHeaders](res, err, "add").Response.Data.Customer
	id := strconv.FormatInt(made.ID, 10)
	got, err := c.XtrakitFetchCustomer(ctx, xtrakit.XtrakitFetchCustomerParams{ID: id})
	as[*xtrakit.XtrakitFetchCustomerOKHeaders](got, err, "fetch")
	list, err := c.XtrakitListCustomers(ctx, xtrakit.XtrakitListCustomersParams{})
	page := as[*xtrakit.XtrakitListCustomersOKHeaders](list, err, "list").Response.Data.Customers
	trip.Check(slices.ContainsFunc(page, func(c xtrakit.XtrakitCustomer) bool { return c.CustomerName == trip.OneName }), "list", page)
	changed, err := c.XtrakitEditCustomer(ctx, &edit, xtrakit.XtrakitEditCustomerParams{ID: id})
	as[*xtrakit.XtrakitEditCustomerOKHeaders](changed, err, "edit")
	wrong, err := c.XtrakitAddCustomer(ctx, &in, xtrakit.XtrakitAddCustomerParams{})
	as[*xtrakit.XtrakitInvalidCustomerHeaders](wrong, err, "error")
}
