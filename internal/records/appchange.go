package records

import (
	"context"
	"fmt"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/event"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// errSystem is the fault of changing the application of the operators.
var errSystem = fault.New(fault.Conflict, "system_application", "app_system can be neither renamed nor removed")

// RenameApp gives caller.App another name, which its own clients see within CredentialTTL. Faults:
// Forbidden, Invalid, NotFound, Conflict (app_system, or removed), Unavailable.
func (s *Service) RenameApp(ctx context.Context, caller tenant.Caller, name string) (tenant.Application, error) {
	return s.changeApp(ctx, caller, authz.AppUpdate, func(_ *operation, _ store.Tx, row *store.AppRow, entry *audit.Entry) error {
		if problem := tenant.NameProblem(name); problem != "" {
			return fault.Validation(invalid("name", problem))
		}
		if row.RemovedAt != 0 {
			return store.ErrAppRemoved
		}
		if name != row.Name {
			entry.Fields = []string{fmt.Sprintf("name: %s -> %s", row.Name, name)}
		}
		row.Name = name
		return nil
	})
}

// RemoveApp removes caller.App for good: it takes no customer, group or key any more. What it
// was asked for stays readable: the application, its keys and its audit log, which keeps the
// application's key; auditors' keys go on working. An application with customers is refused, and
// so is one with other live keys, unless revokeKeys: they are revoked in the same transaction
// then. Removing it again changes nothing and succeeds. Faults: Forbidden, NotFound, Conflict, Unavailable.
func (s *Service) RemoveApp(ctx context.Context, caller tenant.Caller, revokeKeys bool) (tenant.Application, error) {
	return s.changeApp(ctx, caller, authz.AppRemove, func(o *operation, tx store.Tx, row *store.AppRow, entry *audit.Entry) error {
		if row.RemovedAt != 0 {
			entry.Code = event.Unchanged
			return nil
		}
		customers, err := tx.CustomerCount()
		if err != nil {
			return err
		}
		keys, err := tx.CredentialList()
		if err != nil {
			return err
		}
		now := entry.Time
		var revoked []store.CredentialRow
		for _, key := range keys {
			live := key.RevokedAt == 0 && (key.ExpiresAt == 0 || now.UnixMilli() < key.ExpiresAt)
			if live && tenant.Kind(key.Kind) != tenant.Auditor {
				revoked = append(revoked, key)
			}
		}
		if customers > 0 || len(revoked) > 0 && !revokeKeys {
			return inUse(len(revoked), customers)
		}
		for _, key := range revoked {
			credential.Revoke(o.key, &key, now)
			if err := tx.CredentialUpdate(key); err != nil {
				return err
			}
			entry.Fields = append(entry.Fields, "revoked: "+string(key.ID))
		}
		row.RemovedAt = now.UnixMilli()
		return nil
	})
}

// inUse is the fault of removing an application that somebody may still need.
func inUse(keys int, customers int64) error {
	return fault.New(fault.Conflict, "application_in_use", fmt.Sprintf(
		"This application has customers (%d) or live keys (%d); delete the customers, and revoke the keys or send revoke_keys", customers, keys))
}

// changeApp runs a change of the application with its entry.
func (s *Service) changeApp(ctx context.Context, caller tenant.Caller, action authz.Action,
	change func(*operation, store.Tx, *store.AppRow, *audit.Entry) error,
) (tenant.Application, error) {
	o, err := s.authorize(ctx, caller, action)
	if err != nil {
		return tenant.Application{}, err
	}
	if caller.App == id.System {
		return tenant.Application{}, o.recordFailure(ctx, errSystem)
	}
	var row store.AppRow
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		entry := o.entry(audit.Done, nil)
		entry.Subject = string(caller.App)
		var err error
		if row, err = tx.AppGet(); err != nil {
			return answer{}, audit.Entry{}, err
		}
		if err := s.guard.App(ctx, o.key, &row); err != nil {
			return answer{}, audit.Entry{}, err
		}
		if row.Sum == nil {
			return answer{}, audit.Entry{}, integrity.ErrPending
		}
		if err := change(o, tx, &row, &entry); err != nil {
			return answer{}, audit.Entry{}, err
		}
		row.Sum = rowsum.App(o.key, &row)
		return answer{}, entry, tx.AppUpdate(row)
	})
	if err != nil {
		return tenant.Application{}, err
	}
	s.credentials.ForgetApp(caller.App) // each has the name, and may be revoked
	return appOf(row), nil
}
