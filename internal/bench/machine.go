package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/server"
)

// fsyncRate measures how many times a second the disk makes 4 KiB durable, as a commit
// of a few rows does.
func fsyncRate(ctx context.Context, dir string) (rate float64, err error) {
	f, err := os.CreateTemp(dir, ".fsync-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 4096)
	begun, n := time.Now(), 0
	for time.Since(begun) < time.Second/2 && ctx.Err() == nil {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return round(float64(n) / time.Since(begun).Seconds()), ctx.Err()
}

// residentBytes is the resident memory of a process, 0 if unknown.
func residentBytes(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64) // of what it never writes: 0
	return pages * int64(os.Getpagesize())
}

// measureStart starts a server process over an empty SQLite database, in a temporary
// folder, and measures the time to its first answer.
func measureStart(ctx context.Context, program string) (start *Start, err error) {
	dir, err := os.MkdirTemp("", "custodex-bench-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := config.Default()
	cfg.DataDir = dir
	if _, err := server.Init(ctx, cfg, nil); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve", "--json", "--data", dir,
		"--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0", "--log-level", "error")
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CUSTODEX_") { // settings for another server
			cmd.Env = append(cmd.Env, v)
		}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill() // its database is thrown away
		_ = cmd.Wait()         // ends with that signal
	}()
	var at struct{ URL string }
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	to, err := newEndpoint(at.URL, "", redact.Secret{})
	if err != nil {
		return nil, err
	}
	w := newWire(ctx, to)
	defer w.close()
	if err := w.call("GET", "/healthz", nil, 200); err != nil {
		return nil, err
	}
	start = &Start{FirstAnswerMS: ms(time.Since(begun))}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	start.RestBytes = residentBytes(cmd.Process.Pid)
	return start, nil
}
