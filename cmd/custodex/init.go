package main

import (
	"context"
	"errors"

	"custodex.dev/internal/config"
	"custodex.dev/internal/records"
	"custodex.dev/internal/server"
)

type initCmd struct {
	schemaFlags
	MasterKey string `name:"master-key" placeholder:"FILE"`
	RolesOnly bool   `name:"roles-only" help:"Make the role of a PostgreSQL server and nothing else, before a dump is restored."`
	KeyOut    string `name:"operator-key-out" placeholder:"FILE" help:"Write the operator key to this new file, mode 0600, instead of printing it."`
}

// Run prepares a database, once.
func (c *initCmd) Run(ctx context.Context, env *environment) error {
	flags := c.values()
	flags.MasterKeyFile = c.MasterKey
	if c.RolesOnly {
		return c.roles(ctx, env, &flags)
	}
	cfg, err := validated(c.load(env, &flags))
	if err != nil {
		return err
	}
	var out *privateFile
	if c.KeyOut != "" {
		if err := mustNotExist(c.KeyOut); err != nil {
			return err
		}
		if out, err = beginPrivate(c.KeyOut); err != nil {
			return err
		}
		defer out.discard()
	}
	_, err = server.Init(ctx, cfg, func(issued records.Issued) error { return c.publish(env, cfg, out, issued) })
	if errors.Is(err, records.ErrInitialised) {
		return withHint(errors.New("this database has been initialised before; nothing was changed"),
			"custodex serve serves it; for more operator keys: custodex key create --app app_system")
	}
	return advised(err)
}

// roles makes the role that a dump refers to. It needs no master key.
func (c *initCmd) roles(ctx context.Context, env *environment, flags *config.Config) error {
	cfg, err := c.load(env, flags)
	if err != nil {
		return err
	}
	if err := cfg.ValidateDatabase(); err != nil {
		return withHint(err, explainHint)
	}
	if err := server.Roles(ctx, cfg); err != nil {
		return advised(err)
	}
	if env.json {
		return env.printJSON(map[string]bool{"roles": true})
	}
	return env.printf("The role is there; now restore the dump, then run custodex migrate with the same database\n")
}

// publish prints the operator key, or writes it to its file, before it is stored.
func (c *initCmd) publish(env *environment, cfg config.Config, out *privateFile, issued records.Issued) error {
	result := struct {
		OperatorKeyID string `json:"operator_key_id"`
		OperatorKey   string `json:"operator_key,omitempty"`
		KeyOut        string `json:"operator_key_file,omitempty"`
		MasterKeyFile string `json:"master_key_file"`
	}{OperatorKeyID: string(issued.ID), KeyOut: c.KeyOut, MasterKeyFile: cfg.KeyFile()}
	if out == nil {
		result.OperatorKey = issued.OperatorToken().Reveal()
	} else if err := out.finish([]byte(issued.OperatorToken().Reveal() + "\n")); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(result)
	}
	return env.printFields(
		"Operator key (shown this once)", result.OperatorKey,
		"Operator key in", result.KeyOut,
		"Master key in", result.MasterKeyFile,
		"Now", "back up the master key apart from the database: without it nothing can be read",
	)
}
