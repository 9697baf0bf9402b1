// Package sequencer integrates audit entries into the Merkle tree of their
// application and signs each new root, within a second of the entry. It runs in
// every replica. A replica that comes second finds that the tree has grown and goes
// on from there.
//
// It signs nothing that it cannot vouch for. Before an entry is integrated, its
// checksum is compared, and the tree so far is checked against its signed root. If
// either is wrong, somebody altered the log in the database. The sequencer then stops
// at that place for that application, logs an error, shows it in Health, and tries
// again with every sweep. Requests go on and are still recorded, because an altered
// log must not become an outage; their entries keep their own checksums.
//
// The sequencer never decides who may read a log, and never changes an entry. What a
// newcomer gets wrong: entries are found in the database and not in memory. Notify
// says only that there may be some, so a lost notification delays them until the next
// sweep and loses nothing.
//
// Begin with New; give use cases the store that Notifying returns, and call Run.
package sequencer
