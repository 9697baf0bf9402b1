package check

import (
	"context"
	"math"

	"custodex.dev/internal/store"
)

// checkCounters compares the counters of the application with the log, of which they are read
// together, and with the newest change of a customer.
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
	if c.newest > head.Version || len(newer) > 0 {
		c.found(Counter, "head", "version", "the counter of versions is %d, and a customer has a greater one", head.Version)
	}
	if c.said.parts > 1 {
		return nil // the log is in memory in parts only
	}
	if err := c.catchUp(ctx, head.Entries); err != nil {
		return err
	}
	if c.said.next != head.Entries {
		return nil // it was said that the counter of entries is wrong
	}
	var count int64
	for _, said := range c.said.customers {
		if !said.gone {
			count++
		}
	}
	if count != head.Customers {
		c.found(Counter, "head", "customers", "the counter of customers is %d, and the log has %d", head.Customers, count)
	}
	return nil
}
