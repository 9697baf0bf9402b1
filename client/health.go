package client

import (
	"context"
	"net/http"
	"time"
)

// Health is the state of the server. PublicHealth leaves the last three fields zero.
type Health struct {
	Status        string    `json:"status"` // ok or error
	Timestamp     time.Time `json:"timestamp"`
	Version       string    `json:"version"`
	Database      string    `json:"database"` // connected or error
	Message       string    `json:"message"`
	Authenticated bool      `json:"authenticated"`
}

// Health asks the server and its database whether they work. An outage is an *Error with
// the status 503.
func (c *Customers) Health(ctx context.Context) (Health, error) {
	return answer[Health](ctx, c.t, call{method: http.MethodGet, path: "api/v0/health"})
}

// PublicHealth asks the server alone.
func (c *Customers) PublicHealth(ctx context.Context) (Health, error) {
	return answer[Health](ctx, c.t, call{method: http.MethodGet, path: "api/v0/health/public"})
}
