package tenant

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/google/uuid"

	"custodex.dev/internal/id"
)

// What Xtrakit shows of an account: a user and a business. Custodex has neither;
// both are derived from the application's id, so that they never change and need no
// place in the store. They are for show: nothing is looked up by them, and they open
// nothing.

// UserID gives the application's user id: a UUID of version 4 in form.
func UserID(app id.App) string {
	sum := derive("user id", app)
	u := uuid.UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// BusinessCode gives the application's business code: 8 digits, the first not 0. Two
// applications of many may share one.
func BusinessCode(app id.App) string {
	const least, codes = 10_000_000, 90_000_000
	sum := derive("business code", app)
	return strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:])%codes, 10)
}

func derive(purpose string, app id.App) [sha256.Size]byte {
	return sha256.Sum256([]byte("custodex " + purpose + "\x00" + string(app)))
}
