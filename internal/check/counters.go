package check

import (
	"context"
	"math"

	"custodex.dev/internal/store"
)

// checkCounters compares the counter of customers with the log as far as it went when the counter was
// read, and that of versions with the newest change of a customer. checkLog has compared that of entries.
func (c *checker) checkCounters(ctx context.Context) error {
	c.begin("counters")
	newer, err := c.cfg.Store.CustomerChanges(ctx, c.app, store.ChangePoint{Version: math.MaxInt64 - 1, Seq: math.MaxInt64}, 1)
	if err != nil {
		return err
	}
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	if c.latest > head.Version || len(newer) > 0 {
		c.found(Counter, "head", "version", "the counter of versions is %d, and a customer has a greater one", head.Version)
	}
	if c.living != c.head.Customers {
		c.found(Counter, "head", "customers", "the counter of customers is %d, and the log has %d", c.head.Customers, c.living)
	}
	return c.checkNumbers(ctx)
}

// checkNumbers compares the counters of numbers with those that customers and groups have: one that is
// too low would give a number twice. What has a number was read before, and the counters only grow.
func (c *checker) checkNumbers(ctx context.Context) error {
	given, err := c.cfg.Store.NumbersGiven(ctx, c.app)
	if err != nil {
		return err
	}
	group := int64(0)
	for name, said := range c.said.others {
		if seq, ok := groupNumber(name); ok && said.made {
			group = max(group, seq)
		}
	}
	if c.number > given.Customer {
		c.found(Counter, "head", "last_customer", "the greatest number given to a customer is %d, and one has %d", given.Customer, c.number)
	}
	if group > given.Group {
		c.found(Counter, "head", "last_group", "the greatest number given to a group is %d, and one had %d", given.Group, group)
	}
	return nil
}
