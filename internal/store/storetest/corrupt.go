package storetest

import (
	"context"
	"slices"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Corrupt changes every T that the store gives, as does someone who changes the
// database.
func Corrupt[T any](change func(*T)) Hooks {
	return Hooks{After: func(_ context.Context, _ string, _ id.App, result any) error {
		if v, ok := result.(*T); ok {
			change(v)
		}
		return nil
	}}
}

// CorruptEntry changes the audit entry with this number.
func CorruptEntry(seq int64, change func(*store.AuditRow)) Hooks {
	return Corrupt(func(rows *[]store.AuditRow) {
		for i := range *rows {
			if (*rows)[i].Seq == seq {
				change(&(*rows)[i])
			}
		}
	})
}

// MissingEntry leaves out the audit entry with this number.
func MissingEntry(seq int64) Hooks {
	return Corrupt(func(rows *[]store.AuditRow) {
		*rows = slices.DeleteFunc(*rows, func(r store.AuditRow) bool { return r.Seq == seq })
	})
}

// Failing makes the calls of a method end with what fail gives, if that is an error.
func Failing(method string, fail func() error) Hooks {
	return Hooks{Before: func(_ context.Context, m string, _ id.App) error {
		if m == method {
			return fail()
		}
		return nil
	}}
}
