package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"custodex.dev/client"
	"custodex.dev/internal/audit"
)

type auditCmd struct {
	List       auditListCmd       `cmd:"" help:"List entries, newest first."`
	Export     auditExportCmd     `cmd:"" help:"Write the log, or a part of it, so that it verifies offline."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint and the keys that check it. Keep all of them elsewhere."`
	Verify     auditVerifyCmd     `cmd:"" help:"Check an export offline."`

	Alarms      auditAlarmsCmd      `cmd:"" help:"List the alarms of the log: when it was found damaged."`
	Acknowledge auditAcknowledgeCmd `cmd:"" help:"Close the alarm of the log, with a reason that is kept."`
}

type auditListCmd struct {
	appFlags
	Customer   string `name:"customer" placeholder:"ID" help:"Only what touched this customer."`
	Credential string `name:"credential" placeholder:"KEY" help:"Only what this key did, cred_…"`
	ActingUser string `name:"acting-user" placeholder:"USER" help:"Only what this user of the application did, as its clients named them. Reads the log page by page until enough is found."`
	Action     string `name:"action" help:"Only this action, as customer.fetch."`
	From       string `name:"from" placeholder:"TIME" help:"From this time on: 2030-01-31T12:00:00Z, 2030-01-31 or 24h (ago)."`
	To         string `name:"to" placeholder:"TIME" help:"Before this time."`
	Limit      int    `name:"limit" default:"50" help:"Entries to show, 1 to 1000."`
	Before     string `name:"before" placeholder:"SEQ" help:"Only entries before this one, to go on from an earlier list."`
}

// Run lists audit entries.
func (c *auditListCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.AuditPage, error) {
		q := client.AuditQuery{
			Customer: c.Customer, Credential: c.Credential, Action: c.Action, Limit: c.Limit, Before: c.Before,
		}
		var okFrom, okTo bool
		q.From, okFrom = parseMoment(c.From, time.Now())
		q.To, okTo = parseMoment(c.To, time.Now())
		if !okFrom || !okTo {
			return client.AuditPage{}, usage("--from, --to: not a time", "use 2030-01-31T12:00:00Z, 2030-01-31 or 24h (ago)")
		}
		if c.ActingUser != "" && c.Limit >= 1 {
			return listActingUser(ctx, op, app, q, c.ActingUser)
		}
		return op.ListAudit(ctx, app, q)
	}, env.printEntries)
}

// listActingUser filters here. The server cannot: it stores who acted encrypted, and has
// no index of it.
func listActingUser(ctx context.Context, op operator, app string, q client.AuditQuery, user string) (client.AuditPage, error) {
	found := client.AuditPage{Entries: []client.AuditEntry{}}
	limit := q.Limit
	q.Limit = 1000
	for {
		page, err := op.ListAudit(ctx, app, q)
		if err != nil {
			return client.AuditPage{}, err
		}
		for _, entry := range page.Entries {
			if entry.Origin.ActingUser != user {
				continue
			}
			found.Entries = append(found.Entries, entry)
			if len(found.Entries) == limit {
				before := strconv.FormatInt(entry.Seq, 10)
				found.Next = &before
				return found, nil
			}
		}
		if page.Next == nil {
			return found, nil
		}
		q.Before = *page.Next
	}
}

func (e *environment) printEntries(page client.AuditPage) error {
	if e.json {
		return e.printJSON(page)
	}
	head := []string{"SEQ", "TIME", "ACTION", "OUTCOME", "KEY", "OWNER", "USER", "ADDRESS", "TOUCHED"}
	explained := slices.ContainsFunc(page.Entries, func(entry client.AuditEntry) bool {
		return entry.Origin.Purpose != "" || entry.Origin.Reason != ""
	})
	if explained {
		head = append(head, "PURPOSE", "REASON")
	}
	var rows [][]string
	for _, entry := range page.Entries {
		row := []string{
			strconv.FormatInt(entry.Seq, 10), formatTime(entry.Time), entry.Action, outcomeText(entry),
			orDash(entry.Actor), orDash(entry.Origin.Owner), orDash(entry.Origin.ActingUser), orDash(entry.Origin.Address), targetSummary(entry),
		}
		if explained {
			row = append(row, orDash(entry.Origin.Purpose), orDash(entry.Origin.Reason))
		}
		rows = append(rows, row)
	}
	err := e.table(head, rows)
	if err == nil && page.Next != nil {
		_, err = fmt.Fprintf(e.err, "there is more: add --before %s\n", *page.Next)
	}
	return err
}

