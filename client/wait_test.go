package client

import (
	"net/http"
	"testing"
	"time"
)

// A client does not give up while the server still waits for an event, as it was asked to.
func TestClientWaitsLongerThanTheServer(t *testing.T) {
	t.Parallel()
	m, err := NewManage("http://127.0.0.1:1", "a-key", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.t.http.Transport.(*http.Transport).ResponseHeaderTimeout; got < maxEventWait+10*time.Second || maxEventWait < 30*time.Second {
		t.Errorf("the client waits %v for an answer, the server up to %v for an event", got, maxEventWait)
	}
}
