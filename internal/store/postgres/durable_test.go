package postgres_test

import (
	"strings"
	"testing"
)

// TestCommitsWaitForTheDisk opens a database whose users are told not to wait. Only
// "off" is overruled: the other settings are as durable or more.
func TestCommitsWaitForTheDisk(t *testing.T) {
	t.Parallel()
	address := newDatabase(t)
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	for setting, want := range map[string]string{"off": "on", "on": "on", "local": "local", "remote_apply": "remote_apply"} {
		s := openStore(t, address+mark+"synchronous_commit="+setting)
		for _, pool := range s.Pools() {
			var got string
			if err := pool.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("synchronous_commit set to %s is %s, want %s", setting, got, want)
			}
		}
	}
}
