package yativo

import "net/http"

// Rules are what this dialect asks of customers.
var Rules = rules

// DocumentedPath gives the path of a request as the description has it: with the base.
func DocumentedPath(r *http.Request) string { return withBase(r).URL.Path }
