package audit_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"custodex.dev/internal/audit"
)

func testCheckpoint() audit.Checkpoint {
	return audit.Checkpoint{
		App:  testApp,
		Tree: audit.Tree{Size: 1234, Root: audit.Hash{1, 2, 3, 31: 255}},
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Format: 2,
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	t.Parallel()
	want := testCheckpoint()
	signed := audit.SignCheckpoint(want, testKey("log"))
	got, err := audit.OpenCheckpoint(signed, testVerifier())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("OpenCheckpoint (-want +got):\n%s", diff)
	}
	if !bytes.Equal(signed, audit.SignCheckpoint(want, testKey("log"))) {
		t.Error("signed again, the checkpoint has other bytes")
	}
}

// The text is what any reader of signed notes takes.
func TestCheckpointText(t *testing.T) {
	t.Parallel()
	v, err := note.NewVerifier(testVerifier().Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(audit.SignCheckpoint(testCheckpoint(), testKey("log")), note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	want := "custodex/app_2a3b4c5d6e7f8g9h\n1234\nAQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=\n"
	if diff := cmp.Diff(want, n.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestCheckpointCosigned(t *testing.T) {
	t.Parallel()
	signed := audit.SignCheckpoint(testCheckpoint(), testKey("log"))
	_, others, _ := strings.Cut(string(audit.SignCheckpoint(audit.Checkpoint{App: "app_witness"}, testKey("witness"))), "\n\n")
	if _, err := audit.OpenCheckpoint(append(signed, others...), testVerifier()); err != nil {
		t.Errorf("with another signature beside ours: %v", err)
	}
}

func TestCheckpointRefused(t *testing.T) {
	t.Parallel()
	signed := audit.SignCheckpoint(testCheckpoint(), testKey("log"))
	other := testCheckpoint()
	other.App = "app_9h8g7f6e5d4c3b2a"
	for name, bad := range map[string][]byte{
		"another key":             audit.SignCheckpoint(testCheckpoint(), testKey("other")),
		"another application":     audit.SignCheckpoint(other, testKey("log")),
		"empty":                   nil,
		"without signature":       signed[:bytes.Index(signed, []byte("\n\n"))+2],
		"size with another digit": bytes.Replace(signed, []byte("1234"), []byte("1235"), 1),
	} {
		if _, err := audit.OpenCheckpoint(bad, testVerifier()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	last := bytes.LastIndex(signed, []byte(" ")) + 1 // the signature has spare bits, the text has none
	for i := range last {
		bad := slices.Clone(signed)
		bad[i] ^= 1
		if _, err := audit.OpenCheckpoint(bad, testVerifier()); err == nil {
			t.Errorf("byte %d altered: accepted", i)
		}
	}
	if _, err := audit.OpenCheckpoint(signed, audit.VerifierKeys{Ed25519: "nonsense"}); err == nil {
		t.Error("nonsense as the key: accepted")
	}
}

// Signed by the right key, and no checkpoint all the same.
func TestCheckpointMalformed(t *testing.T) {
	t.Parallel()
	const root = "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8="
	for _, text := range []string{
		"x\n",
		"custodex/" + string(testApp) + "\n1\n",
		"custodex/" + string(testApp) + "\n01\n" + root + "\n",
		"custodex/" + string(testApp) + "\n-1\n" + root + "\n",
		"custodex/" + string(testApp) + "\n9000000000000000000\n" + root + "\n",
		"custodex/" + string(testApp) + "\n1\nAQID\n",
		"custodex/" + string(testApp) + "\n1\n" + root + "\ntime yesterday\n",
		"custodex/" + string(testApp) + "\n1\n" + root + "\nno time\n",
		"custodex/" + string(testApp) + "\n1\n" + root + "\n", // without its second signature
		"elsewhere/" + string(testApp) + "\n1\n" + root + "\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, noteSigner(t))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := audit.OpenCheckpoint(signed, testVerifier()); !errors.Is(err, audit.ErrCheckpoint) || c != (audit.Checkpoint{}) {
			t.Errorf("%q: %+v, %v, want none and ErrCheckpoint", text, c, err)
		}
	}
}
