package web_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
)

// Each answer of a deprecated route says so, errors among them, and no other answer does.
func TestDeprecatedRoutes(t *testing.T) {
	t.Parallel()
	lists := func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Add("Link", `</x?cursor=1>; rel="next"`)
		return nil
	}
	fails := func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Invalid, "no", "No") }
	day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	h := web.Router(map[string]web.Methods{
		"/old":      {http.MethodGet: lists, http.MethodPost: fails, http.MethodPut: lists},
		"/old/{id}": {http.MethodGet: lists},
		"/new":      {http.MethodGet: lists},
	}, web.Deprecations{
		"GET /old":      {Since: day, Sunset: day.AddDate(1, 0, 0), Page: "https://docs.example/versions#old"},
		"POST /old":     {Since: day, Page: "/docs/old"},
		"GET /old/{id}": {Since: day.Add(time.Hour), Page: "/docs/old"},
	}, func(w http.ResponseWriter, _ *http.Request, _ *fault.Error) { w.WriteHeader(http.StatusBadRequest) })

	const next, old = `</x?cursor=1>; rel="next"`, `</docs/old>; rel="deprecation"; type="text/html"`
	for request, want := range map[string]struct {
		deprecation, sunset string
		links               []string
	}{
		"GET /old":    {"@1795737600", "Sat, 27 Nov 2027 00:00:00 GMT", []string{`<https://docs.example/versions#old>; rel="deprecation"; type="text/html"`, next}},
		"HEAD /old/":  {"@1795737600", "Sat, 27 Nov 2027 00:00:00 GMT", []string{`<https://docs.example/versions#old>; rel="deprecation"; type="text/html"`, next}},
		"POST /old":   {"@1795737600", "", []string{old}},
		"GET /old/7":  {"@1795741200", "", []string{old, next}},
		"PUT /old":    {"", "", []string{next}},
		"PATCH /old":  {"", "", nil},
		"GET /new":    {"", "", []string{next}},
		"GET /absent": {"", "", nil},
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		got := w.Result().Header
		if got.Get("Deprecation") != want.deprecation || got.Get("Sunset") != want.sunset || !slices.Equal(got["Link"], want.links) {
			t.Errorf("%s: %v, want %+v", request, got, want)
		}
	}
}