// parseMoment reads a time, a day (its start in UTC) or a duration before now. Empty
// is no time.
func parseMoment(text string, now time.Time) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, true
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), true
	}
	return time.Time{}, false
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func outcomeText(e client.AuditEntry) string {
	text := strings.TrimSpace(e.Outcome + " " + e.Code)
	if e.Damaged {
		text += " DAMAGED"
	}
	return text
}

// targetSummary shows what an entry is about. Of several targets it gives the number.
func targetSummary(e client.AuditEntry) string {
	switch {
	case len(e.Targets) > 1:
		return strconv.Itoa(len(e.Targets)) + " customers"
	case len(e.Targets) == 1:
		return e.Targets[0]
	}
	return orDash(e.Subject)
}

type auditExportCmd struct {
	appFlags
	From   int64  `name:"from-seq" placeholder:"SEQ" help:"First entry. Default: the first."`
	To     int64  `name:"to-seq" placeholder:"SEQ" help:"Entry to stop before. Default: all."`
	Opened bool   `name:"opened" help:"Include addresses, user agents and owners in clear; they are personal data."`
	Out    string `name:"out" placeholder:"FILE" help:"Write to this new file, mode 0600. Default: standard output."`
}

// Run exports an audit log.
func (c *auditExportCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (string, error) {
		q := client.ExportQuery{From: c.From, To: c.To, Opened: c.Opened}
		if c.Out == "" {
			return "", op.ExportAudit(ctx, app, q, env.out)
		}
		if err := mustNotExist(c.Out); err != nil {
			return "", err
		}
		out, err := beginPrivate(c.Out)
		if err != nil {
			return "", err
		}
		defer out.discard()
		if err := op.ExportAudit(ctx, app, q, out.temp); err != nil {
			return "", err
		}
		return c.Out, out.finish(nil)
	}, env.printExported)
}

// printExported prints where an export went; "" is standard output, which holds nothing
// else.
func (e *environment) printExported(file string) error {
	switch {
	case file == "":
		return nil
	case e.json:
		return e.printJSON(map[string]string{"file": file})
	}
	return e.printf("Wrote %s; custodex audit verify checks it\n", file)
}

type auditCheckpointCmd struct {
	appFlags
	KeyOut string `name:"key-out" placeholder:"FILE" help:"Write the keys to this new file, one a line, for custodex audit verify."`
}

// Run prints the newest checkpoint.
func (c *auditCheckpointCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.AuditCheckpoint, error) {
		return c.fetch(ctx, op, app)
	}, env.printCheckpoint)
}

func (c *auditCheckpointCmd) fetch(ctx context.Context, op operator, app string) (client.AuditCheckpoint, error) {
	if c.KeyOut == "" {
		return op.FetchCheckpoint(ctx, app)
	}
	if err := mustNotExist(c.KeyOut); err != nil {
		return client.AuditCheckpoint{}, err
	}
	point, err := op.FetchCheckpoint(ctx, app)
	if err != nil {
		return client.AuditCheckpoint{}, err
	}
	if err := os.WriteFile(c.KeyOut, []byte(strings.Join(point.Keys, "\n")+"\n"), 0o644); err != nil {
		return client.AuditCheckpoint{}, err
	}
	return point, nil
}

