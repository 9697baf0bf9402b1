// Package openapi describes the HTTP APIs for programs and for people: OpenAPI 3.1
// documents at /openapi.json, for each API at /openapi/NAME.json, and a reference page at
// /docs that needs no other host.
//
// The documents are files, written by hand, one an API: document/devdraft.json and so
// on. They keep to what generators of clients understand; tests/openapi_portable_test.go
// has the rules, and "make clients" runs the generators. The public listener shows those of
// the applications' APIs as one, document/public.json, which is merged from them and
// document/head.json by "make golden"; a test says when it is old. The management API is
// described on its own listener alone: callers of the public one need not learn of it.
// Nothing here is generated from handlers, and handlers know nothing of it; that the two
// agree is checked for every exchange of every transcript (testkit/contract). So a
// route, field, status or header changes together with its document.
//
// It must never need credentials, a database or another host, and it shows nothing
// that is not in the source. Start from Handler.
package openapi
