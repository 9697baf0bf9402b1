package check

import (
	"context"
	"strings"

	"custodex.dev/internal/credential"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
)

// checkOwners compares the application and its credentials with their checksums and with the log.
func (c *checker) checkOwners(ctx context.Context) error {
	c.begin("credentials")
	findings, err := c.owners(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		c.cfg.Found(f)
	}
	return nil
}

// owners reads the application and its credentials between two looks at the log, and gives what is wrong
// with them.
func (c *checker) owners(ctx context.Context) (findings []Finding, err error) {
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	c.said.follow(nil)
	summed := c.said.others[string(c.app)].known
	row, err := c.cfg.Store.AppGet(ctx, c.app)
	if err != nil {
		return nil, err
	}
	list, err := c.cfg.Store.CredentialList(ctx, c.app)
	if err != nil {
		return nil, err
	}
	if err := c.read(ctx, len(list)+1, 0); err != nil {
		return nil, err
	}
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	if row.Sum == nil && !summed {
		return nil, nil // of an earlier release, and no server had given it its checksum when the row was read
	}
	judge := func(table, name string, judge func(state) (Kind, string)) {
		if kind, text := verdict(c.said.other(name), judge); kind != "" {
			findings = append(findings, Finding{Kind: kind, App: c.app, Table: table, ID: name, Text: text})
		}
	}
	judge("application", string(c.app), func(said state) (Kind, string) { return c.application(&row, said) })
	here := make(map[string]bool, len(list))
	for i := range list {
		name := string(list[i].ID)
		here[name] = true
		judge("credential", name, func(said state) (Kind, string) { return c.credential(&list[i], said) })
	}
	for name := range c.said.others {
		if !strings.HasPrefix(name, "cred_") || here[name] {
			continue
		}
		judge("credential", name, func(said state) (Kind, string) {
			if said.made {
				return Removed, "the log has the credential, and its row is gone"
			}
			return "", ""
		})
	}
	return findings, nil
}

// application gives what is wrong with the row of the application, and no kind if nothing is.
func (c *checker) application(row *store.AppRow, said state) (kind Kind, text string) {
	switch {
	case rowsum.Check(row.Sum, rowsum.App(c.key, row)) != nil:
		return Altered, "the application is not as it was written"
	case said.moved(row.Sum):
		return PutBack, "the log has a newer state of the application"
	}
	return "", ""
}

// credential gives what is wrong with the row of a credential, and no kind if nothing is.
func (c *checker) credential(k *store.CredentialRow, said state) (kind Kind, text string) {
	_, unread := credential.ReadRow(c.app, c.key, *k)
	switch {
	case !said.made:
		return Invented, "the log has no creation of the credential"
	case rowsum.Check(k.Sum, rowsum.Credential(c.key, k)) != nil:
		return Altered, "the credential is not as it was written"
	case said.moved(k.Sum), said.revoked && k.RevokedAt == 0:
		return PutBack, "the log has a newer state of the credential"
	case unread != nil:
		return Unopened, "name and owner of the credential do not decrypt"
	}
	return "", ""
}
