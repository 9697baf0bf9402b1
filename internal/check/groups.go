package check

import (
	"context"
	"strconv"
	"strings"

	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
)

// checkGroups compares the groups with the log. There are few beside the customers, so what was found
// is dropped if a group has changed meanwhile, and all are read again.
func (c *checker) checkGroups(ctx context.Context) error {
	c.begin("groups")
	for try := 0; ; try++ {
		writes := c.said.writes
		findings, err := c.groups(ctx)
		if err != nil {
			return err
		}
		if err := c.catchUp(ctx, all); err != nil {
			return err
		}
		if c.said.writes == writes || try == maxTries {
			for _, f := range findings {
				c.cfg.Found(f)
			}
			return nil
		}
	}
}

// groups gives what is wrong with the groups.
func (c *checker) groups(ctx context.Context) (findings []Finding, err error) {
	here := map[string]bool{}
	list := store.GroupList{Take: batch}
	for {
		rows, err := c.cfg.Store.GroupList(ctx, c.app, list)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			row := &rows[i]
			here[groupName(row.Seq)] = true
			if kind, text := c.group(row); kind != "" {
				findings = append(findings, Finding{kind, c.app, "customer_group", strconv.FormatInt(row.Seq, 10), text})
			}
			list.After = &page.Position{CreatedAt: row.CreatedAt, Seq: row.Seq}
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return nil, err
		}
		if len(rows) < batch {
			break
		}
	}
	for name, said := range c.said.others {
		if number, ok := groupNumber(name); ok && !said.gone && !here[name] {
			findings = append(findings, Finding{Removed, c.app, "customer_group", number, "the log has the group, and no deletion of it"})
		}
	}
	return findings, nil
}

// group gives what is wrong with a group, and no kind if nothing is.
func (c *checker) group(row *store.GroupRow) (kind Kind, text string) {
	said, ok := c.said.others[groupName(row.Seq)]
	switch {
	case !ok:
		return Invented, "the log has no creation of the group"
	case said.gone:
		return Invented, "the log has the deletion of the group"
	}
	return "", ""
}

// groupName is how entries name a group.
func groupName(seq int64) string { return "group " + strconv.FormatInt(seq, 10) }

// groupNumber gives the number in the name of a group.
func groupNumber(name string) (string, bool) { return strings.CutPrefix(name, "group ") }
