package main

import (
	"context"
	"strconv"

	"custodex.dev/client"
)

type auditAlarmsCmd struct {
	appFlags
}

// Run lists the alarms of an audit log.
func (c *auditAlarmsCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) ([]client.AuditAlarm, error) {
		return op.ListAlarms(ctx, app)
	}, env.printAlarms)
}

func (e *environment) printAlarms(alarms []client.AuditAlarm) error {
	if e.json {
		return e.printJSON(alarms)
	}
	var rows [][]string
	for _, a := range alarms {
		acknowledged, by, reason := "open", "-", "-"
		if a.AcknowledgedAt != nil {
			acknowledged, by, reason = formatTime(*a.AcknowledgedAt), *a.AcknowledgedBy, *a.Reason
		}
		rows = append(rows, []string{strconv.FormatInt(a.Number, 10), formatTime(a.RaisedAt), a.Damage, acknowledged, by, reason})
	}
	return e.table([]string{"NUMBER", "RAISED", "DAMAGE", "ACKNOWLEDGED", "BY", "REASON"}, rows)
}

type auditAcknowledgeCmd struct {
	appFlags
	Reason    string `name:"reason" required:"" placeholder:"TEXT" help:"Why the alarm is closed, for those who read the log later."`
	BeginTree bool   `name:"begin-tree" help:"Begin the signed tree of a log that has none, with all entries that are there. Only for an application of release 0.1.0 that was killed before it had one."`
}

// Run closes an alarm of an application.
func (c *auditAcknowledgeCmd) Run(ctx context.Context, env *environment) error {
	return askApp(env, &c.appFlags, func(op operator, app string) (client.AcknowledgedAlarm, error) {
		return op.AcknowledgeAlarm(ctx, app, client.Acknowledgement{Reason: c.Reason, BeginTree: c.BeginTree})
	}, env.printAcknowledged)
}

func (e *environment) printAcknowledged(a client.AcknowledgedAlarm) error {
	if e.json {
		return e.printJSON(a)
	}
	if a.RaisedAgain {
		return e.printf("Alarm %d is closed, and another is open; custodex audit alarms shows it\n", a.Number)
	}
	return e.printf("Alarm %d is closed\n", a.Number)
}
