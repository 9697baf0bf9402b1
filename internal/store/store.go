package store

import (
	"context"
	"time"

	"custodex.dev/internal/id"
)

// Store is one database. Reads are single statements on the newest committed
// state; writes go through Update or Record.
type Store interface {
	Reader

	// Update runs fn in a transaction on one application's data. On return with
	// nil everything fn did is durable. If fn returns an error, nothing it did is
	// kept and Update returns that error. fn may run more than once (after a
	// serialization failure or a lost connection), so it must not touch anything
	// outside the transaction except variables that it sets anew each time. It
	// must not block on anything but tx: other requests share its commit.
	// An outcome of COMMIT that the connection lost is found out before Update
	// returns, if the database can be asked, so an error means: not applied, except
	// as said for cancellation, and except fault.Unavailable with the code
	// commit_unknown. After that one, whoever asks the database finds either all of
	// it or nothing, and it does not change any more once the application takes
	// another Update.
	Update(ctx context.Context, app id.App, fn func(tx Tx) error) error

	// Record appends audit entries. On return with nil they are durable. It is the
	// cheap way for reads: nothing else of the application is touched.
	Record(ctx context.Context, app id.App, entries ...AuditRow) error

	// Disclose reads one customer, calls use with its row, and appends the audit entry that use makes.
	// On return with nil the entry is durable, and the row of the last call of use was the newest
	// committed one at some moment since Disclose was called. use may be called more than once; it may
	// keep the row and must not alter it. If use returns an error, nothing is appended and Disclose
	// returns that error. fault.NotFound if there is no such customer.
	Disclose(ctx context.Context, app id.App, ref CustomerRef, use func(*CustomerRow) (AuditRow, error)) error

	// CredentialTouch sets the last use of credentials, never back in time.
	CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error

	// EpochInsert adds an epoch of keys; fault.Conflict if its number is taken.
	EpochInsert(ctx context.Context, row EpochRow) error

	// IdempotencyPurge deletes up to limit expired idempotency rows and returns
	// how many it deleted.
	IdempotencyPurge(ctx context.Context, app id.App, limit int) (int, error)

	// EventPurge deletes events from the oldest on, at most limit, and stops at the first with
	// At >= before. It returns how many it deleted.
	EventPurge(ctx context.Context, app id.App, before int64, limit int) (int, error)

	// RateTake takes up to want requests of a credential's quota of limit in the
	// window (a unix minute). It returns how many it got, 0 to want, and how many
	// everyone has taken in the window, this grant included. It never lets the sum
	// of grants exceed limit. Old windows are forgotten.
	RateTake(ctx context.Context, app id.App, take RateTake) (RateGrant, error)

	// TreePut replaces the application's tree head and writes the given tiles, if
	// the tree still has oldSize; else it is fault.Conflict and nothing changes.
	TreePut(ctx context.Context, app id.App, oldSize int64, tree TreeRow, tiles []TileRow) error

	// BlockPut adds a block of the application's audit log, or replaces it.
	BlockPut(ctx context.Context, app id.App, row BlockRow) error

	// Ping asks the database for an answer.
	Ping(ctx context.Context) error

	// Time gives the database's clock; the zero time if it has none but this machine's.
	Time(ctx context.Context) (time.Time, error)

	// Failed is closed when the store can no longer promise durability (an fsync
	// failed). Every write then fails; the process must restart and re-read.
	Failed() <-chan struct{}

	// Close waits for writes under way, at most for ctx, and closes the database.
	Close(ctx context.Context) error
}

