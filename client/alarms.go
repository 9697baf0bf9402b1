package client

import (
	"context"
	"net/http"
	"time"
)

// AuditAlarm says that an application's audit log was found damaged, or that a row was altered in the
// database. It stays open until an operator acknowledges it, also when that is put right. One of each
// may be open.
type AuditAlarm struct {
	Number         int64      `json:"number"`
	RaisedAt       time.Time  `json:"raised_at"`
	Damage         string     `json:"damage"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"` // nil: it is open
	AcknowledgedBy *string    `json:"acknowledged_by"` // id of the operator's key
	Reason         *string    `json:"reason"`
}

// ListAlarms gives an application's alarms, newest first.
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

// AcknowledgeAlarm closes an open alarm of an application: the one about rows, or else the one about
// its audit log. With BeginTree it is the latter in any case.
func (m *Manage) AcknowledgeAlarm(ctx context.Context, app string, in Acknowledgement) (AcknowledgedAlarm, error) {
	return answer[AcknowledgedAlarm](ctx, m.t, call{method: http.MethodPost, path: appPath(app) + "/audit/alarms/acknowledge", body: in})
}
