package seal_test

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// The layers in order: the master key wraps an application's key, that wraps a customer's key, and
// that seals what is personal.
func Example() {
	ctx := context.Background()
	master, err := seal.NewMasterKey(make([]byte, seal.KeySize)) // OpenKeyFile, in a program
	if err != nil {
		fmt.Println(err)
		return
	}

	// A new application: its wrapped key goes to the store.
	app := id.NewApp()
	raw := seal.NewAppKey()
	wrappedApp, _ := master.Wrap(ctx, app, raw)
	keys, _ := seal.OpenApp(app, raw)

	// A new customer: the wrapped key goes to a table of its own, the sealed value beside it.
	customer := id.NewCustomer()
	key, wrappedCustomer := keys.NewCustomer(customer)
	sealed := key.SealPersonal([]byte("Ada Lovelace"))

	// Another process reads it back.
	raw, _ = master.Unwrap(ctx, app, wrappedApp)
	keys, _ = seal.OpenApp(app, raw)
	key, _ = keys.OpenCustomer(customer, wrappedCustomer)
	plain, err := key.OpenPersonal(nil, sealed)
	fmt.Println(string(plain), err)

	// Nobody reads it in the place of another customer.
	_, err = keys.OpenCustomer(id.NewCustomer(), wrappedCustomer)
	fmt.Println(errors.Is(err, seal.ErrOpen))
	// Output:
	// Ada Lovelace <nil>
	// true
}
