// Package selftest tries a running server from outside, as an attacker with a key of one
// application would, and reports what it found. It knows the server by its URL, its
// OpenAPI document and the management API alone, so a route that the document gains is
// tried without a change here.
//
// It makes two applications of its own, a victim and an attacker, and touches no other. It
// must never put a value of a customer or a secret into a report.
//
// What newcomers get wrong: a refusal is not a finding. A finding is an answer that a
// stranger should not have had, or an access that left no entry. Start from Run.
package selftest
