package migrate

import "errors"

// Advice says what an operator can do about a schema that is unfit; "" for another error.
func Advice(err error) string {
	switch {
	case errors.Is(err, ErrNotInitialised):
		return "custodex init prepares a new database; if there should be one, check the path or the URL"
	case errors.Is(err, ErrOlder):
		return "back up, then run custodex migrate with the same database"
	case errors.Is(err, ErrNewer):
		return "install the release that the schema belongs to, or restore the backup from before its migration"
	}
	return ""
}
