package store

import (
	"math"

	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
)

// Times in rows (CreatedAt, UpdatedAt, At, ExpiresAt, From, To and the like) are
// milliseconds since 1970, UTC. A time that may be absent is 0 then. Window of RateTake
// is the only one in minutes.

// AppRow is one application.
type AppRow struct {
	ID        id.App
	Name      string
	Key       []byte // the application's root, wrapped in an epoch, or by the provider before there were any
	CreatedAt int64
	RemovedAt int64  // 0: in use
	Summed    bool   // every row of it has a checksum; a missing one is damage
	Sum       []byte // 32 bytes: keyed checksum of the columns above; nil: made by a release before sums
	Tree      []byte // checkpoint of its audit tree without entries, for AppInsert only
	WrapKey   []byte // its wrap key in Epoch, for AppInsert and AppRekey only; nil: none
	Epoch     int64  // of WrapKey
}

// EpochState says what an epoch of keys is for. The numbers are stored; do not reorder.
type EpochState uint8

// EpochActive is the state of an epoch whose keys may be used. New keys are wrapped in the newest.
const EpochActive EpochState = 1

// EpochRow is one epoch of keys. It belongs to the whole database.
type EpochRow struct {
	Epoch           int64  // from 1
	Provider        string // names the key that wrapped the epoch's key, and its version
	ProviderVersion string
	Wrapped         []byte
	State           EpochState
	CreatedAt       int64
	DestroyAfter    int64 // 0: no time was set
}

// WrapKeyRow is the wrap key of an application in one epoch.
type WrapKeyRow struct {
	Epoch   int64
	Wrapped []byte
}

// Head holds the counters of one application.
type Head struct {
	Version   int64 // grows with every committed change of customers
	Entries   int64 // number of audit entries
	Customers int64 // number of customers
	Events    int64 // number of events, purged ones too

	// Lineage is the history that the counters belong to. While it stays the same the
	// database loses nothing, so Version only grows. After a failover that may have lost
	// commits, or a restore, it is another one.
	Lineage Lineage
}

// Lineage names a history of a database. It can be compared and means nothing else.
type Lineage struct{ Server, Table int64 }

// CustomerRow is one customer as stored.
type CustomerRow struct {
	ID        id.Customer
	Seq       int64 // unique in the application, ascending, never reused
	Version   int64 // the application's Version that last changed it
	Status    uint8
	Type      uint8
	Group     int64  // Seq of its group; 0: none. A group that is deleted leaves its Seq here
	EmailHash []byte // 32 bytes; nil without e-mail
	EmailForm uint8  // version of the canonical form that was hashed
	CreatedAt int64
	UpdatedAt int64
	Sealed    []byte // personal fields under the customer's key
	Key       []byte // the customer's key under the application's; its own table. nil: that row is gone
	Sum       []byte // 32 bytes, by package rowsum; nil in a row that was last written by 0.1.0
	GroupGone bool   // Group was deleted, so it is none; the store's to say
	Deleted   bool   // only ever set by CustomerChanges
}

// GroupRow is one group of customers.
type GroupRow struct {
	Seq       int64 // unique in the application, ascending, never reused
	CreatedAt int64
	UpdatedAt int64
	Sealed    []byte // name and description, under a key of the application
	Sum       []byte // 32 bytes: keyed checksum of the columns above; nil: written by a release before sums
}

// ItemKind says what an item is. The numbers are stored; do not reorder.
type ItemKind uint8

// The kinds of items.
const (
	LiquidationAddress ItemKind = 1
	Transaction        ItemKind = 2
)

// ItemRow is something that hangs on one customer: it is added, never changed,
// and goes with its customer.
type ItemRow struct {
	ID        id.Item
	Kind      ItemKind
	At        int64 // place in the list, newest first
	CreatedAt int64
	Sealed    []byte // under the customer's key
	Sum       []byte // 32 bytes: keyed checksum of its customer and the columns above; nil: as in GroupRow
}

// HistoryRow is what a customer was until one change of it. It is added with that change, never
// changed, and goes with its customer.
type HistoryRow struct {
	Customer int64  // Seq of the customer
	At       int64  // of the change; greater than that of the customer's change before it
	Version  int64  // of the change
	Sealed   []byte // the state before the change, and who changed it, under the customer's key
}

// HistoryList asks for a page of a customer's states that have ended, newest first.
type HistoryList struct {
	Before int64 // only At < Before; 0: from the newest
	Take   int
}

// CustomerList asks for a page.
type CustomerList struct {
	Status uint8          // 0: any
	After  *page.Position // only customers after this place; nil: from the newest
	Skip   int
	Take   int
}

// GroupList asks for a page of the groups made in From <= CreatedAt < To; 0 is open.
type GroupList struct {
	From, To int64
	After    *page.Position // only groups after this place; nil: from the newest
	Skip     int
	Take     int
}

