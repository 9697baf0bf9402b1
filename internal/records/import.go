package records

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// importBatch is how many customers share a transaction and an audit entry. A larger
// batch is faster, because each changed page of a database index serves more customers,
// but it delays concurrent requests for longer: this one for about a fifth of a second.
const importBatch = 4000

// insertBatch is how many customers the store takes at once.
const insertBatch = 1000

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
	ready := o.preparing(inputs)
	for from := 0; from < len(inputs); from += importBatch {
		batch := <-ready
		if batch.err != nil {
			return result, batch.err
		}
		ready = o.preparing(inputs[min(from+importBatch, len(inputs)):])
		problems, err := o.importAll(ctx, batch.inputs)
		if err != nil {
			return result, o.recordFailure(ctx, err)
		}
		for i, problem := range problems {
			if problem != nil {
				result.Problems = append(result.Problems, ImportProblem{from + i, problem})
			} else {
				result.Customers[from+i] = batch.inputs[i].row.ID
			}
		}
	}
	return result, nil
}

// prepared is one input of an import, validated and encrypted.
type prepared struct {
	row     store.CustomerRow
	change  customer.Change
	fields  []string
	problem error
}

// preparation is a prepared batch, or why it could not be prepared.
type preparation struct {
	inputs []prepared
	err    error
}

// preparing prepares the first batch of the inputs while another is stored.
func (o *operation) preparing(inputs []customer.Input) <-chan preparation {
	ready := make(chan preparation, 1)
	go func() {
		var p preparation
		p.err = safe.Call(func() (err error) {
			p.inputs, err = o.prepare(inputs[:min(importBatch, len(inputs))])
			return err
		})
		ready <- p
	}()
	return ready
}

// prepare validates and encrypts on all cores.
func (o *operation) prepare(inputs []customer.Input) ([]prepared, error) {
	batch := make([]prepared, len(inputs))
	now := o.s.now()
	part := len(inputs)/runtime.GOMAXPROCS(0) + 1
	var group errgroup.Group
	for from := 0; from < len(inputs); from += part {
		safe.Go(&group, func() error {
			for i := from; i < min(from+part, len(inputs)); i++ {
				o.prepareOne(&batch[i], inputs[i], now)
			}
			return nil
		})
	}
	return batch, group.Wait()
}

func (o *operation) prepareOne(p *prepared, input customer.Input, now time.Time) {
	var problems []fault.Field
	if p.change, problems = input.Create(); len(problems) > 0 {
		p.problem = fault.Validation(problems...)
		return
	}
	c := customer.Customer{ID: id.NewCustomer(), CreatedAt: now, UpdatedAt: now}
	p.fields = p.change.Apply(&c)
	key, wrapped := o.key.NewCustomer(c.ID)
	p.row = customerrow.Encrypt(o.key, key, &c)
	p.row.Key = wrapped
}

// importAll stores a batch in one transaction. problems[i] is why batch[i] was not
// stored, or nil.
func (o *operation) importAll(ctx context.Context, batch []prepared) (problems []error, err error) {
	if !slices.ContainsFunc(batch, func(p prepared) bool { return p.problem == nil }) {
		return problemsOf(batch), nil
	}
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		problems = problemsOf(batch)
		if err := findGroups(tx, batch, problems); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		entry, err := o.importRows(tx, batch, problems)
		if err != nil {
			return answer{}, store.AuditRow{}, err
		}
		return answer{}, o.row(entry), nil
	})
	if errors.Is(err, errNothingToImport) {
		return problems, nil
	}
	return problems, err
}

// errNothingToImport ends a transaction in which no customer is left to be stored.
var errNothingToImport = errors.New("every input has a problem")

// importRows stores the inputs of a batch that have no problem, and gives the entry of
// the import. It sets the problems of those that cannot be stored.
func (o *operation) importRows(tx store.Tx, batch []prepared, problems []error) (audit.Entry, error) {
	entry := o.entry(audit.Done, nil)
	var rows []store.CustomerRow
	var positions []int // of the rows, in the batch
	for i := range batch {
		if problems[i] == nil {
			rows, positions = append(rows, batch[i].row), append(positions, i)
			entry.Fields = union(entry.Fields, batch[i].fields)
		}
	}
	if len(rows) == 0 {
		return audit.Entry{}, errNothingToImport
	}
	var seqs []int64
	for part := range slices.Chunk(rows, insertBatch) {
		more, err := tx.CustomerInsertAll(part)
		if err != nil {
			return audit.Entry{}, err
		}
		seqs = append(seqs, more...)
	}
	for i, seq := range seqs {
		if seq == 0 {
			problems[positions[i]] = store.ErrEmailTaken
			entry.Code = store.ErrEmailTaken.Code
			continue
		}
		entry.Targets = append(entry.Targets, rows[i].ID)
	}
	if len(entry.Targets) == 0 {
		entry.Outcome = audit.Refused
	}
	return entry, nil
}

func problemsOf(batch []prepared) []error {
	problems := make([]error, len(batch))
	for i := range batch {
		problems[i] = batch[i].problem
	}
	return problems
}

// findGroups sets the problem of each input whose group the application does not have.
// It looks each group up once.
func findGroups(tx store.Tx, batch []prepared, problems []error) error {
	absent := make(map[int64]error)
	for i := range batch {
		group := batch[i].change.Group
		if problems[i] != nil || group == nil {
			continue
		}
		problem, known := absent[*group]
		if !known {
			problem = groupExists(tx, batch[i].change)
			if problem != nil && !errors.Is(problem, fault.Invalid) {
				return problem
			}
			absent[*group] = problem
		}
		problems[i] = problem
	}
	return nil
}

// union appends to names those of more that it lacks.
func union(names, more []string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
