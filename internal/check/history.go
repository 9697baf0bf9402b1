package check

import (
	"context"
	"errors"
	"fmt"
	"math"

	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
)

// historyTable is the table that findings about states name. Their id is the number of the customer, and
// behind a slash the time of the state if it is there.
const historyTable = "customer_history"

// checkHistory compares the states that customers of the part had with each other, with the customers
// and with the log.
func (c *checker) checkHistory(ctx context.Context) error {
	c.begin("history")
	wrong, met := suspects{}, make(map[id.Customer]bool)
	for after := (store.HistoryPlace{Customer: math.MinInt64}); ; {
		rows, err := c.cfg.Store.HistoryScan(ctx, c.app, after, batch)
		if err != nil {
			return err
		}
		more := len(rows) == batch
		groups := byCustomer(rows)
		if more && len(groups) > 1 { // the last one goes on
			rows = rows[:len(rows)-len(groups[len(groups)-1])]
			groups = groups[:len(groups)-1]
		}
		owners, err := c.owning(ctx, groups)
		if err != nil {
			return err
		}
		for _, states := range groups {
			owner := owners[states[0].Customer]
			if err := c.meet(ctx, owner, states, met, wrong); err != nil {
				return err
			}
		}
		if err := c.confirmHistory(ctx, wrong); err != nil {
			return err
		}
		if wrong = (suspects{}); len(rows) > 0 {
			after = store.HistoryPlace{Customer: rows[len(rows)-1].Customer, At: math.MaxInt64}
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return err
		}
		if !more {
			break
		}
	}
	for cust, said := range c.said.customers {
		if said.changes > 0 && said.present() && said.seen && !met[cust] {
			if wrong[cust] = 0; len(wrong) == maxSuspects {
				if err := c.confirmHistory(ctx, wrong); err != nil {
					return err
				}
				wrong = suspects{}
			}
		}
	}
	return c.confirmHistory(ctx, wrong)
}

// meet compares the states of a customer, and adds it to those that it met, and to wrong if they do not fit.
func (c *checker) meet(ctx context.Context, owner *store.CustomerRow, states []store.HistoryRow, met map[id.Customer]bool, wrong suspects) error {
	switch {
	case owner == nil && c.said.part > 0:
		return nil // the first part reports it
	case owner == nil:
		return c.orphans(ctx, states)
	case !c.said.has(owner.ID):
		return nil
	}
	met[owner.ID] = true
	if len(c.states(owner, states, c.said.customers[owner.ID])) > 0 || len(states) == batch {
		wrong[owner.ID] = owner.Seq
	}
	return nil
}

// orphans reports states without a customer, unless they went with it: they are read again after it was
// not there.
func (c *checker) orphans(ctx context.Context, states []store.HistoryRow) error {
	for i := range states {
		again, err := c.cfg.Store.HistoryScan(ctx, c.app, store.HistoryPlace{Customer: states[i].Customer, At: states[i].At - 1}, 1)
		if err != nil {
			return err
		}
		if len(again) > 0 && place(&again[0]) == place(&states[i]) {
			c.found(Invented, historyTable, place(&states[i]), "there is no customer of whom the state is")
		}
	}
	return nil
}

// byCustomer parts rows that are in the order of their table.
func byCustomer(rows []store.HistoryRow) (groups [][]store.HistoryRow) {
	from := 0
	for i := range rows {
		if i+1 == len(rows) || rows[i+1].Customer != rows[i].Customer {
			groups = append(groups, rows[from:i+1])
			from = i + 1
		}
	}
	return groups
}

