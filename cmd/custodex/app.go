package main

import "custodex.dev/client"

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
func (c *appCreateCmd) Run(env *environment) error {
	op, err := c.connect(env)
	if err != nil {
		return err
	}
	app, err := op.CreateApp(env.ctx, c.Name)
	if err != nil {
		return explain(err)
	}
	return env.printApp(app)
}

type appListCmd struct {
	operatorFlags
}

// Run lists the applications.
func (c *appListCmd) Run(env *environment) error {
	op, err := c.connect(env)
	if err != nil {
		return err
	}
	apps, err := op.ListApps(env.ctx)
	if err != nil {
		return explain(err)
	}
	if env.json {
		return env.printJSON(listOf(apps))
	}
	var rows [][]string
	for _, app := range apps {
		rows = append(rows, []string{app.ID, app.Name, formatTime(app.CreatedAt)})
	}
	return env.table([]string{"ID", "NAME", "CREATED"}, rows)
}

type appShowCmd struct {
	operatorFlags
	App string `arg:"" help:"The application, app_…"`
}

// Run shows an application.
func (c *appShowCmd) Run(env *environment) error {
	op, err := c.connect(env)
	if err != nil {
		return err
	}
	app, err := op.FetchApp(env.ctx, c.App)
	if err != nil {
		return explain(err)
	}
	return env.printApp(app)
}

func (env *environment) printApp(app client.App) error {
	if env.json {
		return env.printJSON(app)
	}
	return env.facts("Application", app.ID, "Name", app.Name, "Created", formatTime(app.CreatedAt))
}
