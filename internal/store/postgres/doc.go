// Package postgres is the store on PostgreSQL 14 or newer, for production. It
// speaks to it through pgx without database/sql in between.
//
// Isolation has two nets. Every statement names the application it is about. And
// the connections act as the role custodex_runtime, which owns nothing and cannot
// bypass row-level security: a transaction sees the rows of the application that it
// has named in the setting custodex.app, and no others. The setting is local to the
// transaction and travels with the statement that needs it, in one round trip, so
// it never costs a wait and never stays on a pooled connection.
//
// Writing: one batch is one transaction on one application. It begins by locking
// the application's head row and ends by writing it back, so the batches of an
// application, of all processes, come one after the other. That lock is why READ
// COMMITTED is enough here: whatever a batch reads of its application cannot change
// under it, and every statement after the lock sees all that came before. See
// batch.go.
//
// Reading: single statements on the pool, see read.go. A fetch whose row is in memory
// sends none: its batch finds out whether the row is the newest, see disclose.go.
//
// Waiting: a server or a network can hang and keep its connections open. What is
// limited is silence, since the length of a scan or of an import says nothing. A call
// that has no connection after two seconds (patience) fails; a connection on which
// somebody waits for two seconds without a byte is closed, and what waited fails
// (wire.go). Nothing is tried again after a silence, and the works that wait behind a
// batch that failed of one fail with it, so the wait does not add up. For a work,
// fault.Unavailable means that it was not done, unless its COMMIT was sent: then it is
// told that nobody knows (commit_unknown). So statements must be small. Those of a
// batch have a limit of the server's below two seconds, and a slow one fails its own
// work and not the batch.
//
// It must never decide anything: no policy, no time but the database's own for
// expiry, and no value of a row in an error.
//
// Poolers: behind one that hands a connection to another client between transactions
// (PgBouncer in transaction mode), nothing may be left on a connection or expected
// there. Then the role, the settings and the application are made in each transaction,
// and statements are not prepared on the server (endpoint.go). Otherwise role and
// settings are made once for a connection. Which of the two is found out at the start
// (pooler.go).
//
// Several hosts: a URL may name more than one. One that hangs is left out for a while,
// and what waited for it is tried on the next (hosts.go).
//
// What newcomers get wrong: SET, SET ROLE, LISTEN, advisory locks of a session and
// temporary tables work on a direct connection and break behind a pooler. Whatever a
// statement needs must be in its transaction.
package postgres
