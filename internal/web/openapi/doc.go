// Package openapi describes the HTTP APIs for programs and for people: OpenAPI 3.1
// documents at /openapi.json and a reference page at /docs that needs no other host.
//
// The documents are files, written by hand: document/devdraft.json is the customers
// API and document/manage.json the management API. The public listener shows both as
// one. Nothing here is generated from handlers, and handlers know nothing of it; that
// the two agree is checked for every exchange of every transcript (testkit/contract). So a
// route, field, status or header changes together with its document.
//
// It must never need credentials, a database or another host, and it shows nothing
// that is not in the source. Start from Handler.
package openapi
