package sequencer_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// format1 signs a checkpoint as release 0.1.0 did.
func (e *testEnv) format1(t *testing.T, c audit.Checkpoint) []byte {
	t.Helper()
	v, err := note.NewVerifier(sequencer.VerifierKeys(e.app, e.key).Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, e.key.Signer().Seed()...))
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", v.Name(), v.KeyHash(), secret))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\ntime %s\n", v.Name(), c.Size, c.Root, c.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A log of 0.1.0 gets a checkpoint of format 2 with its next entries, and its kept checkpoint still
// shows that nothing before was changed. The time does not go back, though its form is coarser.
func TestFormat1MovesToFormat2(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) { testFormat1Moves(t, testkit.NewStore(t, engine)) })
	}
}

func testFormat1Moves(t *testing.T, st store.Store) {
	e := newEnv(t, st)
	e.record(t, 3)
	tree, err := e.Sequence(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	old := tree.Checkpoint
	old.Time = time.Now().Add(time.Minute).Truncate(time.Second).Add(7 * time.Millisecond) // another replica's clock
	kept := e.format1(t, old)
	if err := st.TreePut(t.Context(), e.app, old.Size, store.TreeRow{Size: old.Size, Checkpoint: kept}, nil); err != nil {
		t.Fatal(err)
	}
	e.start(t, st)
	if again, err := e.Sequence(t.Context(), e.app); err != nil || again.Format != 1 {
		t.Errorf("without new entries the checkpoint is %+v, %v, want format 1 as before", again.Checkpoint, err)
	}
	e.record(t, 2)
	report := e.verify(t, kept)
	if report.Anchored != old.Size || report.Checkpoint.Format != 2 {
		t.Errorf("the log of format %d begins with %d entries of the kept checkpoint, want format 2 and %d", report.Checkpoint.Format, report.Anchored, old.Size)
	}
	if report.Checkpoint.Time.Before(old.Time) {
		t.Errorf("signed at %v, before %v", report.Checkpoint.Time, old.Time)
	}
}

// A stored checkpoint of format 2 needs both signatures: somebody who can forge the first and write
// to the database cannot make the log another one.
func TestStoredCheckpointNeedsBothSignatures(t *testing.T) {
	t.Parallel()
	for n, which := range []string{"Ed25519", "ML-DSA-44"} {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		if _, err := e.Sequence(t.Context(), e.app); err != nil {
			t.Fatal(err)
		}
		st.Set(storetest.Corrupt(func(r *store.TreeRow) {
			lines := bytes.SplitAfter(r.Checkpoint, []byte("\n"))
			r.Checkpoint = bytes.Join(append(append([][]byte{}, lines[:4+n]...), lines[5+n:]...), nil)
		}))
		_, err := e.Sequence(t.Context(), e.app)
		if _, ok := errors.AsType[sequencer.Damage](err); !ok {
			t.Errorf("without the %s signature: %v, want damage", which, err)
		}
		st.Set(storetest.Hooks{})
	}
}
