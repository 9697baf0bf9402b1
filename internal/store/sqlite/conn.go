package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"modernc.org/sqlite"
)

const (
	writerCache = 64 << 10 // KiB of pages that a connection may keep
	smallCache  = 2 << 10
)

// dataSource names the file with its settings. They stand here because a pragma
// that is run on a connection holds for that connection only.
func dataSource(path string, cacheKiB int) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	q := url.Values{
		"mode":      {"rw"}, // never create: Init does
		"_txlock":   {"immediate"},
		"_dqs":      {"0"}, // a quoted name that is no column is an error, not a text
		"_error_rc": {"1"}, // an error's text belongs to that error
		"_pragma": {
			"busy_timeout(5000)",
			"journal_mode(WAL)",
			"synchronous(FULL)", // NORMAL loses acknowledged commits on power loss
			"foreign_keys(1)",
			"temp_store(memory)",
			// What is deleted is overwritten, in pages that become free too (FAST
			// leaves those): an erased key must not linger in the file.
			"secure_delete(1)",
			"wal_autocheckpoint(0)", // checkpoint.go does it, and sees its errors
			"journal_size_limit(67108864)",
			fmt.Sprintf("cache_size(-%d)", cacheKiB),
		},
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return u.String(), nil
}

// openDB opens the file for package migrate.
func openDB(path string) (*sql.DB, error) {
	dsn, err := dataSource(path, smallCache)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// conn is a connection with its prepared statements. One goroutine at a time uses
// it. It is the driver's own: database/sql would add its locks, conversions and
// twenty allocations to each of the small statements that make up our day.
type conn struct {
	raw   driver.Conn
	stmts map[string]statement
	args  []driver.NamedValue
	dest  []driver.Value

	// broken is the first error since begin that may have ended the transaction, as
	// SQLite does by itself after some. It is kept here because the function of an
	// Update may swallow the error that a call returned to it: what follows would then
	// run outside the transaction. Only the writer looks at it.
	broken error
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func connect(ctx context.Context, path string, cacheKiB int) (*conn, error) {
	dsn, err := dataSource(path, cacheKiB)
	if err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	raw, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return newConn(raw), nil
}

func newConn(raw driver.Conn) *conn {
	return &conn{
		raw:   raw,
		stmts: make(map[string]statement),
		dest:  make([]driver.Value, 16),
	}
}

func (c *conn) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// prepare keeps every statement for the life of the connection; there are some
// dozens of texts, all of them constants or made of constants.
func (c *conn) prepare(query string) (statement, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	prepared, err := c.raw.Prepare(query)
	if err != nil {
		return nil, c.note(err)
	}
	st, ok := prepared.(statement)
	if !ok {
		return nil, errors.New("sqlite: the driver's statements take no context")
	}
	c.stmts[query] = st
	return st, nil
}

// bind numbers the arguments. They are int64, string, []byte or nil.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// exec runs a statement and returns how many rows it changed. That figure means
// nothing for statements that are no INSERT, UPDATE or DELETE.
func (c *conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, c.bind(args))
	if err != nil {
		return 0, c.note(err)
	}
	return res.RowsAffected()
}

// begin starts a transaction of the writer.
func (c *conn) begin(ctx context.Context) error {
	c.broken = nil
	_, err := c.exec(ctx, "BEGIN IMMEDIATE")
	return err
}

// errStop ends each without being an error.
var errStop = errors.New("stop")

// each calls fn for every row; what fn keeps of the row's values is its own. fn
// must not use the connection.
func (c *conn) each(ctx context.Context, query string, args []any, fn func(*rows) error) (err error) {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	raw, err := st.QueryContext(ctx, c.bind(args))
	if err != nil {
		return c.note(err)
	}
	defer func() {
		if cerr := raw.Close(); err == nil && cerr != nil {
			err = c.note(cerr)
		}
	}()
	r := rows{values: c.dest[:len(raw.Columns())]}
	for {
		switch err := raw.Next(r.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.note(err)
		}
		if err := fn(&r); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// one calls fn for the only row, or returns absent.
func (c *conn) one(ctx context.Context, absent error, query string, args []any, fn func(*rows) error) error {
	found := false
	err := c.each(ctx, query, args, func(r *rows) error {
		found = true
		return fn(r)
	})
	if err == nil && !found {
		return absent
	}
	return err
}

// note translates a driver's error, and remembers the first that breaks the
// transaction.
func (c *conn) note(err error) error {
	if c.broken == nil && breaks(err) {
		c.broken = err
	}
	return translate(err)
}

// rows is the row at hand. Tables are STRICT, so a column's type is certain; NULL
// reads as zero.
type rows struct{ values []driver.Value }

// scan copies the row's values to where into points, in the order of the statement's
// columns. It fails if the row has another number of columns, so that a column that was
// added to a statement cannot shift those behind it.
func (r *rows) scan(into ...any) error {
	if len(into) != len(r.values) {
		return fmt.Errorf("sqlite: a row of %d columns is read as one of %d", len(r.values), len(into))
	}
	var failed error
	for i, v := range r.values {
		number, _ := v.(int64)
		text, _ := v.(string)
		bytes, _ := v.([]byte)
		switch into := into[i].(type) {
		case *int64:
			*into = number
		case *int:
			*into = int(number)
		case *uint8:
			*into = uint8(number)
		case *bool:
			*into = number != 0
		case *string:
			*into = text
		case *[]byte:
			*into = bytes
		case *[16]byte:
			if v != nil && len(bytes) != len(into) {
				failed = fmt.Errorf("sqlite: an id of %d bytes", len(bytes)) // the rest tells whose
				continue
			}
			copy(into[:], bytes)
		default:
			return fmt.Errorf("sqlite: no column is read as %T", into)
		}
	}
	return failed
}

// scanTo is a function of each for rows that are read into the same variables.
func scanTo(into ...any) func(*rows) error {
	return func(r *rows) error { return r.scan(into...) }
}

// appendTo is a function of each that adds the row to a list.
func appendTo[T any](list *[]T, scan func(*rows, *T) error) func(*rows) error {
	return func(r *rows) error {
		*list = append(*list, *new(T))
		return scan(r, &(*list)[len(*list)-1])
	}
}
