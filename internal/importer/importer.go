// Package importer makes customers of many inputs at once: it validates and encrypts them on all
// cores, and stores those without a problem. It must never be reached by a request that nobody
// authorized, and writes no audit entry: both are for its caller. Start from Importer.Prepare and
// Batch.Store.
package importer

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// insertBatch is how many customers the store takes at once.
const insertBatch = 1000

// Importer imports into one application.
type Importer struct {
	Key *seal.App
	Now func() time.Time // as it is stored: UTC, whole milliseconds
}

// Batch is inputs that are validated and encrypted.
type Batch struct {
	inputs []prepared
	key    *seal.App
}

// prepared is one of them.
type prepared struct {
	row     store.CustomerRow
	change  customer.Change
	fields  []string
	problem error
}

// Preparation is a prepared batch, or why it could not be prepared.
type Preparation struct {
	Batch Batch
	Err   error
}

// Prepare prepares inputs while its caller stores others. The channel gives one value.
func (im Importer) Prepare(inputs []customer.Input) <-chan Preparation {
	ready := make(chan Preparation, 1)
	go func() {
		p := Preparation{Batch: Batch{key: im.Key}}
		p.Err = safe.Call(func() (err error) {
			p.Batch.inputs, err = im.prepare(inputs)
			return err
		})
		ready <- p
	}()
	return ready
}

// prepare validates and encrypts on all cores.
func (im Importer) prepare(inputs []customer.Input) ([]prepared, error) {
	batch := make([]prepared, len(inputs))
	now := im.Now()
	part := len(inputs)/runtime.GOMAXPROCS(0) + 1
	var group errgroup.Group
	for from := 0; from < len(inputs); from += part {
		safe.Go(&group, func() error {
			for i := from; i < min(from+part, len(inputs)); i++ {
				im.prepareOne(&batch[i], inputs[i], now)
			}
			return nil
		})
	}
	return batch, group.Wait()
}

func (im Importer) prepareOne(p *prepared, input customer.Input, now time.Time) {
	var problems []fault.Field
	if p.change, problems = input.Create(); len(problems) > 0 {
		p.problem = fault.Validation(problems...)
		return
	}
	c := customer.Customer{ID: id.NewCustomer(), CreatedAt: now, UpdatedAt: now}
	p.fields = p.change.Apply(&c)
	key, wrapped := im.Key.NewCustomer(c.ID)
	p.row = customerrow.Encrypt(im.Key, key, &c)
	p.row.Key = wrapped
}

// ID is that of the customer which the input at i becomes.
func (b *Batch) ID(i int) id.Customer { return b.inputs[i].row.ID }

// Problems says for each input what is wrong with it; nil: nothing.
func (b *Batch) Problems() []error {
	problems := make([]error, len(b.inputs))
	for i := range b.inputs {
		problems[i] = b.inputs[i].problem
	}
	return problems
}

// Stored is what Batch.Store did.
type Stored struct {
	Problems  []error       // for each input why it was not stored; nil: it was
	Tried     int           // how many were given to the store
	Customers []id.Customer // that were stored
	Fields    []string      // that any of those that were tried has
}

// Store stores the inputs that have no problem. One that has the e-mail address of a customer or of
// an earlier input gets the problem store.ErrEmailTaken; one that groupExists refuses with
// fault.Invalid gets that. It may be called again, in another transaction.
func (b *Batch) Store(tx store.Tx, groupExists func(store.Tx, customer.Change) error) (Stored, error) {
	s := Stored{Problems: b.Problems()}
	if err := b.findGroups(tx, s.Problems, groupExists); err != nil {
		return Stored{}, err
	}
	var rows []store.CustomerRow
	var positions []int // of the rows, in the batch
	for i := range b.inputs {
		if s.Problems[i] == nil {
			rows, positions = append(rows, b.inputs[i].row), append(positions, i)
			s.Fields = union(s.Fields, b.inputs[i].fields)
		}
	}
	s.Tried = len(rows)
	var seqs []int64
	for part := range slices.Chunk(rows, insertBatch) {
		if err := b.number(tx, part); err != nil {
			return Stored{}, err
		}
		more, err := tx.CustomerInsertAll(part)
		if err != nil {
			return Stored{}, err
		}
		seqs = append(seqs, more...)
	}
	for i, seq := range seqs {
		if seq == 0 {
			s.Problems[positions[i]] = store.ErrEmailTaken
		} else {
			s.Customers = append(s.Customers, rows[i].ID)
		}
	}
	return s, nil
}

// number gives rows the numbers that they will get in the transaction.
func (b *Batch) number(tx store.Tx, rows []store.CustomerRow) error {
	first, version, err := tx.CustomerNext()
	if err != nil {
		return err
	}
	for i := range rows {
		customerrow.Number(b.key, &rows[i], first+int64(i), version)
	}
	return nil
}

// findGroups sets the problem of each input whose group the application does not have.
// It looks each group up once.
func (b *Batch) findGroups(tx store.Tx, problems []error, groupExists func(store.Tx, customer.Change) error) error {
	absent := make(map[int64]error)
	for i := range b.inputs {
		group := b.inputs[i].change.Group
		if problems[i] != nil || group == nil {
			continue
		}
		problem, known := absent[*group]
		if !known {
			problem = groupExists(tx, b.inputs[i].change)
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
