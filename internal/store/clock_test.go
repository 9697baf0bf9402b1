package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/store"
)

// world is a database and a machine with clocks of their own, and a network between them.
type world struct {
	time    time.Time     // true, and of the database
	skew    time.Duration // of the machine
	there   time.Duration // on the way to the database
	back    time.Duration
	failing bool
}

func (w *world) local() time.Time { return w.time.Add(w.skew) }

func (w *world) Time(context.Context) (time.Time, error) {
	if w.failing {
		return time.Time{}, errors.New("away")
	}
	w.time = w.time.Add(w.there)
	at := w.time
	w.time = w.time.Add(w.back)
	return at, nil
}

// Whatever the skew and the network, the clock is right to half of the quickest answer, also
// after the machine's clock was set and measured again. It tells of a skew above two seconds
// when that begins and when it ends, and of nothing else.
func TestFieldC11ClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		span := func(most time.Duration, name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(most)).Draw(rt, name))
		}
		w := &world{time: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
		var log bytes.Buffer
		c := store.NewClock(w, w.local, slog.New(slog.NewTextHandler(&log, nil)))
		reported := 0
		for range rapid.IntRange(1, 5).Draw(rt, "measurements") {
			w.skew = span(2*time.Hour, "skew") - time.Hour
			w.there, w.back = span(time.Second, "there"), span(time.Second, "back")
			before := c.Offset().Abs() > store.MaxOffset
			if err := c.Measure(t.Context()); err != nil {
				rt.Fatal(err)
			}
			if after := c.Offset().Abs() > store.MaxOffset; after != before {
				reported++
			}
			// Two errors may add up: a measurement that agrees with the last one keeps it.
			if d := c.Now().Sub(w.time).Abs(); d > 2*time.Second {
				rt.Fatalf("Now is wrong by %v with a skew of %v", d, w.skew)
			}
			w.time = w.time.Add(time.Hour)
			if d := c.Now().Sub(w.time).Abs(); d > 2*time.Second {
				rt.Fatalf("an hour later Now is wrong by %v", d)
			}
			if d := (c.Offset() + w.skew).Abs(); d > 2*time.Second {
				rt.Fatalf("Offset = %v, want about %v", c.Offset(), -w.skew)
			}
			if n := strings.Count(log.String(), "level=WARN"); n != reported {
				rt.Fatalf("it is reported %d times, want %d:\n%s", n, reported, log.String())
			}
		}
	})
}

func TestClockReportsAWrongClockOnce(t *testing.T) {
	t.Parallel()
	w := &world{time: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
	var log bytes.Buffer
	c := store.NewClock(w, w.local, slog.New(slog.NewTextHandler(&log, nil)))
	measure := func(skew time.Duration, want string) {
		t.Helper()
		w.skew = skew
		log.Reset()
		if err := c.Measure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := log.String(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("with a skew of %v the log says %q, want %q", skew, got, want)
		}
	}
	measure(time.Second, "")
	measure(-3*time.Second, "differ=true seconds=3")
	measure(-3*time.Second, "")
	measure(0, "differ=false")
	measure(time.Hour, "differ=true")
	w.failing = true
	if err := c.Measure(t.Context()); err == nil {
		t.Error("Measure without an answer = nil, want an error")
	}
	if !c.Now().Equal(w.time) || c.Offset() != -time.Hour {
		t.Errorf("without an answer Now = %v, want what was known, %v", c.Now(), w.time)
	}
}
