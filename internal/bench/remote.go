package bench

import (
	"context"
	"encoding/json"
	"strings"
)

// remote is a server that runs elsewhere. It is filled by creating customers over HTTP.
// Its memory and disk are unknown.
func (r *run) remote(context.Context) (*target, error) {
	to, err := newEndpoint(r.URL, r.ClientKey, r.ClientSecret)
	if err != nil {
		return nil, err
	}
	return &target{
		to: to, with: "as the server is set up",
		fill:   func(ctx context.Context, have, want int) error { return r.fillOver(ctx, to, have, want) },
		sample: func(ctx context.Context, n int) ([]string, error) { return sampleOver(ctx, to, n) },
		memory: func() (int64, int64) { return 0, 0 },
		close:  func() error { return nil },
	}, nil
}

// sampleOver lists the newest customers.
func sampleOver(ctx context.Context, to *endpoint, n int) (ids []string, err error) {
	w := newWire(ctx, to)
	defer w.close()
	for next := customers + "?take=100"; next != "" && len(ids) < n; {
		if err := w.call("GET", next, nil, 200); err != nil {
			return nil, err
		}
		var page []struct{ ID string }
		if err := json.Unmarshal(w.body, &page); err != nil {
			return nil, err
		}
		for _, c := range page {
			ids = append(ids, c.ID)
		}
		next, _, _ = strings.Cut(strings.TrimPrefix(w.link, "<"), ">")
	}
	return ids, nil
}
