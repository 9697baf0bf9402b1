package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"custodex.dev/internal/server"
)

type restoreCmd struct {
	dataFlags
	From string `name:"from" placeholder:"DIR" required:"" help:"Folder that custodex backup made, or a single database file that was copied otherwise."`
}

// Run puts a backup in the place of the database. It deletes nothing.
func (c *restoreCmd) Run(ctx context.Context, env *environment) error {
	cfg, err := c.database(env)
	if err != nil {
		return err
	}
	r, err := server.Restore(ctx, cfg, c.From)
	if err != nil {
		return backupHint(err)
	}
	if env.json {
		return env.printJSON(r)
	}
	var rows [][]string
	for _, log := range r.Logs {
		rows = append(rows, []string{
			log.App, strconv.FormatInt(log.Customers, 10), strconv.FormatInt(log.Entries, 10),
			strconv.FormatInt(log.TreeSize, 10), rootOf(log.Checkpoint),
		})
	}
	made := ""
	if !r.CreatedAt.IsZero() {
		made = formatTime(r.CreatedAt)
	}
	now := "start custodex serve; a checkpoint that you kept shows with custodex audit verify whether this log is yours"
	if _, err := os.Stat(cfg.KeyFile()); errors.Is(err, fs.ErrNotExist) {
		now = "put the master key of this database at " + cfg.KeyFile() + ", mode 0600; then start custodex serve"
	}
	if err := env.printFields(
		"Restored the backup of", made,
		"Files that were there", r.Replaced,
		"Schema", strconv.FormatInt(r.Schema, 10),
		"Now", now,
	); err != nil {
		return err
	}
	return env.table([]string{"APP", "CUSTOMERS", "ENTRIES", "CHECKPOINT AT", "ROOT"}, rows)
}

// rootOf gives the root hash in the text of a checkpoint: its third line.
func rootOf(checkpoint string) string {
	lines := strings.Split(checkpoint, "\n")
	if len(lines) < 3 {
		return "-"
	}
	return lines[2]
}
