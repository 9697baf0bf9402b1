package postgres_test

import (
	"testing"

	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return newStore(t) })
}
