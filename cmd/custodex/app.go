package main

import (
	"context"

	"custodex.dev/client"
)

type appCmd struct {
	Create appCreateCmd `cmd:"" help:"Create an application."`
	List   appListCmd   `cmd:"" help:"List the applications."`
	Show   appShowCmd   `cmd:"" help:"Show one application."`
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

func (e *environment) printApp(app client.App) error {
	if e.json {
		return e.printJSON(app)
	}
	return e.printFields("Application", app.ID, "Name", app.Name, "Created", formatTime(app.CreatedAt))
}

func (e *environment) printApps(apps []client.App) error {
	if e.json {
		return e.printJSON(listOf(apps))
	}
	var rows [][]string
	for _, app := range apps {
		rows = append(rows, []string{app.ID, app.Name, formatTime(app.CreatedAt)})
	}
	return e.table([]string{"ID", "NAME", "CREATED"}, rows)
}
