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
	findings, err := c.ownersNow(ctx)
	for _, f := range findings {
		c.cfg.Found(f)
	}
	return err
}

// ownersNow reads the application, its credentials and the log until they are of one moment, and gives
// what is wrong with them.
func (c *checker) ownersNow(ctx context.Context) ([]Finding, error) {
	for try := 0; ; try++ {
		writes := c.said.writes
		row, err := c.cfg.Store.AppGet(ctx, c.app)
		if err != nil {
			return nil, err
		}
		list, err := c.cfg.Store.CredentialList(ctx, c.app)
		if err != nil {
			return nil, err
		}
		if err := c.catchUp(ctx, all); err != nil {
			return nil, err
		}
		if c.said.writes == writes || try == maxTries {
			return c.owners(&row, list), c.read(ctx, len(list)+1, 0)
		}
	}
}

// maxTries is how often rows are read that change while they are compared.
const maxTries = 20

// owners gives what is wrong with the application and its credentials.
func (c *checker) owners(row *store.AppRow, list []store.CredentialRow) (findings []Finding) {
	add := func(kind Kind, table, id, text string) {
		findings = append(findings, Finding{kind, c.app, table, id, text})
	}
	switch said := c.said.others[string(c.app)]; {
	case row.Sum == nil && !said.known:
		return nil // of an earlier release, and no server has been started since
	case rowsum.Check(row.Sum, rowsum.App(c.key, row)) != nil:
		add(Altered, "application", string(c.app), "the application is not as it was written")
	case said.moved(row.Sum):
		add(PutBack, "application", string(c.app), "the log has a newer state of the application")
	}
	here := make(map[string]bool, len(list))
	for i := range list {
		k := &list[i]
		here[string(k.ID)] = true
		said, ok := c.said.others[string(k.ID)]
		_, unread := credential.ReadRow(c.app, c.key, *k)
		switch {
		case !ok:
			add(Invented, "credential", string(k.ID), "the log has no creation of the credential")
		case rowsum.Check(k.Sum, rowsum.Credential(c.key, k)) != nil:
			add(Altered, "credential", string(k.ID), "the credential is not as it was written")
		case said.moved(k.Sum), said.revoked && k.RevokedAt == 0:
			add(PutBack, "credential", string(k.ID), "the log has a newer state of the credential")
		case unread != nil:
			add(Unopened, "credential", string(k.ID), "name and owner of the credential do not decrypt")
		}
	}
	for name := range c.said.others {
		if strings.HasPrefix(name, "cred_") && !here[name] {
			add(Removed, "credential", name, "the log has the credential, and its row is gone")
		}
	}
	return findings
}
