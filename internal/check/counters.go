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
	return nil
}