func (e *environment) printCheckpoint(point client.AuditCheckpoint) error {
	if e.json {
		return e.printJSON(point)
	}
	for _, key := range point.Keys {
		if _, err := fmt.Fprintf(e.err, "Key: %s\n", key); err != nil {
			return err
		}
	}
	return e.printf("%s", point.Checkpoint)
}

type auditVerifyCmd struct {
	File       string   `arg:"" help:"The export; - for standard input."`
	Keys       []string `name:"key" sep:"none" placeholder:"KEY" help:"Key of the log, custodex/app_…+…, as custodex audit checkpoint printed it. It must not come from beside the export. Give it again for the second key: then both signatures are checked."`
	KeyFile    string   `name:"key-file" placeholder:"FILE" help:"File with the keys of the log, one a line, instead of --key."`
	Checkpoint string   `name:"checkpoint" placeholder:"FILE" help:"An earlier checkpoint that was kept elsewhere; shows that the log was not rewritten since."`
}

// Run verifies an export. It contacts no server.
func (c *auditVerifyCmd) Run(env *environment) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	var trusted []byte
	if c.Checkpoint != "" {
		if trusted, err = os.ReadFile(c.Checkpoint); err != nil {
			return err
		}
	}
	var file io.ReadCloser = os.Stdin
	if c.File != "-" {
		if file, err = os.Open(c.File); err != nil {
			return withHint(err, "custodex audit export --out FILE writes one")
		}
	}
	report, err := audit.VerifyExport(file, keys, trusted)
	if err := errors.Join(err, file.Close()); err != nil {
		return withHint(fmt.Errorf("%s does not verify: %w", c.File, err),
			"do not trust it; export again, and if that fails too, keep both and look for who changed the log")
	}
	return env.printReport(report, keys)
}

// keys reads the keys that were given.
func (c *auditVerifyCmd) keys() (audit.VerifierKeys, error) {
	texts := c.Keys
	if c.KeyFile != "" {
		b, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return audit.VerifierKeys{}, err
		}
		texts = append(texts, strings.Fields(string(b))...)
	}
	const hint = "custodex audit checkpoint prints the keys of a log"
	if len(texts) == 0 {
		if c.KeyFile != "" {
			return audit.VerifierKeys{}, usage("--key-file: "+c.KeyFile+" holds no key", hint)
		}
		return audit.VerifierKeys{}, usage("missing flags: --key=KEY or --key-file=FILE", hint)
	}
	keys, err := audit.ParseVerifierKeys(texts...)
	if err != nil {
		flag := "--key"
		switch {
		case c.KeyFile != "" && len(c.Keys) > 0:
			flag = "--key, --key-file"
		case c.KeyFile != "":
			flag = "--key-file"
		}
		return audit.VerifierKeys{}, usage(flag+": "+err.Error(), hint)
	}
	return keys, nil
}

func (e *environment) printReport(r audit.Report, keys audit.VerifierKeys) error {
	signatures := []string{"Ed25519"}
	if keys.MLDSA != "" && r.Checkpoint.Format > 1 {
		signatures = append(signatures, "ML-DSA-44")
	}
	if e.json {
		var signed *time.Time // null where no signature that was checked has it
		if !r.Checkpoint.Time.IsZero() {
			signed = &r.Checkpoint.Time
		}
		return e.printJSON(map[string]any{
			"verified": true, "app_id": r.App, "from_seq": r.From, "to_seq": r.To, "log_size": r.Checkpoint.Size,
			"checkpoint_time": signed, "anchored": r.Anchored, "opened": r.Opened, "signatures": signatures,
		})
	}
	anchored := ""
	if r.Anchored > 0 {
		anchored = fmt.Sprintf("begins with the %d entries of the checkpoint given", r.Anchored)
	}
	span := "none"
	if r.To > r.From {
		span = fmt.Sprintf("%d to %d of %d, %s to %s", r.From, r.To-1, r.Checkpoint.Size, formatTime(r.First), formatTime(r.Last))
	}
	return e.printFields("Verified", string(r.App), "Entries", span, "Signatures", strings.Join(signatures, ", "), "The log", anchored)
}
