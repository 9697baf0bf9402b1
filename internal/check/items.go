package check

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
)

// item is what the log says of one thing that hangs on a customer. It is made once, and goes with its
// customer.
type item struct {
	owner id.Customer
	kind  store.ItemKind
	known bool
	sum   uint64 // if known
	entry int64  // that made it
	seen  bool   // the row was met
}

// noteItem takes what an entry says of the item that it made.
func (s *said) noteItem(e *audit.Entry) {
	made := item{entry: e.Seq}
	switch e.Action {
	case authz.TransactionCreate:
		made.kind = store.Transaction
	case authz.AddressCreate:
		made.kind = store.LiquidationAddress
	default:
		return
	}
	name, err := id.ParseItem(e.Subject)
	if err != nil || len(e.Targets) != 1 || !s.has(e.Targets[0]) {
		return
	}
	made.owner = e.Targets[0]
	if len(e.Sums) == 2 && !s.doubt {
		made.known, made.sum = true, short(e.Sums[1])
	}
	s.items[name] = made
}

// items that did not fit, by id. The customer of one that was not met is the one that the log has.
type wrongItems map[id.Item]store.OwnedItem

// checkItems compares the items of the part with the log.
func (c *checker) checkItems(ctx context.Context) error {
	c.begin("items")
	wrong := wrongItems{}
	for after := (store.ItemPlace{}); ; {
		rows, err := c.cfg.Store.ItemScan(ctx, c.app, after, batch)
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			after = store.ItemPlace{Customer: row.Seq, Kind: row.Kind, ID: row.ID}
			if row.Customer.IsZero() && c.said.part == 0 {
				c.found(Invented, "customer_item", row.ID.String(), "there is no customer that the item hangs on")
			}
			if row.Customer.IsZero() || !c.said.has(row.Customer) {
				continue
			}
			said, made := c.said.items[row.ID]
			if kind, _ := c.item(row, said, made, c.said.customers[row.Customer]); kind != "" || made && !said.known {
				wrong[row.ID] = *row
			}
			if made && said.owner == row.Customer && said.kind == row.Kind {
				said.seen = true
				c.said.items[row.ID] = said
			}
		}
		if wrong, err = c.confirmItems(ctx, wrong, maxSuspects); err != nil {
			return err
		}
		if err := c.read(ctx, len(rows), int64(len(c.said.items))); err != nil {
			return err
		}
		if len(rows) < batch {
			break
		}
	}
	var err error
	for name, said := range c.said.items {
		owner := c.said.customers[said.owner]
		if _, is := wrong[name]; is || said.seen || !owner.present() || !owner.seen { // one that is gone was named
			continue
		}
		wrong[name] = store.OwnedItem{ItemRow: store.ItemRow{ID: name, Kind: said.kind}, Customer: said.owner}
		if wrong, err = c.confirmItems(ctx, wrong, maxSuspects); err != nil {
			return err
		}
	}
	_, err = c.confirmItems(ctx, wrong, 1)
	return err
}

// confirmItems reads suspects again between two looks at the log, if there are enough of them, and
// reports those that fit nothing that it said from one to the other. It gives those that still wait.
func (c *checker) confirmItems(ctx context.Context, wrong wrongItems, enough int) (wrongItems, error) {
	if len(wrong) < enough {
		return wrong, nil
	}
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	first, of := c.said.next, suspects{}
	for _, row := range wrong {
		of[row.Customer] = 0
	}
	c.said.follow(of)
	defer c.said.follow(nil)
	now := make(map[id.Item]*store.OwnedItem, len(wrong))
	for name, was := range wrong {
		row, err := c.cfg.Store.ItemGet(ctx, c.app, was.Customer, was.Kind, name)
		switch {
		case err == nil:
			now[name] = &store.OwnedItem{ItemRow: row, Customer: was.Customer}
		case !errors.Is(err, fault.NotFound):
			return nil, err
		}
	}
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	for name, was := range wrong {
		said, made := c.said.items[name]
		kind, text := verdict(c.said.customer(was.Customer), func(owner state) (Kind, string) {
			switch {
			case now[name] != nil:
				return c.item(now[name], said, made, owner)
			case owner.present() && made && said.owner == was.Customer && said.entry < first:
				return Removed, "the log has the item, and no deletion of its customer"
			}
			return "", ""
		})
		if kind == "" && now[name] != nil && made && !said.known && !c.opens(ctx, now[name]) {
			kind, text = Altered, "the item does not decrypt"
		}
		if kind != "" {
			c.cfg.Found(Finding{Kind: kind, App: c.app, Table: "customer_item", ID: name.String(), Text: text, Owner: was.Customer})
		}
	}
	return wrongItems{}, nil
}

// item gives what is wrong with the row of an item, and no kind if nothing is. Whether the customer
// should be there is said with the customer.
func (c *checker) item(row *store.OwnedItem, said item, made bool, owner state) (kind Kind, text string) {
	switch {
	case owner.absent():
		return "", ""
	case !made:
		return Invented, "the log has no creation of the item"
	case said.owner != row.Customer || said.kind != row.Kind:
		return Altered, "the item is not where it was written"
	}
	sum := rowsum.Item(c.key, row.Customer, &row.ItemRow)
	if said.known && said.sum != short(sum) || !c.intact(row.Sum, sum) {
		return Altered, "the item is not as it was written"
	}
	return "", ""
}

// opens reports whether an item decrypts, or its customer has no key.
func (c *checker) opens(ctx context.Context, row *store.OwnedItem) bool {
	owner, err := c.cfg.Store.CustomerGet(ctx, c.app, row.Customer)
	if err != nil {
		return true
	}
	key, err := customerrow.Key(c.key, &owner)
	if err != nil {
		return true
	}
	_, err = key.OpenItem(row.ID, row.Sealed)
	return err == nil
}
