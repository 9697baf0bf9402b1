package history

import (
	"custodex.dev/internal/audit"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// By is a change under way: who makes it, and its audit entry.
type By struct {
	Caller tenant.Caller
	Entry  audit.Entry
}

// Save writes what a change made of a customer and keeps what was there before, in the
// transaction of the change. before is the decrypted row. If nothing differs it writes nothing.
func Save(tx store.Tx, app *seal.App, key seal.Customer, row *store.CustomerRow, before, after *customer.Customer, by By) error {
	fields := customer.Differences(before, after)
	if len(fields) == 0 {
		return nil
	}
	version, err := tx.CustomerVersion()
	if err != nil {
		return err
	}
	saved := customerrow.Encrypt(app, key, after)
	customerrow.Number(app, &saved, row.Seq, version)
	if err := tx.CustomerUpdate(saved); err != nil {
		return err
	}
	e, origin := &by.Entry, &by.Caller.Origin
	ended := State{
		Customer: *before, Version: version, Until: e.Time, From: LinkTo(row), To: LinkTo(&saved),
		Change: Change{
			At: e.Time, Actor: e.Actor, ActingUser: redact.Personal(origin.ActingUser), Request: e.Request,
			Dialect: e.Dialect, Action: string(e.Action), Fields: fields,
			Reason: redact.Personal(origin.Reason), Purpose: redact.Personal(origin.Purpose),
		},
	}
	return tx.HistoryAppend(ended.seal(key))
}
