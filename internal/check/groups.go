package check

import (
	"context"
	"strconv"
	"strings"

	"custodex.dev/internal/page"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
)

// checkGroups compares the groups with the log. There are few beside the customers, so all are read
// between two looks at it.
func (c *checker) checkGroups(ctx context.Context) error {
	c.begin("groups")
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	c.said.follow(nil)
	sums, err := c.groups(ctx)
	if err != nil {
		return err
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	for seq, sum := range sums {
		kind, text := verdict(c.said.other(groupName(seq)), func(said state) (Kind, string) { return c.group(sum, said) })
		if kind != "" {
			c.found(kind, "customer_group", strconv.FormatInt(seq, 10), "%s", text)
		}
	}
	for name := range c.said.others {
		number, ok := groupNumber(name)
		if !ok || sums[number] != nil {
			continue
		}
		kind, text := verdict(c.said.other(name), func(said state) (Kind, string) {
			if said.present() {
				return Removed, "the log has the group, and no deletion of it"
			}
			return "", ""
		})
		if kind != "" {
			c.found(kind, "customer_group", strconv.FormatInt(number, 10), "%s", text)
		}
	}
	return nil
}

// summed is a row's checksum as it is kept with it, and of its columns.
type summed struct{ kept, sum []byte }

// groups gives the checksums of the groups that there are.
func (c *checker) groups(ctx context.Context) (map[int64]*summed, error) {
	sums := make(map[int64]*summed)
	list := store.GroupList{Take: batch}
	for {
		rows, err := c.cfg.Store.GroupList(ctx, c.app, list)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			row := &rows[i]
			sums[row.Seq] = &summed{row.Sum, rowsum.Group(c.key, row)}
			list.After = &page.Position{CreatedAt: row.CreatedAt, Seq: row.Seq}
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return nil, err
		}
		if len(rows) < batch {
			return sums, nil
		}
	}
}

// group gives what is wrong with a group, and no kind if nothing is.
func (c *checker) group(row *summed, said state) (kind Kind, text string) {
	switch {
	case !said.made:
		return Invented, "the log has no creation of the group"
	case said.absent():
		return Invented, "the log has the deletion of the group"
	case !c.intact(row.kept, row.sum):
		return Altered, "the group is not as it was written"
	case said.moved(row.sum):
		return PutBack, "the row of the group is not the one that the log has last"
	}
	return "", ""
}

// groupName is how entries name a group.
func groupName(seq int64) string { return "group " + strconv.FormatInt(seq, 10) }

// groupNumber gives the number in the name of a group.
func groupNumber(name string) (int64, bool) {
	text, ok := strings.CutPrefix(name, "group ")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	return seq, err == nil
}
