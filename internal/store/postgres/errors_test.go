package postgres_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		kind fault.Kind
		code string
	}{
		{&pgconn.PgError{Code: "23505", ConstraintName: "customer_email"}, fault.Conflict, "email_taken"},
		{&pgconn.PgError{Code: "23505", ConstraintName: "customer_id"}, fault.Conflict, "already_exists"},
		{&pgconn.PgError{Code: "40001"}, fault.Unavailable, "serialization"},
		{&pgconn.PgError{Code: "40P01"}, fault.Unavailable, "serialization"},
		{&pgconn.PgError{Code: "55P03"}, fault.Unavailable, "lock_timeout"},
		{&pgconn.PgError{Code: "57014"}, fault.Unavailable, "statement_timeout"},
		{&pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "57P03"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "08006"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "53300"}, fault.Unavailable, "database_full"},
		{&pgconn.PgError{Code: "53100"}, fault.Unavailable, "disk_full"},
		{&pgconn.PgError{Code: "25006"}, fault.Unavailable, "database_read_only"},
		{&pgconn.PgError{Code: "25P03", SeverityUnlocalized: "FATAL"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "57P01", Severity: "ERROR"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "57P05"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "XX000", Severity: "FATAL"}, fault.Unavailable, "database_unavailable"},
		{&pgconn.PgError{Code: "42P01"}, fault.Internal, "internal"},
		{&pgconn.PgError{Code: ""}, fault.Internal, "internal"},
		{io.ErrUnexpectedEOF, fault.Unavailable, "database_unavailable"},
		{context.DeadlineExceeded, fault.Unavailable, "database_unavailable"},
		{errors.New("scan"), fault.Internal, "internal"},
		{store.NotFound("customer"), fault.NotFound, "customer_not_found"},
	}
	for _, tt := range tests {
		got := fault.Of(postgres.Translate(t.Context(), tt.err))
		if got.Kind != tt.kind || got.Code != tt.code {
			t.Errorf("translate(%v) = %v %s, want %v %s", tt.err, got.Kind, got.Code, tt.kind, tt.code)
		}
		if got.Kind == fault.Unavailable && got.RetryAfter == 0 {
			t.Errorf("translate(%v) does not say when to try again", tt.err)
		}
	}
}

func TestTranslateCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := postgres.Translate(ctx, &pgconn.PgError{Code: "57014"}); !errors.Is(err, context.Canceled) {
		t.Errorf("translate of a cancelled call = %v, want context.Canceled", err)
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"22P02", "22021", "23505", "23514"} {
		err := postgres.Translate(t.Context(), &pgconn.PgError{
			Code: code, Message: `invalid: "ada@example.com"`, Detail: "Key (ada@example.com) exists",
			Hint: "ada@example.com", Where: "ada@example.com",
		})
		if strings.Contains(err.Error(), "ada") || strings.Contains(fault.Of(err).Message, "ada") {
			t.Errorf("translate(%s) shows a value: %v", code, err)
		}
	}
}

func TestLockTimeout(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openStore(t, url)
	app := newApp(t, s)
	holder := connect(t, url)
	execute(t, holder, "BEGIN")
	execute(t, holder, "SELECT FROM head FOR UPDATE")
	var group sync.WaitGroup
	for range 200 { // more than fit into one batch: the others wait behind it
		group.Go(func() {
			begun := time.Now()
			err := s.Record(t.Context(), app, newEntry())
			if f := fault.Of(err); !errors.Is(err, store.ErrLockTimeout) || f.RetryAfter == 0 {
				t.Errorf("Record under a held lock: %v, want unavailable, lock_timeout", err)
			}
			if took := time.Since(begun); took > testkit.Bound(2500*time.Millisecond) {
				t.Errorf("Record waited %v, want about the lock timeout", took)
			}
		})
	}
	group.Wait()
	execute(t, holder, "ROLLBACK")
	if err := s.Record(t.Context(), app, newEntry()); err != nil {
		t.Errorf("Record after the lock: %v", err)
	}
}
