package scratchpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby starts a second server that follows c, as pg_basebackup sets one up. The caller owes it a
// Stop.
func (c *Cluster) Standby(ctx context.Context) (*Cluster, error) {
	s := &Cluster{bin: c.bin, password: c.password, account: c.account}
	var err error
	if s.dir, err = makeDir(s.account); err != nil {
		return nil, err
	}
	if s.watchdog, err = newWatchdog(s.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.run("pg_basebackup", "--dbname", c.URL(""), "--pgdata", s.DataDir(), "--checkpoint", "fast", "--write-recovery-conf", "--no-sync"); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.launch(ctx, true); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Lag lets a standby take over what its primary has committed so far, and nothing after that.
func (c *Cluster) Lag(ctx context.Context, primary *Cluster) error {
	var position string
	if err := primary.ask(ctx, "SELECT pg_current_wal_flush_lsn()::text", &position); err != nil {
		return err
	}
	if err := c.await(ctx, "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", position); err != nil {
		return fmt.Errorf("follow to %s: %w", position, err)
	}
	for _, statement := range []string{"ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"} {
		if err := c.ask(ctx, statement); err != nil {
			return err
		}
	}
	return c.await(ctx, "SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")
}

// Promote makes a standby the server that takes writes.
func (c *Cluster) Promote(ctx context.Context) error {
	if err := c.ask(ctx, "SELECT pg_promote(wait => false)"); err != nil {
		return err
	}
	return c.await(ctx, "SELECT NOT pg_is_in_recovery()")
}

// Archive restarts the server with an archive of its log, and makes a base backup, for Recover.
func (c *Cluster) Archive(ctx context.Context) error {
	if err := os.Mkdir(c.archive(), 0o700); err != nil {
		return err
	}
	if err := chown(c.archive(), c.account); err != nil {
		return err
	}
	for _, statement := range []string{
		"ALTER SYSTEM SET archive_mode = on",
		"ALTER SYSTEM SET archive_command = 'test ! -f " + c.archive() + "/%f && cp %p " + c.archive() + "/%f'",
	} {
		if err := c.ask(ctx, statement); err != nil {
			return err
		}
	}
	if err := c.Restart(ctx); err != nil {
		return err
	}
	return c.run("pg_basebackup", "--dbname", c.URL(""), "--pgdata", c.base(), "--checkpoint", "fast", "--no-sync")
}

func (c *Cluster) archive() string { return filepath.Join(c.dir, "archive") }
func (c *Cluster) base() string    { return filepath.Join(c.dir, "base") }

// Point names the present moment, and returns when the archive reaches it.
func (c *Cluster) Point(ctx context.Context, name string) error {
	var file string
	if err := c.ask(ctx, "SELECT pg_walfile_name(pg_create_restore_point('"+name+"'))", &file); err != nil {
		return err
	}
	if err := c.ask(ctx, "SELECT pg_switch_wal()"); err != nil {
		return err
	}
	return c.await(ctx, "SELECT coalesce(last_archived_wal >= $1, false) FROM pg_stat_archiver", file)
}

// Recover puts the server back to a moment that Point has named: the base backup and the archived
// log up to there. What was committed later is lost.
func (c *Cluster) Recover(ctx context.Context, name string) error {
	if err := c.server.stop(); err != nil {
		return err
	}
	if err := os.RemoveAll(c.DataDir()); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", c.base(), c.DataDir()).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the base backup: %w: %s", err, out)
	}
	settings := fmt.Sprintf("restore_command = 'cp %s/%%f %%p'\nrecovery_target_name = '%s'\nrecovery_target_action = 'promote'\n", c.archive(), name)
	auto, err := os.OpenFile(filepath.Join(c.DataDir(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = auto.WriteString(settings)
	if err := errors.Join(err, auto.Close()); err != nil {
		return err
	}
	signal := filepath.Join(c.DataDir(), "recovery.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		return err
	}
	if err := chown(signal, c.account); err != nil {
		return err
	}
	if err := c.launch(ctx, false); err != nil {
		return err
	}
	return c.await(ctx, "SELECT NOT pg_is_in_recovery()")
}

// ask runs one statement as the superuser. Its row goes into into, if that is given.
func (c *Cluster) ask(ctx context.Context, statement string, into ...any) error {
	conn, err := pgx.Connect(ctx, c.URL(""))
	if err != nil {
		return err
	}
	if len(into) == 0 {
		_, err = conn.Exec(ctx, statement)
	} else {
		err = conn.QueryRow(ctx, statement).Scan(into...)
	}
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// await repeats a question until the answer is yes.
func (c *Cluster) await(ctx context.Context, question string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL(""))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing was changed
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		var yes bool
		if err := conn.QueryRow(ctx, question, args...).Scan(&yes); err != nil || yes {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s stays false: %w", question, ctx.Err())
		case <-tick.C:
		}
	}
}
