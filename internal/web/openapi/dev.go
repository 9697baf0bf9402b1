package openapi

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"custodex.dev/internal/redact"
)

//go:embed asset/dev.js
var devScript []byte

const pathStart = "/docs/start.js"

// PatternTryScript is what TryScript answers.
const PatternTryScript = "GET " + pathStart

// TryScript serves, in place of the usual one, the script that starts the reference page of a
// server for trying: with a button that sends requests. It has no credentials; the page takes them
// from the part of its address that a browser does not send, see Credentials.Link.
func TryScript() http.Handler { return newFile(pathStart, "text/javascript", pack(devScript)) }

// Credentials are what the reference page of a server for trying is filled with.
type Credentials struct {
	ClientKey     string        // Devdraft
	ClientSecret  redact.Secret // Devdraft
	YativoAccount string
	YativoSecret  redact.Secret
	XtrakitKey    redact.Secret
}

// Link returns the address of the reference page of the server at base, filled with c. It is a secret.
// No server gets to see the credentials: they stand behind the #.
func (c Credentials) Link(base string) string {
	filled, err := json.Marshal(map[string]string{
		"clientKey": c.ClientKey, "clientSecret": c.ClientSecret.Reveal(),
		"yativoAccount": c.YativoAccount, "yativoSecret": c.YativoSecret.Reveal(),
		"xtrakitKey": c.XtrakitKey.Reveal(),
	})
	if err != nil {
		panic(err) // texts alone cannot fail
	}
	return base + "/docs#" + base64.RawURLEncoding.EncodeToString(filled)
}
