// Package client talks to a Custodex server. Customers speaks the Devdraft customers API
// with an application's key, Yativo and Xtrakit speak the APIs of those names, and Manage
// speaks the management API with an operator's key. Each has a method for every
// operation of its API. New programs use Customers, which can do most. All are safe for
// concurrent use.
//
// It needs nothing but the standard library. It never follows a redirect, because
// that could carry credentials to somebody else, and its errors hold what the
// server said and no credential. It puts no name and no address into a URL.
//
// A failed call returns an *Error if the server answered; see AsError. Beside an error stands nothing. A
// fetched customer has an ETag, for IfNoneMatch and IfMatch.
package client
