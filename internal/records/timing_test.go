package records_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// TestTimingOfFailures compares how long it takes to refuse an unknown key and a wrong secret of a
// known one, over samples that take turns at random, by Welch's t-test. `make timing` takes more of
// them.
func TestTimingOfFailures(t *testing.T) {
	samples, limit := 500, 15.0 // by default only that the measurement runs
	if text := os.Getenv("TIMING_SAMPLES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 2 {
			t.Fatalf("TIMING_SAMPLES=%q is no number of samples", text)
		}
		samples, limit = n, 4.5
	}
	env := newEnv(t, func(c *records.Config) { c.FailedLogins = math.MaxInt })
	key, err := env.CreateKey(t.Context(), env.operator(env.app.ID), records.NewKey{
		Kind: tenant.Devdraft, Name: "shop", Owner: "Ada", Scopes: env.me.Scopes,
	})
	if err != nil {
		t.Fatal(err)
	}
	in := records.Login{Kind: tenant.Devdraft, PublicKey: key.PublicKey, Secret: key.Secret.Reveal(), Origin: env.me.Origin}
	if _, _, err := env.Authenticate(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in.Secret = "cs_" + string(id.NewRequest())
	var took [2][]float64
	for len(took[0]) < samples || len(took[1]) < samples {
		kind := rand.IntN(2)
		in.PublicKey = key.PublicKey
		if kind == 1 {
			in.PublicKey = key.PublicKey[:len(key.PublicKey)-10] + string(id.NewRequest())[4:14]
		}
		begun := time.Now()
		_, _, err := env.Authenticate(t.Context(), in)
		d := time.Since(begun)
		if !errors.Is(err, records.ErrCredentials) {
			t.Fatal(err)
		}
		took[kind] = append(took[kind], float64(d))
	}
	score := welch(trim(took[0]), trim(took[1]))
	t.Logf("t = %.2f; medians %v and %v", score, time.Duration(median(took[0])), time.Duration(median(took[1])))
	if math.Abs(score) >= limit {
		t.Errorf("t = %.2f: the time tells an unknown key from a known one", score)
	}
}

// trim leaves out the slowest tenth, which is of the disk and the scheduler.
func trim(x []float64) []float64 {
	x = slices.Sorted(slices.Values(x))
	return x[:len(x)*9/10]
}

func median(x []float64) float64 { return slices.Sorted(slices.Values(x))[len(x)/2] }

func welch(x, y []float64) float64 {
	mx, vx := moments(x)
	my, vy := moments(y)
	return (mx - my) / math.Sqrt(vx/float64(len(x))+vy/float64(len(y)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}
