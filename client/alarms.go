package client

import (
	"context"
	"net/http"
	"time"
)

// AuditAlarm says that an application's audit log was found damaged. It stays open until an
// operator acknowledges it, also when the log is put right.
type AuditAlarm struct {
	Number         int64      `json:"number"`
	RaisedAt       time.Time  `json:"raised_at"`
	Damage         string     `json:"damage"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"` // nil: it is open
	AcknowledgedBy *string    `json:"acknowledged_by"` // id of the operator's key
	Reason         *string    `json:"reason"`
}

// ListAlarms gives the alarms of an application's audit log, newest first.
func (m *Manage) ListAlarms(ctx context.Context, app string) ([]AuditAlarm, error) {
	return listAll[AuditAlarm](ctx, m.t, appPath(app)+"/audit/alarms")
}

// Acknowledgement closes an alarm.
type Acknowledgement struct {
	Reason    string `json:"reason"`               // 1 to 500 characters
	BeginTree bool   `json:"begin_tree,omitempty"` // begin the tree of a log that has none
}

// AcknowledgedAlarm is an alarm that was closed.
type AcknowledgedAlarm struct {
	AuditAlarm
	RaisedAgain bool `json:"raised_again"` // an alarm is open still or again
}

// AcknowledgeAlarm closes the open alarm of an application's audit log.
func (m *Manage) AcknowledgeAlarm(ctx context.Context, app string, in Acknowledgement) (AcknowledgedAlarm, error) {
	return answer[AcknowledgedAlarm](ctx, m.t, call{method: http.MethodPost, path: appPath(app) + "/audit/alarms/acknowledge", body: in})
}
