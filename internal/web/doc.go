// Package web is what the dialects share below their wire formats: the handler
// type, the request event, limits, the client's address, rate limit headers, the
// access log and the metrics.
//
// It must never log a query string, a path with an id in it, or the value of a
// header: those hold personal data. What is logged of a request is its method,
// its route's pattern, its status and duration, ids that we made ourselves, and
// the cause of a failure of ours.
//
// The thing newcomers get wrong: a handler returns its error and writes nothing;
// Handle lets the dialect render it, once, and Wrap logs it, once. Start from
// Wrap and Handle.
package web
