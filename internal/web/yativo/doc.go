// Package yativo speaks the Yativo fiat API, version 1, as far as it is about
// customers: login and refresh, the customers themselves, and the state of their
// identity checks (docs.yativo.com, "Retrieve customer", "Add customer",
// "Authentication", "KYC status" and the pages around them). It decodes, makes one
// call to records, and encodes; it decides nothing about customers.
//
// Out of scope: the identity checks as such (a state is recorded, nobody is
// checked), webhooks, accounts, cards, and the crypto API. doc/api-yativo.md
// describes what is served, doc/divergences-yativo.md where the pages contradict
// each other or are silent and what is done about it.
//
// The thing newcomers get wrong: three bodies are documented whole and are written
// bare (deletion, a missing idempotency key, the rate limit); every other failure
// is one superset of the envelopes that the pages show. Start from New.
package yativo