// Reader is what can be read outside a transaction. A customer whose key is gone
// is still a row, with no Key: what that means is for the caller to say, and no
// list or page of changes ends early because of it.
type Reader interface {
	AppReader
	JobReader
	ScanReader

	// AlarmList gives the rows of the application's alarms newest first (Seq
	// descending), at most limit.
	AlarmList(ctx context.Context, app id.App, limit int) ([]AlarmRow, error)

	// AuditList gives entries newest first (Seq descending), at most limit.
	AuditList(ctx context.Context, app id.App, list AuditList, limit int) ([]AuditRow, error)

	// AuditRange gives the entries with from <= Seq < from+limit, ascending.
	AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]AuditRow, error)

	// BlockList gives the blocks of the audit log with from <= N < to that are there, ascending.
	BlockList(ctx context.Context, app id.App, from, to int64) ([]BlockRow, error)

	// CustomerBySeq gives the customers with these sequence numbers, with their
	// keys, in no order. Absent ones are left out. At most 1,000 numbers.
	CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]CustomerRow, error)

	// CustomerChanges gives up to limit customers whose Version is greater than
	// after, ascending by Version then Seq, with their keys. To page on, pass the
	// last row's Version and Seq. A deleted customer is a row with Deleted set, its
	// Seq and the Version of its deletion, and nothing else.
	CustomerChanges(ctx context.Context, app id.App, after ChangePoint, limit int) ([]CustomerRow, error)

	// CustomerElsewhere reports whether some other application than app has the
	// customer. It is the one question about customers that crosses applications; it
	// answers yes or no and nothing else. records asks it only after CustomerGet found
	// nothing, and audits it.
	CustomerElsewhere(ctx context.Context, app id.App, c id.Customer) (bool, error)

	// CustomerGet gives one customer with its wrapped key.
	CustomerGet(ctx context.Context, app id.App, c id.Customer) (CustomerRow, error)

	// CustomerGetByEmail is CustomerGet by e-mail hash.
	CustomerGetByEmail(ctx context.Context, app id.App, hash []byte) (CustomerRow, error)

	// CustomerGetBySeq is CustomerGet by sequence number.
	CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (CustomerRow, error)

	// CustomerList gives customers newest first (CreatedAt, then Seq, both
	// descending), with their keys. Skipping costs index entries only.
	CustomerList(ctx context.Context, app id.App, list CustomerList) ([]CustomerRow, error)

	// CustomerRange gives the least and greatest Seq of the application and the
	// number of its customers; zeros if it has none.
	CustomerRange(ctx context.Context, app id.App) (CustomerRange, error)

	// CustomerScan calls fn for every customer with from <= Seq < to, ascending,
	// with its key; the row is fn's only until it returns. An error of fn ends the
	// scan and is returned.
	CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*CustomerRow) error) error

	// EpochList gives every epoch of keys, the oldest first.
	EpochList(ctx context.Context) ([]EpochRow, error)

	// EventList gives the events with Seq > after, ascending, at most limit. Those that were
	// purged are missing from the front: the rest has no gap.
	EventList(ctx context.Context, app id.App, after int64, limit int) ([]EventRow, error)

	// GroupCount counts the groups with from <= CreatedAt < to; 0 is open. It costs
	// an index entry a group.
	GroupCount(ctx context.Context, app id.App, from, to int64) (int, error)

	// GroupGet gives one group.
	GroupGet(ctx context.Context, app id.App, seq int64) (GroupRow, error)

	// GroupList gives groups newest first (CreatedAt, then Seq, both descending).
	// Skipping costs index entries only.
	GroupList(ctx context.Context, app id.App, list GroupList) ([]GroupRow, error)

	// Head gives the application's counters; fault.NotFound if there is no such
	// application.
	Head(ctx context.Context, app id.App) (Head, error)

	// HistoryList gives the states of the customer with number seq that have ended, newest
	// first (At descending). An absent customer has none.
	HistoryList(ctx context.Context, app id.App, seq int64, list HistoryList) ([]HistoryRow, error)

	// HistoryNext gives the first state of the customer that ended after at, which is the
	// one it had at that time; fault.NotFound if none has ended since.
	HistoryNext(ctx context.Context, app id.App, seq, at int64) (HistoryRow, error)

	// ItemCount counts a customer's items of one kind. It costs an index entry an
	// item.
	ItemCount(ctx context.Context, app id.App, c id.Customer, kind ItemKind) (int, error)

	// ItemGet gives one item of a customer; fault.NotFound if the customer or the
	// item is absent.
	ItemGet(ctx context.Context, app id.App, c id.Customer, kind ItemKind, item id.Item) (ItemRow, error)

	// ItemList gives a customer's items of one kind newest first (At, then ID, both
	// descending). An absent customer has none. Skipping costs index entries only.
	ItemList(ctx context.Context, app id.App, c id.Customer, list ItemList) ([]ItemRow, error)

	// TileGet gives the tiles asked for, in that order; fault.NotFound if any is
	// absent.
	TileGet(ctx context.Context, app id.App, tiles []TileID) ([]TileRow, error)

	// TreeGet gives the application's tree head; fault.NotFound if it has none. AppInsert
	// made one unless release 0.1.0 made the application and has not added its first entry to it.
	TreeGet(ctx context.Context, app id.App) (TreeRow, error)

	// WrapKeyList gives the application's wrap keys, that of the oldest epoch first.
	WrapKeyList(ctx context.Context, app id.App) ([]WrapKeyRow, error)
}

