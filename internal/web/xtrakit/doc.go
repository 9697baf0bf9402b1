// Package xtrakit speaks the Xtrakit customers API, version 1, as its published
// pages describe it (docs.xtrakit.com, "Customers" and "Customer groups"). It
// decodes, makes one call to records, and encodes; it decides nothing about
// customers.
//
// Out of scope: everything of that API that is not about customers and their groups,
// but for the check of an API key. doc/api-xtrakit.md describes what is served,
// doc/divergences-xtrakit.md where the sources contradict each other or are silent
// and what is done about it.
//
// The thing newcomers get wrong: a customer's id is its number here, never its UUID,
// and a success has status, message and data while a failure has status and error
// and nothing else. Start from New.
package xtrakit
