package store

import (
	"context"

	"custodex.dev/internal/id"
)

// AppLister lists applications, as a Reader does.
type AppLister interface {
	AppList(ctx context.Context, after id.App, limit int) ([]AppRow, error)
}

// EachApp calls fn for every application in ascending order of id, id.System among
// them. An error of fn ends it and is returned.
func EachApp(ctx context.Context, from AppLister, fn func(AppRow) error) error {
	const page = 500
	var after id.App
	for {
		rows, err := from.AppList(ctx, after, page)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := fn(row); err != nil {
				return err
			}
			after = row.ID
		}
		if len(rows) < page {
			return nil
		}
	}
}
