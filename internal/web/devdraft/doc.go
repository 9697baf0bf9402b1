// Package devdraft speaks the Devdraft customers API, version 0, as its published
// pages describe it (docs.devdraft.ai, "Create Customer", "List Customers", "Fetch
// Customer", and the pages on rate limits and idempotency). It decodes, makes one
// call to records, and encodes; it decides nothing about customers.
//
// Ours, in the same style: search, get-or-create, transactions and customer groups.
// Out of scope: webhooks, and everything that is not about customers.
// doc/api-devdraft.md describes what is served, doc/divergences-devdraft.md where
// the sources contradict each other or are silent and what is done about it.
//
// The thing newcomers get wrong: clients in the wild depend on more than the
// bodies. The characters 404 in any header of another failure, an explicit null
// that is missing, or a timestamp whose width varies breaks one of them. Start from
// New.
package devdraft
