package main

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/config"
	"custodex.dev/internal/server"
)

type serveCmd struct {
	settings
}

// Run serves until a signal asks for the end.
func (c *serveCmd) Run(ctx context.Context, env *environment) error {
	cfg, err := c.loadValid(env)
	if err != nil {
		return err
	}
	if !cfg.Debuggable {
		if err := harden(); err != nil {
			return withHint(fmt.Errorf("forbid core dumps: %w", err), "--debuggable serves without this protection")
		}
	}
	release := tuneRuntime(env, cfg.DatabaseURL.IsZero())
	defer release()
	srv, err := server.New(ctx, cfg, programVersion())
	if err != nil {
		return advised(err)
	}
	return serve(ctx, srv, func() error {
		at := addressesOf(cfg, srv)
		if env.json {
			return env.printJSON(at)
		}
		return env.printf("Custodex, version %s, serves applications on %s and operators on %s\n", programVersion(), at.URL, at.ManageURL)
	})
}

// addresses tell where a server listens, with real ports.
type addresses struct {
	URL       string `json:"url"`
	ManageURL string `json:"manage_url"`
}

func addressesOf(cfg config.Config, srv *server.Server) addresses {
	scheme := func(cert string) string {
		if cert != "" {
			return "https://"
		}
		return "http://"
	}
	return addresses{scheme(cfg.TLSCert) + srv.Addr(), scheme(cfg.ManageTLSCert) + srv.ManageAddr()}
}

// serve listens, says so through listening, and serves until ctx ends. It closes the
// server, in order even if ctx has ended.
func serve(ctx context.Context, srv *server.Server, listening func() error) error {
	if err := srv.Listen(); err != nil {
		return withHint(errors.Join(err, srv.Close(context.WithoutCancel(ctx))), "--addr and --manage-addr choose addresses; port 0 takes a free one")
	}
	if err := listening(); err != nil {
		return errors.Join(err, srv.Close(context.WithoutCancel(ctx)))
	}
	return srv.Run(ctx)
}
