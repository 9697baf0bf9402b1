package manage

import (
	"net/http"

	"custodex.dev/internal/tenant"
)

func (a *api) createApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	name := m.requiredText("name")
	if err := m.done(); err != nil {
		return err
	}
	app, err := a.records.CreateApp(r.Context(), caller, name)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/manage/v1/apps/"+string(app.ID))
	return answer(w, http.StatusCreated, appOf(app))
}

func (a *api) listApps(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	apps, err := a.records.ListApps(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, listOf(apps, appOf, nil))
}

func (a *api) fetchApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	app, err := a.records.FetchApp(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, appOf(app))
}

func (a *api) renameApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	name := m.requiredText("name")
	if err := m.done(); err != nil {
		return err
	}
	app, err := a.records.RenameApp(r.Context(), caller, name)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, appOf(app))
}

func (a *api) removeApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	revokeKeys := m.flag("revoke_keys")
	if err := m.done(); err != nil {
		return err
	}
	app, err := a.records.RemoveApp(r.Context(), caller, revokeKeys)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, appOf(app))
}
