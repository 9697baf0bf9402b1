package client

import (
	"net/http"
	"testing"
	"time"

	"custodex.dev/internal/feed"
)

// A client does not give up while the server still waits for an event, as long as that lets anybody ask for.
func TestClientWaitsLongerThanTheServer(t *testing.T) {
	t.Parallel()
	m, err := NewManage("http://127.0.0.1:1", "a-key", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var longest time.Duration
	for seconds := range 1000 {
		if q := (feed.Query{Wait: time.Duration(seconds) * time.Second}); q.Check(nil) == nil {
			longest = q.Wait
		}
	}
	if longest == 0 {
		t.Fatal("the server lets nobody wait")
	}
	if got := m.t.http.Transport.(*http.Transport).ResponseHeaderTimeout; got < longest+10*time.Second {
		t.Errorf("the client waits %v for an answer, the server up to %v for an event", got, longest)
	}
}
