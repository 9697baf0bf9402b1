package check

import (
	"bytes"
	"context"
	"errors"
	"math"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
)

// maxSuspects is how many rows that do not fit wait to be read again.
const maxSuspects = 1000

// suspects are customers that did not fit, by id. The number finds the row; 0 is that of a row that
// was not met.
type suspects map[id.Customer]int64

// checkCustomers compares the customers with their keys, their e-mail hashes and the log, and what hangs
// on them with both, a part of them after the other.
func (c *checker) checkCustomers(ctx context.Context) error {
	for waiting := []half(nil); ; {
		if err := c.checkPart(ctx); err != nil {
			return err
		}
		if waiting = append(waiting, c.said.halves...); len(waiting) == 0 {
			return nil
		}
		last := len(waiting) - 1
		c.begin("audit log")
		until := c.said.until
		c.said = newSaid(waiting[last], until, c.said.most)
		if err := c.noteUpTo(ctx, until, true); err != nil {
			return err
		}
		waiting = waiting[:last]
	}
}

// checkPart compares the customers of the part that the log is in memory of. It reads them in the order
// of their changes, so those that change meanwhile come again.
func (c *checker) checkPart(ctx context.Context) error {
	c.living += c.said.then
	c.begin("customers")
	if err := c.scan(ctx); err != nil {
		return err
	}
	wrong := suspects{}
	for cust, said := range c.said.customers {
		if said.seen || !said.present() {
			continue
		}
		if wrong[cust] = 0; len(wrong) == maxSuspects {
			if err := c.confirm(ctx, wrong); err != nil {
				return err
			}
			wrong = suspects{}
		}
	}
	if err := c.confirm(ctx, wrong); err != nil {
		return err
	}
	if err := c.checkItems(ctx); err != nil {
		return err
	}
	return c.checkHistory(ctx)
}

// scan reads every customer of the part and reports those that are wrong.
func (c *checker) scan(ctx context.Context) error {
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	after := store.ChangePoint{Version: math.MinInt64}
	wrong := suspects{}
	for {
		rows, err := c.cfg.Store.CustomerChanges(ctx, c.app, after, batch)
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			after = store.ChangePoint{Version: row.Version, Seq: row.Seq}
			if row.Deleted {
				c.deleted.latest = row.Version
			} else {
				c.latest = row.Version
			}
			if row.Deleted && c.said.part == 0 {
				c.deleted.rows = append(c.deleted.rows, after)
			}
			if row.Deleted || !c.said.has(row.ID) {
				continue
			}
			said := c.said.customers[row.ID]
			if said.made {
				said.seen = true
				c.said.customers[row.ID] = said
			}
			if kind, _ := c.customer(row, said); kind != "" {
				wrong[row.ID] = row.Seq
			} else {
				c.number = max(c.number, row.Seq)
			}
		}
		if len(wrong) >= maxSuspects || len(rows) < batch {
			if err := c.confirm(ctx, wrong); err != nil {
				return err
			}
			wrong = suspects{}
		}
		// Those that have changed since the scan began come at once, so that it ends beside a busy server.
		if after.Version <= head.Version {
			if err := c.read(ctx, len(rows), head.Customers); err != nil {
				return err
			}
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// confirm reads suspects again between two looks at the log, and reports those that fit nothing that it
// said of them from one to the other.
func (c *checker) confirm(ctx context.Context, wrong suspects) error {
	if len(wrong) == 0 {
		return nil
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	c.said.follow(wrong)
	defer c.said.follow(nil)
	rows := make(map[id.Customer]*store.CustomerRow, len(wrong))
	for cust, seq := range wrong {
		row, err := c.again(ctx, cust, seq)
		if err != nil {
			return err
		}
		rows[cust] = row
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	for cust, row := range rows {
		kind, text := verdict(c.said.customer(cust), func(said state) (Kind, string) {
			if row == nil {
				return missing(said)
			}
			return c.customer(row, said)
		})
		if kind != "" {
			c.found(kind, "customer", cust.String(), "%s", text)
		}
	}
	return nil
}

// again reads a customer, nil if there is none. A store may remember rows that it gave by id, so this
// asks by number where it can.
func (c *checker) again(ctx context.Context, cust id.Customer, seq int64) (*store.CustomerRow, error) {
	if seq == 0 {
		row, err := c.cfg.Store.CustomerGet(ctx, c.app, cust)
		if errors.Is(err, fault.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return &row, nil
	}
	var found *store.CustomerRow
	err := c.cfg.Store.CustomerScan(ctx, c.app, seq, seq+1, func(row *store.CustomerRow) error {
		if row.ID == cust {
			found = new(store.CustomerRow)
			*found = *row
			found.EmailHash, found.Sealed, found.Key = bytes.Clone(row.EmailHash), bytes.Clone(row.Sealed), bytes.Clone(row.Key)
			found.Sum = bytes.Clone(row.Sum)
		}
		return nil
	})
	return found, err
}

// missing gives what is wrong with a customer that has no row, and no kind if nothing is.
func missing(said state) (kind Kind, text string) {
	if said.present() {
		return Removed, "the log has the customer, and no deletion of it"
	}
	return "", ""
}

// customer gives what is wrong with a customer's row against a state of the log, and no kind if nothing is.
func (c *checker) customer(row *store.CustomerRow, said state) (kind Kind, text string) {
	switch {
	case !said.made:
		return Invented, "the log has no creation of the customer"
	case said.absent():
		return Invented, "the log has the deletion of the customer"
	}
	switch sum := rowsum.Customer(c.key, row); {
	case !said.moved(sum):
		return c.itself(row)
	case rowsum.Check(row.Sum, sum) != nil:
		return Altered, "the customer is not as it was written"
	}
	return PutBack, "the row of the customer is not the one that the log has last"
}

// itself gives what is wrong with a customer's row without the log.
func (c *checker) itself(row *store.CustomerRow) (kind Kind, text string) {
	plain, _, err := customerrow.Decrypt(c.key, row)
	switch {
	case errors.Is(err, fault.NotFound):
		return Unopened, "the key of the customer is gone"
	case errors.Is(err, rowsum.ErrDamaged):
		return Altered, "the customer is not as it was written"
	case err != nil:
		return Unopened, "the key of the customer, or what it encrypts, is not as it was written"
	}
	var hash []byte
	if plain.Email != "" {
		hash = c.key.EmailHash(customer.CanonicalEmail(plain.Email.Reveal()))
	}
	if !bytes.Equal(hash, row.EmailHash) && row.EmailForm == customer.EmailForm || (hash == nil) != (row.EmailHash == nil) {
		return Altered, "the hash of the e-mail address is not that of the address"
	}
	return "", ""
}
