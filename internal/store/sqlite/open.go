// Package sqlite keeps everything in one SQLite file. It is the store of the
// first minute and of a single server; postgres is its twin, file by file.
//
// It must never decide anything: rules live in records. What newcomers get wrong:
// there is one connection that writes, it belongs to the committer (batch.go), and
// every write is an item of a batch. Start from Open.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/commit"
	"custodex.dev/internal/store/migrate"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migrations are the numbered files of this engine.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Config says which file to open, and how.
type Config struct {
	// Path is the database file. Beside it SQLite keeps Path-wal and Path-shm, and
	// Custodex keeps Path.lock.
	Path string

	// Readers is the number of reads that may run at once. 0: two a processor.
	Readers int

	// Cache is how many bytes of customers, sealed, may be kept in memory. 0: 64 MiB.
	Cache int
}

const (
	cacheSize = 64 << 20

	maxBatch = 256  // works that share a commit
	maxQueue = 4096 // works that wait; more are refused as fault.Unavailable
)

// Store is one SQLite file. Make one with Open.
type Store struct {
	group   *commit.Group[struct{}, *work]
	readers pool
	cache   *rowCache

	writing    sync.Mutex // held over a batch, and while the log is restarted
	writer     *conn      // guarded by writing, until the committer has stopped
	checkpoint *checkpointer
	heads      map[id.App]store.Head // as the last batches left them; the committer's

	lineage atomic.Int64 // grows when the file turns out to have been restored under us

	full     atomic.Bool  // the disk, at the last write
	tryDisk  func() error // whether it has space again; tests replace it
	path     string
	file     os.FileInfo // of path, when it was opened
	failOnce sync.Once
	failed   chan struct{}
	lock     *fileLock
	close    sync.Once
	closed   error
}

var _ store.Store = (*Store)(nil)

// Init creates the database file, readable by its owner alone, and its schema. A
// database that has the newest schema is left as it is; an older or newer one is
// refused as Open refuses it.
func Init(ctx context.Context, path string) error {
	return withSchema(ctx, path, true, func(db *sql.DB) error {
		current, _, err := migrate.Version(ctx, db, migrate.SQLite, Migrations())
		if err != nil || current > 0 {
			err = errors.Join(err, migrate.Check(ctx, db, migrate.SQLite, Migrations()))
			if !errors.Is(err, migrate.ErrOlder) || used(ctx, db) {
				return err
			}
			// An Init was interrupted between two migrations; nothing is there yet.
		}
		_, err = migrate.Up(ctx, db, migrate.SQLite, Migrations())
		return err
	})
}

// used reports whether the database holds an application, or cannot say.
func used(ctx context.Context, db *sql.DB) bool {
	var some bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM application)").Scan(&some)
	return err != nil || some
}

// Migrate brings an initialised database to the newest schema and returns how
// many steps that took. No server may have it open.
func Migrate(ctx context.Context, path string) (steps int, err error) {
	err = withSchema(ctx, path, false, func(db *sql.DB) error {
		err := migrate.Check(ctx, db, migrate.SQLite, Migrations())
		if !errors.Is(err, migrate.ErrOlder) {
			return err
		}
		steps, err = migrate.Up(ctx, db, migrate.SQLite, Migrations())
		return err
	})
	return steps, err
}

// withSchema runs fn on the locked file.
func withSchema(ctx context.Context, path string, create bool, fn func(*sql.DB) error) (err error) {
	if err := findFile(path, create); err != nil {
		return err
	}
	lock, err := lockFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.unlock()) }()
	unclean, err := checkLog(path)
	if err != nil {
		return err
	}
	db, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkPages(ctx, db, unclean); err != nil {
		return err
	}
	if err := startEpoch(ctx, db); err != nil {
		return err
	}
	return fn(db)
}

// findFile refuses a path without a database; with create, it makes the file.
func findFile(path string, create bool) error {
	if err := interrupted(path); err != nil {
		return err
	}
	if create {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("create the database: %w", err)
		}
		return f.Close()
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no file %s", migrate.ErrNotInitialised, path)
	}
	return err
}

