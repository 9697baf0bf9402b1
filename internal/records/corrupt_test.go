package records_test

import (
	"context"
	"slices"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
)

// corrupt changes every T that the store gives, as does someone who changes the
// database.
func corrupt[T any](change func(*T)) storetest.Hooks {
	return storetest.Hooks{After: func(_ context.Context, _ string, _ id.App, result any) error {
		if v, ok := result.(*T); ok {
			change(v)
		}
		return nil
	}}
}

// corruptEntry changes the audit entry with this number.
func corruptEntry(seq int64, change func(*store.AuditRow)) storetest.Hooks {
	return corrupt(func(rows *[]store.AuditRow) {
		for i := range *rows {
			if (*rows)[i].Seq == seq {
				change(&(*rows)[i])
			}
		}
	})
}

// missingEntry leaves out the audit entry with this number.
func missingEntry(seq int64) storetest.Hooks {
	return corrupt(func(rows *[]store.AuditRow) {
		*rows = slices.DeleteFunc(*rows, func(r store.AuditRow) bool { return r.Seq == seq })
	})
}

// failing makes the calls of a method end with what fail gives, if that is an error.
func failing(method string, fail func() error) storetest.Hooks {
	return storetest.Hooks{Before: func(_ context.Context, m string, _ id.App) error {
		if m == method {
			return fail()
		}
		return nil
	}}
}
