package store

import (
	"context"

	"custodex.dev/internal/id"
)

// ScanReader reads whole tables of an application, a part at a time, for a comparison of all that is
// stored. Each method gives the rows that come after a place, ascending, at most limit.
type ScanReader interface {
	// HistoryScan gives states of all customers in the order of HistoryPlace.
	HistoryScan(ctx context.Context, app id.App, after HistoryPlace, limit int) ([]HistoryRow, error)

	// IdempotencyScan gives kept answers in the order of Scope, expired ones too.
	IdempotencyScan(ctx context.Context, app id.App, after []byte, limit int) ([]IdempotencyRow, error)

	// ItemScan gives items of all customers in the order of ItemPlace.
	ItemScan(ctx context.Context, app id.App, after ItemPlace, limit int) ([]OwnedItem, error)

	// NumbersGiven gives the greatest numbers that customers and groups were given; fault.NotFound if
	// there is no such application.
	NumbersGiven(ctx context.Context, app id.App) (Numbers, error)
}

// Numbers are the greatest that were given, also to what is gone.
type Numbers struct{ Customer, Group int64 }

// HistoryPlace is the place of a state in its table.
type HistoryPlace struct {
	Customer int64 // its Seq
	At       int64
}

// ItemPlace is the place of an item in its table.
type ItemPlace struct {
	Customer int64 // Seq of the customer that it hangs on
	Kind     ItemKind
	ID       id.Item
}

// OwnedItem is an item and the customer that it hangs on.
type OwnedItem struct {
	ItemRow
	Seq      int64       // of the customer
	Customer id.Customer // zero if there is no such customer
}
