package seal_test

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
)

// The layers in order: the provider wraps the key of an epoch, that wraps an application's root and
// wrap key, the wrap key a customer's key, and that seals what is personal.
func Example() {
	ctx := context.Background()
	master, err := seal.NewMasterKey(make([]byte, seal.KeySize)) // OpenKeyFile, in a program
	if err != nil {
		fmt.Println(err)
		return
	}

	// The first epoch: its wrapped key goes to the store.
	raw := seal.NewEpochKey()
	wrappedEpoch, _ := master.Wrap(ctx, 1, raw)
	epoch, _ := seal.OpenEpoch(1, raw)

	// A new application: its wrapped keys go to the store.
	app := id.NewApp()
	keys, wrappedRoot, wrappedWrap := epoch.NewApp(app)

	// A new customer: the wrapped key goes to a table of its own, the sealed value beside it.
	customer := id.NewCustomer()
	key, wrappedCustomer := keys.NewCustomer(customer)
	sealed := key.SealPersonal([]byte("Ada Lovelace"))

	// Another process reads it back.
	raw, _ = master.Unwrap(ctx, 1, wrappedEpoch)
	epoch, _ = seal.OpenEpoch(1, raw)
	root, _ := epoch.OpenRoot(app, wrappedRoot)
	wrap, _ := epoch.OpenWrapKey(app, wrappedWrap)
	keys, _ = seal.OpenApp(app, root, wrap)
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
