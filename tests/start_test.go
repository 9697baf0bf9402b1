package tests

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// custodex dev is killed again and again while it makes its data folder. Whatever
// was there by then, the next start goes on from it, and the last one serves.
func TestKilledWhileStarting(t *testing.T) {
	t.Parallel()
	for range 6 {
		dir := t.TempDir()
		out := filepath.Join(dir, "credentials.json")
		args := []string{"dev", "--data", filepath.Join(dir, "data"), "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0", "--credentials-out", out}
		for range 4 {
			cmd := program(t, args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
		_ = os.Remove(out)
		cmd := program(t, args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var creds Credentials
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if b, err := os.ReadFile(out); err == nil {
				decode(t, b, &creds)
				break
			}
			if time.Now().After(deadline) {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				t.Fatalf("after kills the next start does not serve:\n%s", said.Bytes())
			}
		}
		p := &process{installation: &installation{Credentials: creds}, url: creds.URL}
		a, err := p.call(t.Context(), "GET", "/api/v0/customers", nil)
		if err != nil || a.status != 200 {
			t.Errorf("a list after kills: %v, %d %s", err, a.status, a.body)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
