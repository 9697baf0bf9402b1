package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"custodex.dev/internal/config"
	"custodex.dev/internal/server"
)

// dataFlags are the flags of a verb that works on the file of a data folder.
type dataFlags struct {
	configFile
	Data string `name:"data" placeholder:"DIR"`
}

func (d *dataFlags) database(env *environment) (config.Config, error) {
	cfg, err := d.load(env, &config.Config{DataDir: d.Data})
	if err != nil {
		return cfg, err
	}
	if err := cfg.ValidateDatabase(); err != nil {
		return cfg, withHint(err, explainHint)
	}
	return cfg, nil
}

type backupCmd struct {
	dataFlags
	Out string `name:"out" placeholder:"NEW-DIR" required:"" help:"Folder to make for the backup, mode 0700."`
}

// Run copies the database while it is served.
func (c *backupCmd) Run(ctx context.Context, env *environment) error {
	cfg, err := c.database(env)
	if err != nil {
		return err
	}
	if err := mustNotExist(c.Out); err != nil {
		return err
	}
	m, err := server.Backup(ctx, cfg, c.Out, programVersion())
	if err != nil {
		return backupHint(err)
	}
	if env.json {
		return env.printJSON(m)
	}
	var customers, entries int64
	for _, log := range m.Logs {
		customers, entries = customers+log.Customers, entries+log.Entries
	}
	return env.printFields(
		"Backup in", c.Out,
		"Applications", strconv.Itoa(len(m.Logs)),
		"Customers", strconv.FormatInt(customers, 10),
		"Audit entries", strconv.FormatInt(entries, 10),
		"Bytes", strconv.FormatInt(m.Size, 10),
		"Schema", strconv.FormatInt(m.Schema, 10),
		"Now", "keep it away from this machine, and apart from the master key: "+filepath.Base(cfg.KeyFile())+" is not in it",
	)
}

// backupHint adds the way for PostgreSQL.
func backupHint(err error) error {
	if errors.Is(err, server.ErrPostgres) {
		return withHint(err, "use pg_dump and pg_restore, with custodex init --roles-only before the second; see doc/operating.md, Backups")
	}
	return advised(err)
}