// AppReader reads applications and credentials.
type AppReader interface {
	// AppGet gives one application.
	AppGet(ctx context.Context, app id.App) (AppRow, error)

	// AppList gives applications in ascending order of id, after the given one, at
	// most limit. id.System is among them.
	AppList(ctx context.Context, after id.App, limit int) ([]AppRow, error)

	// CredentialByKey gives the credential with this public key.
	CredentialByKey(ctx context.Context, app id.App, publicKey string) (CredentialRow, error)

	// CredentialGet gives the credential with this id.
	CredentialGet(ctx context.Context, app id.App, c id.Credential) (CredentialRow, error)

	// CredentialList gives every credential of the application, oldest first.
	CredentialList(ctx context.Context, app id.App) ([]CredentialRow, error)
}

// Tx is a transaction on one application's data. It is used by one goroutine and
// must not be kept after fn returns.
type Tx interface {
	JobTx

	// AppGet gives the application itself, as this transaction sees it.
	AppGet() (AppRow, error)

	// AlarmInsert adds a row to the application's alarms and sets its Seq. Rows are
	// never changed or removed.
	AlarmInsert(row AlarmRow) error

	// AlarmList gives up to limit, at least 1, rows of the application's alarms, newest first, as this
	// transaction sees them.
	AlarmList(limit int) ([]AlarmRow, error)

	// AppInsert makes the application itself, and its audit tree of size 0 if row.Tree is
	// set; fault.Conflict if it exists.
	AppInsert(row AppRow) error

	// AppRekey replaces the Key and Sum of the application itself, and adds its WrapKey of
	// Epoch.
	AppRekey(row AppRow) error

	// AppUpdate replaces the Name, RemovedAt and Sum of the application itself. While it is removed,
	// the inserts of customers, groups and credentials are ErrAppRemoved, for every
	// transaction that begins later.
	AppUpdate(row AppRow) error

	// AuditAppend appends an entry to the application's log in this transaction.
	// The store places it (AuditRow.Place), without gaps, in the order of commits. It reports nothing:
	// the entry is written when fn has returned, and one that the database refuses
	// makes Update return the error. Nothing of the transaction is kept then.
	AuditAppend(entry AuditRow)

	// CredentialChange replaces the label, scopes, rate limit, strictness and Sum of a credential.
	CredentialChange(row CredentialRow) error

	// CredentialGet gives one credential, as this transaction sees it.
	CredentialGet(c id.Credential) (CredentialRow, error)

	// CredentialInsert adds a credential; fault.Conflict if its id or public key
	// is taken.
	CredentialInsert(row CredentialRow) error

	// CredentialUpdate replaces the secrets, expiry, revocation and Sum of a credential.
	CredentialUpdate(row CredentialRow) error

	// CredentialList gives every credential of the application, oldest first, as this
	// transaction sees them.
	CredentialList() ([]CredentialRow, error)

	// CustomerCount counts the customers of the application, as this transaction sees them.
	CustomerCount() (int64, error)

	// CustomerDelete removes the customer, its key, items and history for good, and
	// leaves its Seq for CustomerChanges. fault.NotFound if it is gone.
	CustomerDelete(c id.Customer) error

	// CustomerGet gives one customer with its key, as this transaction sees it,
	// and holds it against other writers until the commit.
	CustomerGet(c id.Customer) (CustomerRow, error)

	// CustomerGetByEmail is CustomerGet by e-mail hash.
	CustomerGetByEmail(hash []byte) (CustomerRow, error)

	// CustomerGetBySeq is CustomerGet by sequence number.
	CustomerGetBySeq(seq int64) (CustomerRow, error)

	// CustomerInsert adds a customer and its key and returns its Seq. Seq and Version
	// are those that CustomerNext gave before; Row.Seq and Row.Version do not count.
	// fault.Conflict with code email_taken if another customer of the application has
	// the e-mail hash.
	CustomerInsert(row CustomerRow) (seq int64, err error)

	// CustomerInsertAll adds customers as CustomerInsert does, but leaves out each
	// whose e-mail hash another customer of the application has, one before it in
	// rows included, and goes on. It returns the Seq of each, ascending, and 0 for
	// one that it left out. The row at i has the Seq of CustomerNext plus i, so one
	// that was left out leaves a gap. At most 1,000 rows.
	CustomerInsertAll(rows []CustomerRow) (seqs []int64, err error)

	// CustomerNext gives the Seq that the next customer inserted will get, and the
	// Version of every customer that this transaction inserts or updates. Nobody else
	// takes the number meanwhile. If nothing is kept of the transaction, the next one
	// may be given the same number. Others that are committed together with it may get the
	// same version.
	CustomerNext() (seq, version int64, err error)

	// CustomerVersion gives the Version alone that CustomerNext gives, and takes no number.
	CustomerVersion() (int64, error)

	// CustomerReseal replaces the Sum and the wrapped Key of a customer and nothing else: its Version
	// stays. fault.NotFound if it or its key is gone.
	CustomerReseal(row CustomerRow) error

	// CustomerUpdate replaces every column of the customer but ID, Seq, CreatedAt
	// and Key, and sets Version. fault.NotFound if it is gone, fault.Conflict with
	// code email_taken as above.
	CustomerUpdate(row CustomerRow) error

	// EventAppend appends an event in this transaction. As with AuditAppend the store sets Seq,
	// without gaps, in the order of commits, and Update returns what is wrong with a row.
	EventAppend(row EventRow)

	// GroupDelete removes a group. Its customers keep its Seq and are read with GroupGone;
	// their Version does not change. fault.NotFound if it is gone.
	GroupDelete(seq int64) error

	// GroupGet gives one group, as this transaction sees it.
	GroupGet(seq int64) (GroupRow, error)

	// GroupInsert adds a group and returns its Seq, which is that of GroupNext.
	GroupInsert(row GroupRow) (seq int64, err error)

	// GroupNext gives the Seq that the next group inserted will get, as CustomerNext.
	GroupNext() (seq int64, err error)

	// GroupUpdate replaces Sealed, UpdatedAt and Sum of a group.
	GroupUpdate(row GroupRow) error

	// HistoryAppend keeps what a customer was before the change that this transaction makes of
	// it. The store makes At greater than that of the customer's last row, if it is not. The
	// customer must be there. The row may be written when fn has returned, as that of
	// AuditAppend.
	HistoryAppend(row HistoryRow) error

	// IdempotencyGet gives the row of a scope unless it has expired by the
	// database's clock.
	IdempotencyGet(scope []byte) (IdempotencyRow, error)

	// IdempotencyPut stores a row that expires after ttl by the database's clock,
	// replacing an expired one. fault.Conflict if a live one is there.
	IdempotencyPut(row IdempotencyRow, ttl time.Duration) error

	// ItemInsert adds an item of the customer; fault.NotFound if the customer is
	// absent, fault.Conflict if the item's ID is taken.
	ItemInsert(c id.Customer, row ItemRow) error

	// ItemSum replaces the Sum of an item of the customer; fault.NotFound if either is gone.
	ItemSum(c id.Customer, row ItemRow) error
}
