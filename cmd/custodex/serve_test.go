package main

import (
	"context"
	"errors"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/server"
)

// A server that stops before it has served closes in order, also after a signal: the
// error is what went wrong and nothing else.
func TestServeClosesInOrderAfterASignal(t *testing.T) {
	t.Parallel()
	cfg := config.Config{DataDir: t.TempDir(), Addr: "127.0.0.1:0", ManageAddr: "127.0.0.1:0"}
	if _, err := server.Init(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(t.Context(), cfg, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, signal := context.WithCancel(t.Context())
	wrong := errors.New("the disk is full")
	err = serve(ctx, srv, func() error { signal(); return wrong })
	if !errors.Is(err, wrong) || errors.Is(err, context.Canceled) {
		t.Errorf("serve = %v, want %v and no trace of the cancelled context", err, wrong)
	}
}
