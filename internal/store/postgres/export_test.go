package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
)

// What the tests of this package look at from outside.
var (
	Translate = translate
	Guarded   = guarded
	Planner   = planner
)

// Patience is how long a caller waits for a database that says nothing.
const Patience = patience

// DropKey deletes a customer's key as by hand.
func (s *Store) DropKey(ctx context.Context, app id.App, seq int64) error {
	return s.do(ctx, app, "DELETE FROM customer_key WHERE app_id = $1 AND seq = $2",
		[]any{string(app), seq}, func(pgx.Rows) error { return nil })
}

// Pools are the store's connections.
func (s *Store) Pools() []*pgxpool.Pool { return []*pgxpool.Pool{s.reads, s.writes} }

// Batch commits functions and records in one batch.
func (s *Store) Batch(ctx context.Context, app id.App, works ...any) []error {
	batch := make([]work, 0, len(works))
	for _, w := range works {
		switch w := w.(type) {
		case func(store.Tx) error:
			batch = append(batch, work{fn: w})
		case store.AuditRow:
			batch = append(batch, work{entries: []store.AuditRow{w}})
		}
	}
	return s.flush(ctx, app, batch)
}

// TakeIn offers the cache a row as a read does that began when the application was at row's version, and
// took its time.
func (s *Store) TakeIn(app id.App, row store.CustomerRow) {
	s.cache.mu.Lock()
	at := s.cache.apps[app]
	s.cache.mu.Unlock()
	at.version = row.Version
	s.cache.add(app, &row, at)
}

// Statement is one that requests wait for, with arguments.
type Statement struct {
	SQL  string
	Args []any
}

// Statements are those that must walk an index whatever an application holds.
func Statements(app id.App, c id.Customer) map[string]Statement {
	after := &page.Position{CreatedAt: 900, Seq: 900}
	lists := map[string]store.CustomerList{
		"list":             {Take: 10},
		"list status":      {Take: 10, Status: 1},
		"list after":       {Take: 10, After: after},
		"list deep":        {Take: 10, Skip: 9000},
		"list deep status": {Take: 10, Skip: 9000, Status: 1, After: after},
	}
	all := map[string]Statement{
		"get":            {getCustomer, []any{string(app), [16]byte(c)}},
		"get by seq":     {getCustomerBySeq, []any{string(app), 77}},
		"get at":         {getCustomerAt, []any{string(app), [16]byte(c)}},
		"get at by seq":  {getCustomerAtBySeq, []any{string(app), 77}},
		"since":          {changesSince, []any{string(app), 3, 50, []int64{5, 7}}},
		"get by email":   {getCustomerByEmail, []any{string(app), []byte{31: 1}}},
		"delete":         {deleteCustomer, []any{string(app), [16]byte(c), 9}},
		"group":          {getGroup, []any{string(app), 7}},
		"groups":         {listGroups, []any{string(app), 900, 950, 77, 20, 10}},
		"count groups":   {countGroups, []any{string(app), 900, 950, 77}},
		"delete group":   {deleteGroup, []any{string(app), 7}},
		"item":           {getItem, []any{string(app), [16]byte(c), 2, [16]byte(c)}},
		"count items":    {countItems, []any{string(app), [16]byte(c), 2}},
		"insert item":    {insertItem, []any{string(app), [16]byte(c), 2, [16]byte(c), 1, 1, []byte{1}, []byte{1}}},
		"history":        {listHistory, []any{string(app), 7, 900, 10}},
		"next history":   {nextHistory, []any{string(app), 7, 900}},
		"insert history": {insertHistory, []any{string(app), 7, 900, 1, []byte{1}}},
		"by seq":         {customersBySeq, []any{string(app), []int64{5, 7, 11}}},
		"changes":        {customersChanged, []any{string(app), 3, 100, 50}},
		"scan":           {scanCustomers, []any{string(app), 100, 1 << 40, 1000}},
		"range":          {rangeOfCustomers, []any{string(app)}},
		"by public key":  {credentialByKey, []any{string(app), "ck"}},
		"lock head":      {lockHead, []any{string(app)}},
	}
	for name, l := range lists {
		sql, args := listCustomers(app, l)
		all[name] = Statement{sql, args}
	}
	for name, l := range map[string]store.ItemList{
		"items":       {Kind: store.Transaction, Skip: 900, Take: 10},
		"items after": {Kind: store.Transaction, Take: 10, After: &store.ItemPosition{At: 1500, ID: id.Item(c)}},
	} {
		sql, args := listItems(app, c, l)
		all[name] = Statement{sql, args}
	}
	sql, args := listEntries(app, store.AuditList{Customer: &c, Actor: "a", To: 5}, 0, 50_000, 20)
	all["audit list"] = Statement{sql, args}
	return all
}

// Writers is how many stores a head remembers.
const Writers = writers

// Marks is what a head remembers.
type Marks struct{ m marks }

// With is marks.with.
func (m Marks) With(writer, mark int64) Marks { return Marks{m.m.with(writer, mark)} }

// Last is marks.last.
func (m Marks) Last(writer int64) (int64, bool) { return m.m.last(writer) }

// Pooled reports whether the store knows of a pooler that gives each transaction
// another connection.
func (s *Store) Pooled() bool { return s.endpoint.pooled }

// Applications are those whose rows of a table a transaction sees that named app.
func (s *Store) Applications(ctx context.Context, app id.App, table string) ([]id.App, error) {
	return list(ctx, s, app, "SELECT DISTINCT app_id FROM "+table, nil,
		func(r pgx.Row, into *id.App) error { return r.Scan((*string)(into)) })
}

// Setting is what a statement of a read finds a setting to be.
func (s *Store) Setting(ctx context.Context, name string) (value string, err error) {
	err = s.do(ctx, "", "SELECT current_setting($1::text)", []any{name},
		one("setting", func(r pgx.Row) error { return r.Scan(&value) }))
	return value, err
}

// Sleep is a read that says nothing for so long.
func (s *Store) Sleep(ctx context.Context, d time.Duration) error {
	return s.do(ctx, "", "SELECT pg_sleep($1)", []any{d.Seconds()},
		func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
}

// Hung counts the hosts that are taken for hung.
func (s *Store) Hung() (n int) {
	s.endpoint.hosts.mu.Lock()
	defer s.endpoint.hosts.mu.Unlock()
	for _, h := range s.endpoint.hosts.known {
		if h.hung.Load() {
			n++
		}
	}
	return n
}

// RoleOf is the role that the statements of a transaction are run as.
func RoleOf(of store.Tx) (role string, err error) {
	err = of.(*tx).query("SELECT current_user::text", nil,
		one("role", func(r pgx.Row) error { return r.Scan(&role) }))
	return role, err
}
