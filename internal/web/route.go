package web

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"custodex.dev/internal/fault"
)

// Methods are the handlers of one path by method.
type Methods map[string]Handler

var (
	// ErrNoRoute is the fault of a path that is none of the routes.
	ErrNoRoute  = fault.New(fault.NotFound, "no_such_route", "Route not found")
	errNoMethod = fault.New(fault.Invalid, CodeMethodNotAllowed, "Method not allowed")
)

// Router serves a dialect's routes, by pattern of http.ServeMux without method.
// Every other path and method gets an answer too, rendered by fail; nothing is
// redirected, since clients lose the body or the credentials on the way. A slash at the end
// of a path counts for nothing. HEAD is GET whose body nobody reads. Answers of deprecated
// routes say so.
func Router(routes map[string]Methods, deprecated Deprecations, fail ErrorWriter) http.Handler {
	mux := http.NewServeMux()
	for pattern, m := range routes {
		mux.Handle(pattern, route(pattern, m, deprecated, fail))
	}
	unknown := Handle(func(http.ResponseWriter, *http.Request) error { return ErrNoRoute }, fail)
	mux.Handle("/", unknown)
	return Refusable(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = WithoutTrailingSlash(r)
		if !Clean(r.URL.EscapedPath()) {
			unknown.ServeHTTP(w, r) // the mux would redirect
			return
		}
		mux.ServeHTTP(w, r)
	}), fail)
}

// WithoutTrailingSlash gives r the path that it has without a slash at its end, which some
// clients write and the servers that they were made for take.
func WithoutTrailingSlash(r *http.Request) *http.Request {
	escaped := r.URL.EscapedPath() // a %2F is no slash
	if len(escaped) < 2 || !strings.HasSuffix(escaped, "/") {
		return r
	}
	u, shorter := *r.URL, *r
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(escaped, "/")
	shorter.URL = &u
	return &shorter
}

// route picks the handler by method.
func route(pattern string, m Methods, deprecated Deprecations, fail ErrorWriter) http.Handler {
	m = maps.Clone(m)
	for method, h := range m {
		m[method] = deprecated.Handler(method+" "+pattern, h)
	}
	if get, ok := m[http.MethodGet]; ok {
		m[http.MethodHead] = get
	}
	allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	return Handle(func(w http.ResponseWriter, r *http.Request) error {
		EventOf(r.Context()).Route = pattern
		if h, ok := m[r.Method]; ok {
			return h(w, r)
		}
		w.Header().Set("Allow", allow)
		return errNoMethod
	}, fail)
}

// RouteList lists routes as "METHOD /path/{name}", sorted; HEAD comes with every
// GET. It is for those who compare a dialect with its description.
func RouteList(routes map[string]Methods) []string {
	var list []string
	for pattern, m := range routes {
		for method := range m {
			list = append(list, method+" "+pattern)
		}
	}
	slices.Sort(list)
	return list
}

// Clean reports whether an escaped path has no dot segments, doubled slashes and the
// like, so that http.ServeMux would not redirect it.
func Clean(p string) bool {
	return strings.HasPrefix(p, "/") && (path.Clean(p) == p || path.Clean(p)+"/" == p)
}
