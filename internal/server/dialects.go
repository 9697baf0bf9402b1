package server

import (
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/web"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/openapi"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// dialect is one API of the public listener.
type dialect struct {
	name     string
	prefixes []string // paths that it owns, each with all below it
	handler  http.Handler
}

// dialects are the APIs of the public listener. To take one out, delete its entry here
// and its folder. The first one answers what none of them owns.
func (s *Server) dialects() []dialect {
	return []dialect{
		{"devdraft", devdraft.Prefixes(), devdraft.New(devdraft.Config{
			Records: s.records, Limiter: s.limiter, Version: s.version, Ping: s.store.Ping,
			MaxSkip: s.cfg.MaxSkip, Avoid404: s.cfg.DevdraftAvoid404, Now: s.records.Now,
		})},
		{"yativo", yativo.Prefixes(), yativo.New(yativo.Config{
			Records: s.records, Limiter: s.limiter, MaxSkip: s.cfg.MaxSkip, TrustedProxies: s.cfg.TrustedProxies,
			OptionalIdempotency: s.cfg.YativoOptionalKey, ActiveWithoutKYC: s.cfg.YativoActiveEarly,
			KYCLinkBase: s.cfg.KYCLink,
		})},
		{"xtrakit", xtrakit.Prefixes(), xtrakit.New(xtrakit.Config{Records: s.records, Limiter: s.limiter})},
	}
}

// publicHandler serves dialects by path, and what is ours beside them.
func (s *Server) publicHandler(dialects []dialect) http.Handler {
	mux := http.NewServeMux()
	web.Probes(mux, s.ready)
	s.addDocs(mux, openapi.Handler(), openapi.Patterns())

	wrapped := slices.Clone(dialects)
	for i, d := range dialects {
		wrapped[i].handler = web.Wrap(d.name, d.handler, s.web)
	}
	rest := beside(mux, wrapped[0].handler)
	home := web.Wrap("docs", openapi.Home(), s.web)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if openapi.AsksForHome(r) {
			home.ServeHTTP(w, r)
			return
		}
		if d := ownerOf(r.URL.Path, wrapped); d != nil {
			d.handler.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// ownerOf gives the dialect that owns a path, nil if none does. Prefixes end at a whole
// segment: /api/v1/customers is not below /api/v1/customer. Slashes may be doubled, as
// some clients write them.
func ownerOf(path string, dialects []dialect) *dialect {
	if strings.Contains(path, "//") {
		path = web.CollapseSlashes(path)
	}
	for i := range dialects {
		for _, prefix := range dialects[i].prefixes {
			if rest, ok := strings.CutPrefix(path, prefix); ok && (rest == "" || rest[0] == '/') {
				return &dialects[i]
			}
		}
	}
	return nil
}
