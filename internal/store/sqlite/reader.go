package sqlite

import (
	"context"
	"errors"
	"os"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/migrate"
)

// Reader reads a database that another process may serve. It has no cache, so that it sees what the
// file has.
type Reader struct{ *Store }

// OpenReader opens an initialised database to read it, whether or not it is served. Only the methods of
// store.Reader may be called, and Close. It refuses a schema that is not this program's.
func OpenReader(ctx context.Context, path string) (_ *Reader, err error) {
	if err := findFile(path, false); err != nil {
		return nil, err
	}
	if err := checkIdleLog(path); err != nil {
		return nil, err
	}
	db, err := openDB(path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(migrate.Check(ctx, db, migrate.SQLite, Migrations()), db.Close()); err != nil {
		return nil, err
	}
	cache := newRowCache(0)
	cache.closed = true // for good: nobody here would drop what another process changes
	s := &Store{path: path, failed: make(chan struct{}), cache: cache, heads: make(map[id.App]store.Head)}
	if s.file, err = os.Stat(path); err != nil {
		return nil, err
	}
	const readers = 2
	if err := s.readers.open(ctx, path, readers); err != nil {
		return nil, errors.Join(err, s.closeConns(context.WithoutCancel(ctx)))
	}
	return &Reader{s}, nil
}

// Close closes the connections.
func (r *Reader) Close(ctx context.Context) error { return r.closeConns(ctx) }
