package records

import (
	"context"
	"errors"
	"slices"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/importer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// importBatch is how many customers share a transaction and an audit entry. A larger
// batch is faster, because each changed page of a database index serves more customers,
// but it delays concurrent requests for longer: this one for about a fifth of a second.
const importBatch = 4000

// ImportResult says what became of the inputs of an import.
type ImportResult struct {
	Customers []id.Customer   // an id for each input; the zero id for one without a customer
	Problems  []ImportProblem // ascending by Index
}

// ImportProblem is why an input became no customer: fault.Invalid with Fields, or
// fault.Conflict with code email_taken.
type ImportProblem struct {
	Index int
	Err   error
}

// ImportCustomers makes a customer of each input, in order, many in a transaction. An
// input that is invalid, or whose e-mail a customer or an earlier input has, is a
// problem in the result and does not stop the others. Each transaction leaves one entry
// that names all its customers. The entry's code says if e-mails were taken, because the
// caller learned that.
//
// An error ends the import between two transactions. The result beside it holds what was
// imported before. Faults: Forbidden, Unavailable.
func (s *Service) ImportCustomers(ctx context.Context, caller tenant.Caller, inputs []customer.Input) (ImportResult, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerImport)
	if err != nil {
		return ImportResult{}, err
	}
	result := ImportResult{Customers: make([]id.Customer, len(inputs))}
	im := importer.Importer{Key: o.key, Now: s.now}
	// The next batch is prepared while one is stored.
	prepare := func(from int) <-chan importer.Preparation {
		return im.Prepare(inputs[min(from, len(inputs)):min(from+importBatch, len(inputs))])
	}
	ready := prepare(0)
	for from := 0; from < len(inputs); from += importBatch {
		next := <-ready
		if next.Err != nil {
			return result, next.Err
		}
		ready = prepare(from + importBatch)
		problems, err := o.importAll(ctx, &next.Batch)
		if err != nil {
			return result, o.recordFailure(ctx, err)
		}
		for i, problem := range problems {
			if problem != nil {
				result.Problems = append(result.Problems, ImportProblem{from + i, problem})
			} else {
				result.Customers[from+i] = next.Batch.ID(i)
			}
		}
	}
	return result, nil
}

// importAll stores a batch in one transaction. problems[i] is why its input i was not stored, or
// nil.
func (o *operation) importAll(ctx context.Context, batch *importer.Batch) (problems []error, err error) {
	if problems = batch.Problems(); !slices.Contains(problems, nil) {
		return problems, nil
	}
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		stored, err := batch.Store(tx, groupExists)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		if problems = stored.Problems; stored.Tried == 0 {
			return answer{}, audit.Entry{}, errNothingToImport
		}
		entry := o.entry(audit.Done, stored.Customers, stored.Fields...)
		if len(stored.Customers) < stored.Tried {
			entry.Code = store.ErrEmailTaken.Code
		}
		if len(stored.Customers) == 0 {
			entry.Outcome = audit.Refused
		}
		return answer{}, entry, nil
	})
	if errors.Is(err, errNothingToImport) {
		return problems, nil
	}
	return problems, err
}

// errNothingToImport ends a transaction in which no customer is left to be stored.
var errNothingToImport = errors.New("every input has a problem")
