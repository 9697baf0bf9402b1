package openapi

import (
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/web"
)

//go:embed asset/dev.js
var devScript []byte

// Credentials are what the reference page of a server for trying is filled with.
type Credentials struct {
	ClientKey     string        // Devdraft
	ClientSecret  redact.Secret // Devdraft
	YativoAccount string
	YativoSecret  redact.Secret
	XtrakitKey    redact.Secret
}

// Filled serves the script that starts the reference page with c in it and with a button
// that sends requests. It is for requests that MayBeFilled.
func Filled(c Credentials) http.Handler {
	filled, err := json.Marshal(map[string]string{
		"clientKey": c.ClientKey, "clientSecret": c.ClientSecret.Reveal(),
		"yativoAccount": c.YativoAccount, "yativoSecret": c.YativoSecret.Reveal(),
		"xtrakitKey": c.XtrakitKey.Reveal(),
	})
	if err != nil {
		panic(err) // texts alone cannot fail
	}
	script := append(append([]byte("const credentials = "), filled...), ";\n"...)
	script = append(script, devScript...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.EventOf(r.Context()).Route = pathStart
		h := w.Header() // Cache-Control is no-store
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Vary", "Host, Sec-Fetch-Site")
		_, _ = w.Write(script) // else the reader went away
	})
}

const pathStart = "/docs/start.js"

// MayBeFilled reports whether the request is for the script that starts the reference page,
// and comes from this machine for a page of this server. Another site that the same browser
// shows, or whose name leads here, gets the script without credentials, and so does everybody
// whom a proxy brings.
func MayBeFilled(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.Path != pathStart || web.Refused(r.Context()) {
		return false
	}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	site := r.Header.Values("Sec-Fetch-Site")
	return isLoopback(r.RemoteAddr) && isLoopback(r.Host) && (len(site) == 0 || len(site) == 1 && site[0] == "same-origin")
}

// isLoopback reports whether an address, with a port or without, is one of this machine.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
