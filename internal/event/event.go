// Package event says which events an audit entry stands for: one for each object that the action
// changed. An event holds ids and names of fields, never a value and nothing personal. It is pure.
//
// Events are made of the entry of a change and nowhere else, so that no use case can forget them:
// records calls Append where it appends the entry. Start from Of.
package event

import (
	"fmt"
	"slices"
	"strings"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The types of events.
const (
	CustomerCreated     = "customer.created"
	CustomerUpdated     = "customer.updated"
	CustomerDeleted     = "customer.deleted"
	GroupCreated        = "group.created"
	GroupUpdated        = "group.updated"
	GroupDeleted        = "group.deleted"
	TransactionRecorded = "transaction.recorded"
	AddressCreated      = "liquidation_address.created"
	KeyCreated          = "key.created"
	KeyChanged          = "key.changed"
	KeyRevoked          = "key.revoked"
	KeyRotated          = "key.rotated"
	AppCreated          = "application.created"
	AppRenamed          = "application.renamed"
	AppRemoved          = "application.removed"
)

// Unchanged is the code of a done entry whose action found everything as it was to be. Other
// codes of done entries say why there was nothing to do as well: the customer existed, or the
// answer was replayed.
const Unchanged = "unchanged"

// object says what of an entry is the changed object.
type object int

const (
	customers object = iota + 1 // each target
	subject                     // the subject: a credential or an application
	group                       // the number of the group that the subject names
	item                        // the subject, which hangs on the target
)

// rule is what becomes of the entries of an action.
type rule struct {
	Type   string
	Object object
	Fields bool // the entry names what changed, and without a name nothing did
}

var rules = map[authz.Action]rule{
	authz.CustomerCreate:      {CustomerCreated, customers, false},
	authz.CustomerGetOrCreate: {CustomerCreated, customers, false},
	authz.CustomerImport:      {CustomerCreated, customers, false},
	authz.CustomerUpdate:      {CustomerUpdated, customers, true},
	authz.CustomerKYC:         {CustomerUpdated, customers, true},
	authz.CustomerKYCSubmit:   {CustomerUpdated, customers, true},
	authz.CustomerDelete:      {CustomerDeleted, customers, false},
	authz.GroupCreate:         {GroupCreated, group, false},
	authz.GroupUpdate:         {GroupUpdated, group, true},
	authz.GroupDelete:         {GroupDeleted, group, false},
	authz.TransactionCreate:   {TransactionRecorded, item, false},
	authz.AddressCreate:       {AddressCreated, item, false},
	authz.KeyCreate:           {KeyCreated, subject, false},
	authz.KeyUpdate:           {KeyChanged, subject, true},
	authz.KeyRevoke:           {KeyRevoked, subject, false},
	authz.KeyRotate:           {KeyRotated, subject, false},
	authz.AppCreate:           {AppCreated, subject, false},
	authz.AppUpdate:           {AppRenamed, subject, true},
	authz.AppRemove:           {AppRemoved, subject, false},
}

// silent are the actions without events: reads, what is only ever refused, and what is about the
// audit log itself or about jobs, whose changes of customers have events of their own.
var silent = []authz.Action{
	authz.Authenticate, authz.CustomerFetch, authz.CustomerList, authz.CustomerValidate, authz.CustomerHistory,
	authz.GroupFetch, authz.GroupList, authz.TransactionList, authz.AddressFetch, authz.AddressList,
	authz.AppList, authz.AppFetch, authz.KeyList, authz.AuditList, authz.AuditCheck, authz.EventList,
	authz.AlarmClose, authz.AlarmRaise, authz.CustomerSum,
	authz.JobList, authz.JobFetch, authz.JobStart, authz.JobPause, authz.JobResume, authz.JobCancel, authz.JobEnd,
}

// Silent reports whether no entry of the action makes an event.
func Silent(do authz.Action) bool { return slices.Contains(silent, do) }

// Types gives every type of event, sorted.
func Types() []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Type)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Of gives the events of an entry, in the order of its objects: none if the action did nothing.
// An import that left out customers with taken addresses has made the others.
func Of(e *audit.Entry) []store.EventRow {
	r, known := rules[e.Action]
	switch {
	case !known, e.Outcome != audit.Done, r.Fields && len(e.Fields) == 0:
		return nil
	case e.Code != "" && e.Action != authz.CustomerImport:
		return nil
	}
	row := store.EventRow{At: e.Time.UnixMilli(), Type: r.Type}
	if r.Fields {
		row.Fields = names(e.Fields)
	}
	switch r.Object {
	case customers:
		return ofCustomers(row, e)
	case group:
		row.Object = strings.TrimPrefix(e.Subject, "group ")
	case item:
		row.Object, row.Customer = e.Subject, e.Targets[0].String()
	case subject:
		row.Object = e.Subject
	}
	return append(revoked(row, e), row)
}

func ofCustomers(row store.EventRow, e *audit.Entry) []store.EventRow {
	row.Version = store.CommitVersion
	all := make([]store.EventRow, len(e.Targets))
	for i, target := range e.Targets {
		all[i], all[i].Object = row, target.String()
	}
	return all
}

// revoked gives the events of the keys that were revoked with their application.
func revoked(row store.EventRow, e *audit.Entry) (all []store.EventRow) {
	for _, field := range e.Fields {
		if key, is := strings.CutPrefix(field, "revoked: "); is {
			all = append(all, store.EventRow{At: row.At, Type: KeyRevoked, Object: key})
		}
	}
	return all
}

// names joins the names of fields, without the values that entries about keys and applications
// have behind a colon.
func names(fields []string) string {
	short := make([]string, len(fields))
	for i, field := range fields {
		short[i], _, _ = strings.Cut(field, ":")
	}
	return strings.Join(short, ",")
}

// Customers gives the customers that the events are about, each once.
func Customers(rows []store.EventRow) (all []id.Customer) {
	seen := make(map[id.Customer]bool)
	for i := range rows {
		name := rows[i].Customer
		if strings.HasPrefix(rows[i].Type, "customer.") {
			name = rows[i].Object
		}
		c, err := id.ParseCustomer(name)
		if err == nil && !seen[c] {
			all, seen[c] = append(all, c), true
		}
	}
	return all
}

// Describe puts into the entry of an answer with events what it showed: numbers and customers.
func Describe(e *audit.Entry, rows []store.EventRow, filtered bool) {
	e.Targets = Customers(rows)
	if filtered {
		e.Fields = append(e.Fields, "filter:types")
	}
	e.Fields = append(e.Fields, fmt.Sprintf("events:%d-%d", rows[0].Seq, rows[len(rows)-1].Seq))
}

// Append appends the events of an entry that is appended in the same transaction.
func Append(tx interface{ EventAppend(store.EventRow) }, e audit.Entry) {
	for _, row := range Of(&e) {
		tx.EventAppend(row)
	}
}
