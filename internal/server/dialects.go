package server

import (
	"net/http"
	"strings"

	"custodex.dev/internal/web"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/openapi"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// publicHandler serves the dialects by path, and what is ours beside them.
// Whatever nobody owns is answered in the Devdraft envelope.
func (s *Server) publicHandler(version string) http.Handler {
	mux := http.NewServeMux()
	web.Probes(mux, s.ready)
	s.addDocs(mux, openapi.Handler())

	first := web.Wrap("devdraft", devdraft.New(devdraft.Config{
		Records: s.records, Limiter: s.limiter, Version: version, Ping: s.store.Ping,
		MaxSkip: s.cfg.MaxSkip, Now: s.cfg.Now,
	}), s.web)
	byPath := map[string]http.Handler{
		"yativo": web.Wrap("yativo", yativo.New(yativo.Config{
			Records: s.records, Limiter: s.limiter, MaxSkip: s.cfg.MaxSkip, TrustedProxies: s.cfg.TrustedProxies,
			OptionalIdempotency: s.cfg.YativoOptionalKey, ActiveWithoutKYC: s.cfg.YativoActiveEarly,
			KYCLinkBase: s.cfg.KYCLink,
		}), s.web),
		"xtrakit": web.Wrap("xtrakit", xtrakit.New(xtrakit.Config{Records: s.records, Limiter: s.limiter}), s.web),
		"":        first,
	}
	rest := beside(mux, first)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ours := dialectOf(r.URL.Path); ours {
			byPath[name].ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// prefixes are the paths that a dialect owns, itself and everything below. They
// end at a whole segment: /api/v1/customers is not below /api/v1/customer.
var prefixes = []struct{ path, dialect string }{
	{"/api/v0", ""},
	{"/api/v1/auth", "yativo"},
	{"/api/v1/customer", "yativo"},
	{"/customer", "yativo"},
	{"/api/v1/customers", "xtrakit"},
	{"/api/v1/customer-groups", "xtrakit"},
	{"/api/v1/user", "xtrakit"},
}

// dialectOf says which dialect owns a path, "" for Devdraft, and whether any does.
// Slashes may be doubled, as some clients write them.
func dialectOf(path string) (dialect string, ours bool) {
	if strings.Contains(path, "//") {
		path = web.CollapseSlashes(path)
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(path, p.path); ok && (rest == "" || rest[0] == '/') {
			return p.dialect, true
		}
	}
	return "", false
}
