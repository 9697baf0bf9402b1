package dialect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store/storetest"
)

// ErrDown is what a database that cannot be reached says.
var ErrDown = fault.Wrap(errors.New("connection refused"), fault.Unavailable, "database_unreachable",
	"The database cannot be reached; try again")

// condition gives the hooks of a store that is "well", "down" (nothing answers but rate
// limits), "readonly" (nothing is written), "broken" (a customer cannot be read for a
// reason that nobody foresaw) or "panicking" (as broken, with a panic).
func condition(name string) (storetest.Hooks, error) {
	reads := []string{"CustomerGet", "CustomerGetBySeq"}
	switch name {
	case "well":
		return storetest.Hooks{}, nil
	case "down":
		return FailExcept(ErrDown, "RateTake"), nil
	case "readonly":
		return FailOnly(ErrDown, "Update", "Record"), nil
	case "broken":
		return FailOnly(errors.New("page 17 is not a page"), reads...), nil
	case "panicking":
		return storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
			if slices.Contains(reads, method) {
				panic("the store panics")
			}
			return nil
		}}, nil
	}
	return storetest.Hooks{}, fmt.Errorf("a store is never %q", name)
}

// FailOnly lets the calls of these methods fail with err.
func FailOnly(err error, methods ...string) storetest.Hooks {
	return storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
		if slices.Contains(methods, method) {
			return err
		}
		return nil
	}}
}

// FailExcept lets the calls of all other methods fail with err.
func FailExcept(err error, methods ...string) storetest.Hooks {
	return storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
		if slices.Contains(methods, method) {
			return nil
		}
		return err
	}}
}