// Before gives the place that all groups of the list come after: its After and its To
// are one bound, and one range of the index.
func (l GroupList) Before() page.Position {
	before := page.Position{CreatedAt: l.To, Seq: math.MinInt64}
	if l.To == 0 {
		before = page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}
	}
	if l.After != nil && before.Before(*l.After) {
		return *l.After
	}
	return before
}

// ItemPosition is a place in a list of items.
type ItemPosition struct {
	At int64
	ID id.Item
}

// ItemList asks for a page of a customer's items.
type ItemList struct {
	Kind  ItemKind
	After *ItemPosition // only items after this place; nil: from the newest
	Skip  int
	Take  int
}

// ChangePoint is a place in the order of changes.
type ChangePoint struct{ Version, Seq int64 }

// CustomerRange describes what an application holds.
type CustomerRange struct{ MinSeq, MaxSeq, Count int64 }

// CredentialRow is one credential. Secrets are keyed hashes.
type CredentialRow struct {
	ID         id.Credential
	Kind       string
	PublicKey  string
	Label      []byte // name and owner, sealed
	Scopes     string // comma-separated
	RateLimit  int64  // a minute; 0: unlimited
	Strict     bool   // unknown names in its requests are refused
	Secret     []byte // 32 bytes
	OldSecret  []byte // 32 bytes; nil: none
	OldUntil   int64  // 0: none
	CreatedAt  int64
	ExpiresAt  int64  // 0: never
	RevokedAt  int64  // 0: live
	LastUsedAt int64  // 0: never; not in Sum
	Sum        []byte // 32 bytes: keyed checksum of the columns above; nil: made by a release before sums
}

// IdempotencyRow is a consumed idempotency key.
type IdempotencyRow struct {
	Scope       []byte // 32 bytes: keyed hash of method, path and key
	Fingerprint []byte // 32 bytes: keyed hash of the validated request
	Customer    id.Customer
	Reply       []byte // the answer, sealed under the customer's key
}

// AuditRow is one audit entry.
type AuditRow struct {
	Seq      int64 // from 0, without gaps
	At       int64
	Actor    string
	Action   string
	Outcome  uint8
	Targets  []byte // customer ids, 16 bytes each
	Detail   []byte // audit.Entry.AppendDetail
	Personal []byte // sealed
	MAC      []byte // 32 bytes: keyed checksum of the entry and its place

	// MACFunc gives MAC for a row that is yet to be appended, because its place is not known
	// before. It must be cheap, and give the same for the same place: a store may place a row
	// more than once. Rows that were read have none.
	MACFunc func(seq int64) []byte
}

// Place gives the row its place in the log, and the checksum that binds it. Stores set Seq by
// this method alone.
func (r *AuditRow) Place(seq int64) {
	r.Seq = seq
	if r.MACFunc != nil {
		r.MAC = r.MACFunc(seq)
	}
}

// AlarmRow says that an audit log is damaged or a row was altered, or that an operator has seen to it.
type AlarmRow struct {
	Seq    int64 // from 0, without gaps; the store's to set
	At     int64
	Damage string // what was found; empty in a row that closes alarms before it
	Size   int64  // the greatest tree that was seen before the damage
	Root   []byte // of that tree; empty in an alarm about rows
	Actor  string // the credential that closed it
	Reason []byte // why it was closed, sealed
}

// EventRow says that something changed. It holds ids and names, never a value.
type EventRow struct {
	Seq      int64 // from 0, without gaps; the store's to set
	At       int64
	Type     string
	Object   string // id of what changed
	Customer string // id of the customer that the object hangs on; "" if on none
	Version  int64  // 0, or the application's Version of the change (CommitVersion)
	Fields   string // names of what changed, with commas between
}

// CommitVersion is the Version of a row for EventAppend that gets the one of its commit.
const CommitVersion = -1

// AuditList filters entries; a zero field filters nothing.
type AuditList struct {
	Customer *id.Customer
	Actor    string
	Action   string
	From, To int64 // From <= At < To
	Before   int64 // only Seq < Before; 0: from the newest
	Since    int64 // only Seq >= Since
}

// BlockEntries is the number of entries of a block of the audit log.
const BlockEntries = 4096

// BlockRow says what may be in the entries N*BlockEntries to (N+1)*BlockEntries-1 of a log.
type BlockRow struct {
	N               int64
	FirstAt, LastAt int64 // the least and the greatest At
	Filter          []byte
	Sum             []byte // 32 bytes: keyed checksum of all of it
}

// RateTake asks for quota.
type RateTake struct {
	Credential id.Credential
	Window     int64 // unix minute
	Want       int64
	Limit      int64
}

// RateGrant is the answer to RateTake.
type RateGrant struct{ Granted, Taken int64 }

// TreeRow is the newest signed state of an application's audit tree.
type TreeRow struct {
	Size       int64
	Checkpoint []byte // signed note
}

// TileID names a tile of hashes (height 8): level L, index N.
type TileID struct {
	Level int
	N     int64
}

// TileRow holds 1 to 256 hashes of 32 bytes.
type TileRow struct {
	TileID
	Hashes []byte
}