// Open opens an initialised database for this process alone. It refuses a file
// that another process serves or migrates, and a schema that is not this
// program's, each with a sentence that says what to do.
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	if cfg.Readers < 1 {
		cfg.Readers = 2 * runtime.GOMAXPROCS(0)
	}
	if cfg.Cache < 1 {
		cfg.Cache = cacheSize
	}
	if err := findFile(cfg.Path, false); err != nil {
		return nil, err
	}
	s := &Store{path: cfg.Path, failed: make(chan struct{}), cache: newRowCache(cfg.Cache), heads: make(map[id.App]store.Head)}
	s.tryDisk = func() error { return tryDisk(cfg.Path) }
	if s.file, err = os.Stat(cfg.Path); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(cfg.Path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeConns(context.WithoutCancel(ctx)), s.lock.unlock())
		}
	}()
	if err := admitFile(ctx, cfg.Path); err != nil {
		return nil, err
	}
	if s.writer, err = connect(ctx, cfg.Path, writerCache); err != nil {
		return nil, err
	}
	if err := s.readers.open(ctx, cfg.Path, cfg.Readers); err != nil {
		return nil, err
	}
	if s.checkpoint, err = newCheckpointer(ctx, s, cfg.Path); err != nil {
		return nil, err
	}
	s.group = commit.New(commit.Config[struct{}, *work]{
		Flush:    s.flush,
		Workers:  1,
		MaxBatch: maxBatch,
		MaxQueue: maxQueue,
	})
	return s, nil
}

// admitFile refuses a file that is not fit to be served, and begins an epoch (epoch.go) in
// one that is. To close it empties the write-ahead log.
func admitFile(ctx context.Context, path string) (err error) {
	unclean, err := checkLog(path)
	if err != nil {
		return err
	}
	db, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkPages(ctx, db, unclean); err != nil {
		return err
	}
	if err := migrate.Check(ctx, db, migrate.SQLite, Migrations()); err != nil {
		return err
	}
	return startEpoch(ctx, db)
}

// errPages is a file whose pages do not fit together.
var errPages = errors.New("the database is damaged")

// checkPages looks for damage of a file that was not closed.
func checkPages(ctx context.Context, db *sql.DB, unclean bool) error {
	if !unclean {
		return nil
	}
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errPages, found)
	}
	return nil
}

// Ping asks the database for an answer, and looks whether the open file is the one
// that the next start will find.
func (s *Store) Ping(ctx context.Context) error {
	if s.moved() {
		return errMoved
	}
	if err := s.checkSpace(); err != nil {
		return err
	}
	return s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, "SELECT 1", nil, func(*rows) error { return nil })
	})
}

// Time gives no time: SQLite has the clock of this process.
func (s *Store) Time(ctx context.Context) (time.Time, error) { return time.Time{}, s.checkOpen(ctx) }

// moved reports whether the path leads to another file than the one that is open.
func (s *Store) moved() bool {
	now, err := os.Stat(s.path)
	return err != nil || !os.SameFile(now, s.file)
}

// Failed is closed once an fsync failed.
func (s *Store) Failed() <-chan struct{} { return s.failed }

func (s *Store) fail() { s.failOnce.Do(func() { close(s.failed) }) }

func (s *Store) hasFailed() bool {
	select {
	case <-s.failed:
		return true
	default:
		return false
	}
}

// Close waits for writes under way and for reads, empties the write-ahead log
// into the file and closes it. A second call returns what the first did.
func (s *Store) Close(ctx context.Context) error {
	s.close.Do(func() {
		err := s.group.Close(ctx)
		s.checkpoint.stop()
		s.closed = errors.Join(err, s.closeConns(ctx), s.lock.unlock())
	})
	return s.closed
}

// closeConns closes whatever Open opened. After a failed fsync it closes nothing:
// the last connection to close would copy the log into the file and delete it,
// and the log may be the only place where a row is.
func (s *Store) closeConns(ctx context.Context) error {
	err := s.readers.stop(ctx)
	if s.hasFailed() {
		return err
	}
	err = errors.Join(err, s.readers.close())
	if s.checkpoint != nil {
		err = errors.Join(err, s.checkpoint.close())
	}
	if s.writer != nil {
		err = errors.Join(err, s.writer.close())
	}
	return err
}
