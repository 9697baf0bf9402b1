package manage

import (
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/job"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// Config is what New needs. Records must be set.
type Config struct {
	Records *records.Service
	Limiter *limit.Limiter // for operator keys that have a rate limit; nil: none is enforced
}

// operation is a handler that knows which operator asks; caller.App is the
// application in the path, or id.System.
type operation func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error

type api struct {
	records *records.Service
	limiter *limit.Limiter
}

// New makes the API. It belongs inside web.Wrap.
func New(cfg Config) http.Handler {
	a := &api{records: cfg.Records, limiter: cfg.Limiter}
	return a.mux(a.routes())
}

// pathKYC is the only one about something with an entity tag, that of the customer.
const pathKYC = "/manage/v1/apps/{app}/customers/{customer}/kyc"

// routes is all that the API serves.
func (a *api) routes() []route {
	const app = "/manage/v1/apps/{app}"
	return []route{
		{"POST", "/manage/v1/apps", a.createApp},
		{"GET", "/manage/v1/apps", a.listApps},
		{"GET", app, a.fetchApp},
		{"PATCH", app, a.renameApp},
		{"POST", app + "/remove", a.removeApp},
		{"POST", app + "/keys", a.createKey},
		{"GET", app + "/keys", a.listKeys},
		{"PATCH", app + "/keys/{key}", a.updateKey},
		{"POST", app + "/keys/{key}/revoke", a.revokeKey},
		{"POST", app + "/keys/{key}/rotate", a.rotateKey},
		{"PUT", pathKYC, a.setKYC},
		{"GET", app + "/jobs", a.listJobs},
		{"GET", app + "/jobs/{job}", a.fetchJob},
		{"POST", app + "/jobs/{job}/pause", a.changeJob(job.Pause)},
		{"POST", app + "/jobs/{job}/resume", a.changeJob(job.Resume)},
		{"POST", app + "/jobs/{job}/cancel", a.changeJob(job.Cancel)},
		{"GET", app + "/events", a.listEvents},
		{"GET", app + "/audit", a.listAudit},
		{"GET", app + "/audit/export", a.exportAudit},
		{"GET", app + "/audit/checkpoint", a.fetchCheckpoint},
		{"GET", app + "/audit/alarms", a.listAlarms},
		{"POST", app + "/audit/alarms/acknowledge", a.acknowledgeAlarm},
	}
}

// Routes lists what the API serves as "METHOD /path/{name}", sorted; HEAD comes with
// every GET. It is for those who compare the API with its description.
func Routes() []string {
	var list []string
	for _, rt := range new(api).routes() {
		list = append(list, rt.method+" "+rt.path)
	}
	slices.Sort(list)
	return list
}

// Deprecated are the deprecated ones among Routes. There are none.
func Deprecated() web.Deprecations { return nil }

type route struct {
	method, path string
	do           operation
}

// mux serves the routes, and answers in our envelope for every other path and
// method, which http.ServeMux alone would not.
func (a *api) mux(routes []route) http.Handler {
	mux := http.NewServeMux()
	paths := make(map[string][]string)
	for _, rt := range routes {
		name := rt.method + " " + rt.path
		mux.Handle(name, web.Handle(Deprecated().Handler(name, a.authenticated(rt)), writeError))
		paths[rt.path] = append(paths[rt.path], rt.method)
	}
	for path, methods := range paths {
		slices.Sort(methods)
		mux.Handle(path, web.Handle(noMethod(path, methods), writeError))
	}
	unknown := web.Handle(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "no_such_route", "There is nothing at this address")
	}, writeError)
	mux.Handle("/", unknown)
	return web.Refusable(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = web.WithoutTrailingSlash(r)
		if !web.Clean(r.URL.EscapedPath()) { // the mux would redirect it
			unknown.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}), writeError)
}

func noMethod(path string, methods []string) web.Handler {
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		web.EventOf(r.Context()).Route = path
		w.Header().Set("Allow", allow)
		return fault.New(fault.Invalid, web.CodeMethodNotAllowed, "This address allows "+allow)
	}
}
