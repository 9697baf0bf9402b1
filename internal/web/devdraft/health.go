package devdraft

import (
	"context"
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// pingTimeout is how long the database may take to prove that it is there, for the
// credentials and the ping together.
const pingTimeout = 2 * time.Second

// health answers callers with credentials. It spends quota like every request that
// names a key. It needs no scope and leaves no audit entry: it shows no customer.
//
// Credentials live in the database, so without one they cannot be checked. Then,
// too, the answer is the documented body, with authenticated false: a monitor needs
// to tell this outage from wrong credentials.
func (a *api) health(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	_, err := a.admit(w, r.WithContext(ctx))
	if err == nil {
		err = web.IgnoreBody(r)
	}
	kind := fault.Unavailable
	if err != nil {
		kind = fault.KindOf(err)
	}
	if kind != fault.Unavailable && kind != fault.Internal {
		return err
	}
	h := healthBody{a.publicHealthBody(), "connected", "Service is up and running", err == nil}
	status := http.StatusOK
	switch ping := a.Ping(ctx); {
	case ping != nil:
		down := fault.Wrap(ping, fault.Unavailable, "database_down", "Database is unavailable")
		web.EventOf(r.Context()).Fault = down
		w.Header().Set(web.ErrorHeader, down.Code)
		h.Status, h.Database, h.Message = "error", "error", "Database is unavailable"
		status = http.StatusServiceUnavailable
	case err != nil:
		return err // not the database, then
	}
	if status == http.StatusOK {
		web.JSON(w, status, wire.Marshal(h))
	} else {
		a.writeFailure(w, r, status, wire.Marshal(h))
	}
	return nil
}

// publicHealth answers anybody, without asking the database.
func (a *api) publicHealth(w http.ResponseWriter, r *http.Request) error {
	if err := web.IgnoreBody(r); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, wire.Marshal(a.publicHealthBody()))
	return nil
}

func (a *api) publicHealthBody() publicHealthBody {
	return publicHealthBody{"ok", timeText(a.Now()), a.Version}
}
