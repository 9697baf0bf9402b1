package manage

import (
	"net/http"

	"custodex.dev/internal/tenant"
)

func (f *face) createApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	name := m.requiredText("name")
	if err := m.done(); err != nil {
		return err
	}
	app, err := f.records.CreateApp(r.Context(), caller, name)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/manage/v1/apps/"+string(app.ID))
	return answer(w, r, http.StatusCreated, appOf(app))
}

func (f *face) listApps(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	apps, err := f.records.ListApps(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, listOf(apps, appOf, nil))
}

func (f *face) fetchApp(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	app, err := f.records.FetchApp(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, appOf(app))
}
