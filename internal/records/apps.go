package records

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/event"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// CreateApp makes an application with a key of its own. It ignores caller.App, because
// an operator manages all applications. Faults: Forbidden, Invalid.
func (s *Service) CreateApp(ctx context.Context, caller tenant.Caller, name string) (tenant.Application, error) {
	caller.App = id.System
	o, err := s.authorize(ctx, caller, authz.AppCreate)
	if err != nil {
		return tenant.Application{}, err
	}
	if problem := tenant.NameProblem(name); problem != "" {
		return tenant.Application{}, fault.Validation(fault.Field{Path: "name", Code: "invalid", Message: problem})
	}
	app := tenant.Application{ID: id.NewApp(), Name: name, CreatedAt: s.now()}
	key, row, err := s.keys.NewApp(ctx, app.ID)
	if err != nil {
		return tenant.Application{}, err
	}
	if err := s.insertApp(ctx, o, app, key, row, nil); err != nil {
		return tenant.Application{}, err
	}
	return app, nil
}

// insertApp stores the application, whose row has its wrapped keys, and, in its own log, the
// entry of its creation. also, if not nil, runs in the same transaction.
func (s *Service) insertApp(ctx context.Context, o *operation, app tenant.Application, key *seal.App, row store.AppRow, also func(store.Tx) error) error {
	row.Name, row.CreatedAt = app.Name, app.CreatedAt.UnixMilli()
	row.Tree = sequencer.EmptyTree(app.ID, key, app.CreatedAt)
	own := &operation{s: s, key: key, caller: o.caller, action: o.action}
	own.caller.App = app.ID
	entry := own.entry(audit.Done, nil)
	entry.Subject = string(app.ID)
	row.Summed = true
	row.Sum = rowsum.App(own.key, &row)
	_, err := own.commit(ctx, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		err := tx.AppInsert(row)
		if err == nil && also != nil {
			err = also(tx)
		}
		return answer{}, entry, err
	})
	return err
}

// ListApps gives every application, in order of id.
func (s *Service) ListApps(ctx context.Context, caller tenant.Caller) ([]tenant.Application, error) {
	caller.App = id.System
	o, err := s.authorize(ctx, caller, authz.AppList)
	if err != nil {
		return nil, err
	}
	var list []tenant.Application
	err = store.EachApp(ctx, s.store, func(row store.AppRow) error {
		if row.ID != id.System {
			list = append(list, appOf(row))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return recorded(ctx, o, o.entry(audit.Done, nil), list)
}

// FetchApp gives the application caller.App. Faults: Forbidden, NotFound.
func (s *Service) FetchApp(ctx context.Context, caller tenant.Caller) (tenant.Application, error) {
	o, err := s.authorize(ctx, caller, authz.AppFetch)
	if err != nil {
		return tenant.Application{}, err
	}
	row, err := s.store.AppGet(ctx, caller.App)
	if err == nil {
		err = s.guard.App(ctx, o.key, &row)
	}
	if err != nil {
		return tenant.Application{}, o.recordFailure(ctx, err)
	}
	return recorded(ctx, o, o.entry(audit.Done, nil), appOf(row))
}

func appOf(row store.AppRow) tenant.Application {
	return tenant.Application{ID: row.ID, Name: row.Name, CreatedAt: store.Instant(row.CreatedAt), RemovedAt: store.Instant(row.RemovedAt)}
}

// ErrInitialised is the fault of Initialise on a store that was initialised before.
var ErrInitialised = fault.New(fault.Conflict, "already_initialised", "this database has been initialised before")

// Initialise makes what every store needs once: the system application and its first
// operator credential. publish, if not nil, gets the credential before it is stored. An
// interruption can therefore leave a published key that does not exist, but never lose a
// key that does. Faults: ErrInitialised if the store has been initialised.
func (s *Service) Initialise(ctx context.Context, publish func(Issued) error) (Issued, error) {
	key, appRow, err := s.keys.NewApp(ctx, id.System)
	if err != nil {
		return Issued{}, err
	}
	o := &operation{s: s, key: key, action: authz.AppCreate, caller: tenant.Caller{
		App: id.System, Owner: "custodex init", Origin: tenant.Origin{Dialect: "init", Request: id.NewRequest()},
	}}
	app := tenant.Application{ID: id.System, Name: "system", CreatedAt: s.now()}
	issued, row := o.newKey(id.System, NewKey{
		Kind: tenant.Operator, Name: "first operator", Owner: "custodex init", Scopes: authz.Scopes{authz.Manage},
	})
	made := *o
	made.action = authz.KeyCreate
	keyEntry := made.entry(audit.Done, nil)
	keyEntry.Subject, keyEntry.Sums = string(issued.ID), [][]byte{row.Sum}
	if publish != nil {
		if err := publish(issued); err != nil {
			return Issued{}, err
		}
	}
	err = s.insertApp(ctx, o, app, key, appRow, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(made.key, keyEntry))
		event.Append(tx, keyEntry)
		return tx.CredentialInsert(row)
	})
	if errors.Is(err, fault.Conflict) {
		return Issued{}, ErrInitialised
	}
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// OperatorToken is the one string an operator presents: public key and secret.
func (i Issued) OperatorToken() redact.Secret {
	return redact.NewSecret(i.PublicKey + "." + i.Secret.Reveal())
}