// owning gives the customers of groups of states, by number.
func (c *checker) owning(ctx context.Context, groups [][]store.HistoryRow) (map[int64]*store.CustomerRow, error) {
	seqs := make([]int64, len(groups))
	for i, states := range groups {
		seqs[i] = states[0].Customer
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	rows, err := c.cfg.Store.CustomerBySeq(ctx, c.app, seqs)
	if err != nil {
		return nil, err
	}
	owners := make(map[int64]*store.CustomerRow, len(rows))
	for i := range rows {
		owners[rows[i].Seq] = &rows[i]
	}
	return owners, nil
}

// confirmHistory reads the states of customers again between two looks at the log, and reports those
// that fit nothing that it said from one to the other.
func (c *checker) confirmHistory(ctx context.Context, wrong suspects) error {
	if len(wrong) == 0 {
		return nil
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	c.said.follow(wrong)
	defer c.said.follow(nil)
	rows := make(map[id.Customer]*store.CustomerRow, len(wrong))
	states := make(map[id.Customer][]store.HistoryRow, len(wrong))
	for cust := range wrong {
		row, list, err := c.withStates(ctx, cust)
		if err != nil {
			return err
		}
		if row != nil {
			rows[cust], states[cust] = row, list
		}
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	for cust, row := range rows {
		var least []Finding
		for i, said := range c.said.customer(cust) {
			if found := c.states(row, states[cust], said); i == 0 || len(found) < len(least) {
				least = found
			}
		}
		for _, f := range least {
			c.cfg.Found(f)
		}
	}
	return nil
}

// withStates gives a customer and the states of before, of one moment. It gives none if the customer is
// gone or never the same twice.
func (c *checker) withStates(ctx context.Context, cust id.Customer) (*store.CustomerRow, []store.HistoryRow, error) {
	const tries = 100
	for range tries {
		row, err := c.cfg.Store.CustomerGet(ctx, c.app, cust)
		if errors.Is(err, fault.NotFound) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		var states []store.HistoryRow
		for after := (store.HistoryPlace{Customer: row.Seq, At: math.MinInt64}); ; {
			page, err := c.cfg.Store.HistoryScan(ctx, c.app, after, batch)
			if err != nil {
				return nil, nil, err
			}
			for len(page) > 0 && page[len(page)-1].Customer != row.Seq {
				page = page[:len(page)-1]
			}
			if states = append(states, page...); len(page) < batch {
				break
			}
			after.At = page[batch-1].At
		}
		again, err := c.cfg.Store.CustomerGet(ctx, c.app, cust)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return nil, nil, err
		}
		if err == nil && history.LinkTo(&again) == history.LinkTo(&row) {
			return &row, states, nil
		}
	}
	return nil, nil, nil
}

// place names a state.
func place(row *store.HistoryRow) string { return fmt.Sprintf("%d/%d", row.Customer, row.At) }

// states gives what is wrong with all states of a customer, the oldest first, against a state of the log.
func (c *checker) states(owner *store.CustomerRow, rows []store.HistoryRow, said state) (findings []Finding) {
	key, err := customerrow.Key(c.key, owner)
	if err != nil || !said.present() {
		return nil // said with the customer
	}
	add := func(kind Kind, name, text string) {
		findings = append(findings, Finding{Kind: kind, App: c.app, Table: historyTable, ID: name, Text: text})
	}
	whole := said.uncounted || int(said.changes) == len(rows)
	sum := rowsum.Customer(c.key, owner)
	link := history.LinkTo(owner)
	// What was put back or altered of the customer is said with the customer.
	linked := !said.moved(sum) && (len(owner.Sum) == 0 || rowsum.Check(owner.Sum, sum) == nil)
	for i := len(rows) - 1; i >= 0; i-- {
		s, err := history.Open(key, owner, &rows[i])
		if err != nil {
			add(Altered, place(&rows[i]), "the state does not decrypt, or is another one's")
			linked = false
			continue
		}
		if linked && s.To != link {
			add(Removed, fmt.Sprint(owner.Seq), fmt.Sprintf("the state after that of %d is missing, or another one", rows[i].At))
		}
		made := s.Change.At.UnixMilli()
		if i > 0 {
			made = max(made, rows[i-1].At+1)
		}
		if rows[i].At != made && (i > 0 || whole) {
			add(Altered, place(&rows[i]), "the time of the state is not that of the change which ended it")
		}
		link, linked = s.From, true
	}
	if !whole && len(findings) == 0 {
		kind := Removed
		if len(rows) > int(said.changes) {
			kind = Invented
		}
		add(kind, fmt.Sprint(owner.Seq), fmt.Sprintf("there are %d states, and the log has %d changes", len(rows), said.changes))
	}
	return findings
}
