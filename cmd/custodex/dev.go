package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/server"
	"custodex.dev/internal/tenant"
)

type devCmd struct {
	Addr       string `name:"addr" default:"127.0.0.1:8080" help:"Address for the applications' API. Port 0 takes a free one."`
	ManageAddr string `name:"manage-addr" default:"127.0.0.1:8081" help:"Address for operators: management API, metrics, probes."`
	Data       string `name:"data" placeholder:"DIR" default:"./custodex-data" help:"Data folder: database, master key, credentials. Made if it is not there."`
	Out        string `name:"credentials-out" placeholder:"FILE" help:"Write addresses and credentials to this file as JSON, mode 0600, once the server listens."`
	RateLimit  int    `name:"rate-limit" placeholder:"N" default:"100" help:"Requests a minute for each credential it makes; 0 for no limit."`
}

// devOwner is the owner, in the audit log, of the keys that custodex dev makes.
const devOwner = "custodex dev"

// Run makes what is missing in the data folder and serves it.
func (c *devCmd) Run(ctx context.Context, env *environment) error {
	if c.RateLimit < 0 {
		return usage("--rate-limit: must not be negative", "0 is no limit")
	}
	out, err := c.beginOut()
	if err != nil {
		return err
	}
	if out != nil {
		defer out.discard()
	}
	cfg := config.Default()
	cfg.Addr, cfg.ManageAddr, cfg.DataDir = c.Addr, c.ManageAddr, c.Data
	cfg.LogFormat = "text"
	creds, fresh, err := c.prepare(ctx, env, cfg)
	if err != nil {
		return err
	}
	release := tuneRuntime(env, true)
	defer release()
	srv, err := server.New(ctx, cfg, programVersion())
	if err != nil {
		return withHint(err, cmp.Or(server.Advice(err), "another --data DIR starts afresh"))
	}
	if !creds.complete() {
		if err := c.makeApp(ctx, srv.Records(), &creds); err != nil {
			return errors.Join(err, srv.Close(context.WithoutCancel(ctx)))
		}
	}
	srv.TryDocs()
	return serve(ctx, srv, func() error {
		at := addressesOf(cfg, srv)
		creds.URL, creds.ManageURL = at.URL, at.ManageURL
		if err := creds.save(c.Data); err != nil {
			return err
		}
		if out != nil {
			if err := out.finish(creds.export()); err != nil {
				return err
			}
		}
		return env.printQuickstart(c.Data, creds, fresh)
	})
}

// beginOut begins the credentials file. It removes an older one first: a program that
// waits for the file must not read that of the last start.
func (c *devCmd) beginOut() (*privateFile, error) {
	if c.Out == "" {
		return nil, nil
	}
	if sameFile(c.Out, devFile(c.Data)) {
		return nil, usage("--credentials-out: this file belongs to custodex dev itself", "name another one")
	}
	if err := os.Remove(c.Out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, withHint(err, "name another file")
	}
	return beginPrivate(c.Out)
}

// prepare reads the folder's credentials, or initialises the folder. fresh means that
// the credentials have not been shown yet.
func (c *devCmd) prepare(ctx context.Context, env *environment, cfg config.Config) (creds devCredentials, fresh bool, err error) {
	creds, err = readDevCredentials(c.Data)
	if err == nil {
		if slices.Contains(env.setFlags, "rate-limit") && creds.ClientKey != "" && creds.RateLimit != c.RateLimit {
			return creds, false, withHint(
				fmt.Errorf("the credentials in %s were made with a rate limit of %d", c.Data, creds.RateLimit),
				"leave --rate-limit away, name another --data DIR, or make a key with custodex key create --rate-limit")
		}
		if creds.ClientKey != "" {
			return creds, false, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return creds, false, withHint(err, "choose a folder that you may write to with --data DIR")
	}
	known := err == nil // of a start that was interrupted, perhaps before its database was ready
	_, err = server.Init(ctx, cfg, func(issued records.Issued) error {
		creds.OperatorKey = private(issued.OperatorToken().Reveal())
		return creds.save(c.Data)
	})
	switch {
	case errors.Is(err, records.ErrInitialised) && known:
		err = nil
	case errors.Is(err, records.ErrInitialised):
		return creds, false, withHint(fmt.Errorf("%s holds a database that custodex dev did not make", c.Data),
			"custodex serve --data DIR serves it; custodex dev --data DIR wants a folder of its own")
	case err != nil:
		return creds, false, withHint(err, "choose a folder that you may write to with --data DIR")
	}
	return creds, true, err
}

// makeApp makes what is missing: the application, and a key for each API. It acts as
// the operator, as a person would. The keys open every operation of their API, deletion too, so
// that a newcomer can try each one.
func (c *devCmd) makeApp(ctx context.Context, svc *records.Service, creds *devCredentials) error {
	public, secret, _ := creds.OperatorKey.cut()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	caller, _, err := svc.Authenticate(ctx, records.Login{
		Kind: tenant.Operator, PublicKey: public, Secret: secret,
		Origin: tenant.Origin{Dialect: "dev", Request: id.NewRequest(), UserAgent: "custodex/" + programVersion()},
	})
	if err != nil {
		return withHint(fmt.Errorf("the operator key in %s does not open its database: %w", c.Data, err),
			"another --data DIR starts afresh")
	}
	if creds.AppID == "" {
		app, err := svc.CreateApp(ctx, caller, "My Application")
		if err != nil {
			return err
		}
		creds.AppID, creds.RateLimit = string(app.ID), c.RateLimit
		if err := creds.save(c.Data); err != nil {
			return err
		}
	}
	caller.App = id.App(creds.AppID)
	for _, kind := range tenant.Kinds() {
		if creds.has(kind) {
			continue
		}
		key, err := svc.CreateKey(ctx, caller, records.NewKey{
			Kind: kind, Name: "first key", Owner: devOwner, Scopes: authz.OfApplications(), RateLimit: creds.RateLimit,
		})
		if err != nil {
			return err
		}
		creds.put(key)
		if err := creds.save(c.Data); err != nil {
			return err
		}
	}
	return nil
}
