package customerrow

import (
	"custodex.dev/internal/customer"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// groupLabel is what a group's encrypted text is bound to besides its application. Its number is bound by
// the checksum of the row.
const groupLabel = "group"

// EncryptGroup gives the row of a group, with its checksum.
func EncryptGroup(app *seal.App, g *customer.Group) store.GroupRow {
	row := store.GroupRow{
		Seq: g.Seq, CreatedAt: g.CreatedAt.UnixMilli(), UpdatedAt: g.UpdatedAt.UnixMilli(),
		Sealed: app.SealLabel(groupLabel, g.AppendBinary(nil)),
	}
	row.Sum = rowsum.Group(app, &row)
	return row
}

// DecryptGroup gives the group of a row. Whether the row was altered is for the caller to ask.
func DecryptGroup(app *seal.App, row *store.GroupRow) (customer.Group, error) {
	plain, err := app.OpenLabel(groupLabel, row.Sealed)
	if err != nil {
		return customer.Group{}, err
	}
	g := customer.Group{Seq: row.Seq, CreatedAt: store.Instant(row.CreatedAt), UpdatedAt: store.Instant(row.UpdatedAt)}
	if err := g.UnmarshalBinary(plain); err != nil {
		return customer.Group{}, err
	}
	return g, nil
}
