// Package store is the contract between records and a database. It holds
// interfaces and row structs and no SQL. A store reads and writes sealed rows; it
// knows no names, decides nothing, and never sees plain personal data.
//
// The rules every method keeps, besides its own comment:
//
//   - The application is the first argument. A row of another application is
//     fault.NotFound.
//   - An absent row is fault.NotFound, a taken unique value fault.Conflict, a
//     database that cannot be reached or is too busy fault.Unavailable. Whatever
//     else goes wrong is fault.Internal with the driver's error as hidden cause.
//   - Times are unix milliseconds, UTC. Slices that are returned belong to the
//     caller.
//   - A cancelled context fails the call with the context's error. A write that
//     was cancelled before it joined a commit left nothing; one cancelled later
//     may have been applied, like any write whose answer was lost.
//   - Everything is safe for concurrent use.
//
// Writes are gathered: many requests share one transaction and one commit, each
// in a savepoint of its own (package commit). A write returns after its commit is
// on disk.
package store
