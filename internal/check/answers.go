package check

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"strconv"

	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// checkAnswers decrypts the answers that are kept for repeated requests. The log has none of them.
func (c *checker) checkAnswers(ctx context.Context) error {
	c.begin("kept answers")
	var after []byte
	for {
		rows, err := c.cfg.Store.IdempotencyScan(ctx, c.app, after, batch)
		if err != nil {
			return err
		}
		for i := range rows {
			after = rows[i].Scope
			opens, err := c.answerOpens(ctx, &rows[i])
			if err != nil {
				return err
			}
			if !opens {
				c.found(Altered, "idempotency", hex.EncodeToString(after), "the kept answer does not decrypt")
			}
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return err
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// answerOpens reports whether a kept answer decrypts. One of a customer who is gone cannot, and is given
// to nobody.
func (c *checker) answerOpens(ctx context.Context, row *store.IdempotencyRow) (bool, error) {
	if row.Customer.IsZero() {
		_, err := c.key.OpenLabel("reply "+hex.EncodeToString(row.Scope), row.Reply)
		return err == nil, nil
	}
	owner, err := c.cfg.Store.CustomerGet(ctx, c.app, row.Customer)
	if errors.Is(err, fault.NotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	key, err := customerrow.Key(c.key, &owner)
	if err != nil {
		return true, nil // said with the customer
	}
	_, err = key.OpenReply(row.Reply)
	return err == nil, nil
}

// checkBlocks compares the filters over the log with their checksums. One that is missing is made again.
func (c *checker) checkBlocks(ctx context.Context) error {
	c.begin("filters of the log")
	const page = 32
	for from := int64(0); ; from += page {
		to := from + page
		last := to*store.BlockEntries > c.said.until
		if last {
			to = math.MaxInt64
		}
		rows, err := c.cfg.Store.BlockList(ctx, c.app, from, to)
		if err != nil {
			return err
		}
		for i := range rows {
			if !sequencer.BlockIntact(c.key, &rows[i]) {
				c.found(Altered, "audit_block", strconv.FormatInt(rows[i].N, 10), "the filter does not match its checksum")
			}
		}
		if err := c.read(ctx, len(rows), 0); err != nil || last {
			return err
		}
	}
}
