// Package records is the domain service: every rule about who may do what to
// which customer lives here. A use case authorizes, validates, seals, writes or
// reads, and leaves an audit entry before it answers.
//
// Each use case begins at the gate (begin): it decides, and either records the
// denial and refuses, or hands out an act that makes the entry. A change and its
// entry share a transaction; a read's entry is durable before the read returns.
// If the entry cannot be written, the use case fails.
//
// records must never hand plain personal data to the store, and never returns a
// customer of another application. Start from Service and New.
package records
