package main

import (
	"context"

	"custodex.dev/client"
)

type appCmd struct {
	Create appCreateCmd `cmd:"" help:"Create an application."`
	List   appListCmd   `cmd:"" help:"List the applications."`
	Show   appShowCmd   `cmd:"" help:"Show one application."`
	Rename appRenameCmd `cmd:"" help:"Give an application another name."`
	Remove appRemoveCmd `cmd:"" help:"Remove an application without customers. Its audit log stays. This cannot be undone."`
}

type appCreateCmd struct {
	operatorFlags
	Name string `arg:"" help:"Its name, 1 to 100 characters."`
}

// Run creates an application.
func (c *appCreateCmd) Run(ctx context.Context, env *environment) error {
	return ask(env, &c.operatorFlags, func(op operator) (client.App, error) {
		return op.CreateApp(ctx, c.Name)
	}, env.printApp)
}

type appListCmd struct {
	operatorFlags
}

// Run lists the applications.
func (c *appListCmd) Run(ctx context.Context, env *environment) error {
	return ask(env, &c.operatorFlags, func(op operator) ([]client.App, error) {
		return op.ListApps(ctx)
	}, env.printApps)
}

type appShowCmd struct {
	operatorFlags
	App string `arg:"" help:"The application, app_…"`
}

// Run shows an application.
func (c *appShowCmd) Run(ctx context.Context, env *environment) error {
	return ask(env, &c.operatorFlags, func(op operator) (client.App, error) {
		return op.FetchApp(ctx, c.App)
	}, env.printApp)
}

type appRenameCmd struct {
	operatorFlags
	App  string `arg:"" help:"The application, app_…"`
	Name string `arg:"" help:"Its new name, 1 to 100 characters."`
}

// Run renames an application.
func (c *appRenameCmd) Run(ctx context.Context, env *environment) error {
	return ask(env, &c.operatorFlags, func(op operator) (client.App, error) {
		return op.RenameApp(ctx, c.App, c.Name)
	}, env.printApp)
}

type appRemoveCmd struct {
	operatorFlags
	App        string `arg:"" help:"The application, app_…"`
	RevokeKeys bool   `name:"revoke-keys" help:"Revoke its live keys too. Without, an application that has any is refused."`
}

// Run removes an application.
func (c *appRemoveCmd) Run(ctx context.Context, env *environment) error {
	return ask(env, &c.operatorFlags, func(op operator) (client.App, error) {
		return op.RemoveApp(ctx, c.App, c.RevokeKeys)
	}, env.printApp)
}

func (e *environment) printApp(app client.App) error {
	if e.json {
		return e.printJSON(app)
	}
	return e.printFields("Application", app.ID, "Name", app.Name, "Created", formatTime(app.CreatedAt),
		"Removed", formatOptional(app.RemovedAt, ""))
}

func (e *environment) printApps(apps []client.App) error {
	if e.json {
		return e.printJSON(listOf(apps))
	}
	var rows [][]string
	for _, app := range apps {
		rows = append(rows, []string{app.ID, app.Name, formatTime(app.CreatedAt), formatOptional(app.RemovedAt, "")})
	}
	return e.table([]string{"ID", "NAME", "CREATED", "REMOVED"}, rows)
}
