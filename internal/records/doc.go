// Package records is the domain service: every rule about who may do what to
// which customer lives here. A use case authorizes, validates, encrypts,
// writes or reads, and leaves an audit entry before it answers.
//
// Each use case calls Service.authorize first: it records a denial and refuses, or
// gives an operation, which makes the audit entry. A change goes through
// operation.write, which puts the change and its entry into one transaction. A read's
// entry is durable before the read returns. If the entry cannot be written, the use
// case fails.
//
// records must never hand plain personal data to the store, and never returns a
// customer of another application. Start from Service and New.
package records
