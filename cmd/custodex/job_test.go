package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"custodex.dev/client"
)

// A job is printed with what is known of it.
func TestPrintJob(t *testing.T) {
	t.Parallel()
	total, reason := int64(100), "a reason"
	at := time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)
	known := client.Job{ID: "job_k4wzr7mxq2dht9bc", Kind: "load", State: "running", Done: 40, Total: &total, Reason: &reason, CreatedAt: at, StartedAt: &at}
	damaged := client.Job{ID: "job_3333333333333333", Kind: "load", State: "queued", CreatedAt: at, Damaged: true}
	unknown := client.Job{ID: "job_2222222222222222", Kind: "other", State: "queued", Done: 7, CreatedAt: at}
	var out bytes.Buffer
	env := &environment{out: &out}
	if err := env.printJob(known); err != nil {
		t.Fatal(err)
	}
	if err := env.printJob(damaged); err != nil {
		t.Fatal(err)
	}
	if err := env.printJobs([]client.Job{known, unknown, damaged}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"40 of 100", "a reason", "job_2222222222222222  other  queued          7",
		"State     queued DAMAGED", "job_3333333333333333  load   queued DAMAGED  0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q:\n%s", want, &out)
		}
	}
}
