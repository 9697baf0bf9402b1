package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

type readyCmd struct {
	URL     string        `name:"url" env:"CUSTODEX_MANAGE_URL" default:"http://127.0.0.1:8081" help:"Address of the management listener."`
	Timeout time.Duration `name:"timeout" default:"3s" help:"How long to wait for the answer."`
}

// Run asks /readyz.
func (c *readyCmd) Run(ctx context.Context, env *environment) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/readyz", nil)
	if err != nil {
		return usage("the address cannot be read", "use one like http://127.0.0.1:8081")
	}
	res, err := (&http.Client{Timeout: c.Timeout}).Do(req)
	if err != nil {
		return withHint(fmt.Errorf("nobody answers at %s", c.URL), "is the server running, and is that its --manage-addr?")
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	ready := res.StatusCode == http.StatusOK
	if env.json {
		err = env.printJSON(map[string]bool{"ready": ready})
	} else if ready {
		err = env.printf("ready\n")
	}
	if !ready {
		err = errors.Join(err, withHint(fmt.Errorf("the server is not ready (status %d)", res.StatusCode),
			"it is starting, shutting down, or has lost its database; see its log"))
	}
	return err
}
