package selftest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// route is one operation of the server's own OpenAPI document.
type route struct {
	method, pattern string
	api             string
}

func (r route) String() string { return r.method + " " + r.pattern }

// addressed reports whether the route names something of an application in its path.
func (r route) addressed() bool { return strings.Contains(r.pattern, "{") }

// open reports whether the route needs no credential, or is where one is exchanged.
func (r route) open() bool {
	return strings.HasSuffix(r.pattern, "/health/public") || strings.HasSuffix(r.pattern, "/auth/login")
}

// quiet reports whether the route shows no personal data and so leaves no entry.
func (r route) quiet() bool {
	return strings.Contains(r.pattern, "/health") || strings.Contains(r.pattern, "/auth/") || strings.HasSuffix(r.pattern, "/authenticate")
}

// readRoutes reads the operations of the applications' APIs from /openapi.json.
func (t *trial) readRoutes(ctx context.Context) ([]route, error) {
	a, err := t.ask(ctx, http.MethodGet, "/openapi.json", nil, nil)
	if err != nil {
		return nil, err
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(a.body, &document); err != nil || len(document.Paths) == 0 {
		return nil, fmt.Errorf("GET /openapi.json: status %d and no paths: is this a Custodex server?", a.status)
	}
	var routes []route
	for _, pattern := range slices.Sorted(maps.Keys(document.Paths)) {
		if strings.HasPrefix(pattern, "/manage/") {
			continue // on a listener of its own
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if _, ok := document.Paths[pattern][strings.ToLower(method)]; ok {
				routes = append(routes, route{method, pattern, apiOf(pattern)})
			}
		}
	}
	return routes, nil
}

// apiOf tells the API of a path by its whole segments.
func apiOf(pattern string) string {
	switch {
	case strings.HasPrefix(pattern, "/api/v0/"):
		return devdraft
	case strings.HasPrefix(pattern+"/", "/api/v1/customers/"), strings.HasPrefix(pattern+"/", "/api/v1/customer-groups/"),
		strings.HasPrefix(pattern, "/api/v1/user/"):
		return xtrakit
	}
	return yativo
}

// path fills the route's parameters with ids of a party.
func (p *party) path(r route) string {
	id := p.customer
	switch {
	case strings.Contains(r.pattern, "group"):
		id = p.group
	case r.api == xtrakit:
		id = p.number
	}
	segments := strings.Split(r.pattern, "/")
	for i, s := range segments {
		switch {
		case !strings.HasPrefix(s, "{"):
		case strings.Contains(strings.ToLower(s), "address"):
			segments[i] = p.item
		case s == "{endorsement}":
			segments[i] = "base"
		default:
			segments[i] = id
		}
	}
	return strings.Join(segments, "/")
}

// body is one that the route would take, were it allowed.
func (p *party) body(r route) []byte {
	if r.method == http.MethodGet || r.method == http.MethodDelete {
		return nil
	}
	m := map[string]any{
		"first_name": "Taken", "last_name": "Over", "phone_number": "+15551234567", "customer_name": "Taken Over",
		"name": "taken", "group_name": "taken",
	}
	switch {
	case strings.HasSuffix(r.pattern, "/search"):
		m = map[string]any{}
	case strings.Contains(r.pattern, "transactions"):
		m = map[string]any{"amount": 1, "currency": "USD"}
	case strings.Contains(r.pattern, "business-kyc"):
		m = map[string]any{"customer_id": p.customer, "type": "business"}
	case strings.Contains(r.pattern, "kyc"):
		m = map[string]any{"customer_id": p.customer, "type": "individual"}
	}
	b, _ := json.Marshal(m) // maps of texts and numbers always encode
	return b
}
