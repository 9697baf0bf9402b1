package selftest

import (
	"context"
	"crypto/rand"
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
	example         map[string]any // a body that it takes, by the document; nil: none
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
	var document document
	if err := json.Unmarshal(a.body, &document); err != nil || len(document.Paths) == 0 {
		return nil, fmt.Errorf("GET /openapi.json: status %d and no paths: is this a Custodex server?", a.status)
	}
	var routes []route
	for _, pattern := range slices.Sorted(maps.Keys(document.Paths)) {
		if strings.HasPrefix(pattern, "/manage/") {
			continue // on a listener of its own
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if raw, ok := document.Paths[pattern][strings.ToLower(method)]; ok {
				routes = append(routes, route{method, pattern, apiOf(pattern), document.example(raw)})
			}
		}
	}
	return routes, nil
}

// document is what is read of an OpenAPI document.
type document struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Examples map[string]example `json:"examples"`
	} `json:"components"`
}

type example struct {
	Ref   string         `json:"$ref"`
	Value map[string]any `json:"value"`
}

// example gives the fullest example of the body of an operation.
func (d *document) example(operation json.RawMessage) (fullest map[string]any) {
	var o struct {
		RequestBody struct {
			Content map[string]struct {
				Examples map[string]example `json:"examples"`
				Example  map[string]any     `json:"example"`
			} `json:"content"`
		} `json:"requestBody"`
	}
	if json.Unmarshal(operation, &o) != nil {
		return nil // an operation without a body that is an object
	}
	media := o.RequestBody.Content["application/json"]
	fullest = media.Example
	for _, e := range media.Examples {
		if name, ok := strings.CutPrefix(e.Ref, "#/components/examples/"); ok {
			e = d.Components.Examples[name]
		}
		if len(e.Value) > len(fullest) {
			fullest = e.Value
		}
	}
	return fullest
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

// body is the document's example with ids of the party in it, and an address that is new.
func (p *party) body(r route) []byte {
	if r.method == http.MethodGet || r.method == http.MethodDelete {
		return nil
	}
	m := make(map[string]any)
	for name, value := range r.example {
		switch name {
		case "email", "customer_email":
			value = strings.ToLower(rand.Text()) + "@selftest.example"
			if strings.HasSuffix(r.pattern, "/search") {
				value = "selftest"
			}
		case "customer_id":
			value = p.customer
		case "group_id", "customer_group_id", "cursor":
			continue // tried by themselves
		}
		m[name] = value
	}
	b, _ := json.Marshal(m) // what came out of JSON goes in
	return b
}
