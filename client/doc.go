// Package client talks to a Custodex server. Customers speaks the Devdraft
// customers API with an application's key; Manage speaks the management API with
// an operator's key. Both are safe for concurrent use.
//
// It needs nothing but the standard library. It never follows a redirect, because
// that could carry credentials to somebody else, and its errors hold what the
// server said and no credential.
//
// A failed call returns an *Error if the server answered; see AsError.
package client
