package manage

import (
	"net/http"

	"custodex.dev/internal/tenant"
)

func (a *api) listAlarms(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	alarms, err := a.records.ListAuditAlarms(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, listOf(alarms, alarmOf, nil))
}

func (a *api) acknowledgeAlarm(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	reason, beginTree := m.requiredText("reason"), m.flag("begin_tree")
	if err := m.done(); err != nil {
		return err
	}
	closed, raised, err := a.records.CloseAuditAlarm(r.Context(), caller, reason, beginTree)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, acknowledgedResponse{alarmOf(closed), raised})
}
