package server

import (
	"cmp"

	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/store/sqlite"
)

// Advice says what an operator can do about an error of New, Init or Migrate, by its
// cause. It is "" for a cause that is not known, or whose sentence says it already.
func Advice(err error) string {
	return cmp.Or(postgres.Advice(err), sqlite.Advice(err))
}
