package main

import (
	"context"

	"custodex.dev/internal/server"
)

type migrateCmd struct {
	schemaFlags
}

// Run brings the schema up.
func (c *migrateCmd) Run(ctx context.Context, env *environment) error {
	flags := c.values()
	cfg, err := c.load(env, &flags)
	if err != nil {
		return err
	}
	if err := cfg.ValidateDatabase(); err != nil {
		return withHint(err, explainHint)
	}
	steps, err := server.Migrate(ctx, cfg)
	if err != nil {
		return advised(err)
	}
	if env.json {
		return env.printJSON(map[string]int{"steps": steps})
	}
	return env.printf("The schema is up to date; steps taken: %d\n", steps)
}
