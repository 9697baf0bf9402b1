package main

import (
	"context"

	"custodex.dev/internal/server"
)

type migrateCmd struct {
	settings
}

// Run brings the schema up.
func (c *migrateCmd) Run(ctx context.Context, env *environment) error {
	cfg, err := c.load(env)
	if err != nil {
		return err
	}
	if err := cfg.ValidateDatabase(); err != nil {
		return withHint(err, "custodex config explain describes every setting")
	}
	steps, err := server.Migrate(ctx, cfg)
	if err != nil {
		return withHint(err, "custodex init prepares a new database; a server on SQLite must be stopped first")
	}
	if env.json {
		return env.printJSON(map[string]int{"steps": steps})
	}
	return env.printf("The schema is up to date; steps taken: %d\n", steps)
}
