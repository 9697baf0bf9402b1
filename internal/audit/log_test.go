package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"filippo.io/mldsa"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

const testApp id.App = "app_2a3b4c5d6e7f8g9h"

// testKey gives the same keys for the same name.
func testKey(name string) audit.Signer {
	seed, second := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(name+" cosigner"))
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), second[:])
	if err != nil {
		panic(err)
	}
	return audit.Signer{Ed25519: ed25519.NewKeyFromSeed(seed[:]), MLDSA: key}
}

func testVerifier() audit.VerifierKeys { return testKey("log").VerifierKeys(testApp) }

// testLog is a log in memory: entries, and the tree as it was stored.
type testLog struct {
	entries []audit.Entry
	tree    audit.Tree
	tiles   map[[2]int64][]byte
	leaves  []audit.Hash
}

// newTestLog makes a log of n entries, sequenced batch by batch. The first half is of
// audit.Format1.
func newTestLog(t testing.TB, n, batch int) *testLog {
	t.Helper()
	return newLogOf(t, n/2, n-n/2, batch)
}

// newLogOf makes a log of some entries of audit.Format1 and then some of audit.Format2.
func newLogOf(t testing.TB, former, current, batch int) *testLog {
	t.Helper()
	l := &testLog{tree: audit.EmptyTree(), tiles: make(map[[2]int64][]byte)}
	for i := range former + current {
		e := testEntry(int64(i))
		if i < former {
			e.Format, e.Sums = audit.Format1, nil
		}
		l.entries = append(l.entries, e)
	}
	l.sequence(t, batch)
	return l
}

func (l *testLog) sequence(t testing.TB, batch int) {
	t.Helper()
	for len(l.leaves) < len(l.entries) {
		var leaves []audit.Hash
		for i := len(l.leaves); i < min(len(l.leaves)+batch, len(l.entries)); i++ {
			leaves = append(leaves, l.entries[i].Leaf())
		}
		tree, tiles, err := audit.Grow(l.tree, l.read, leaves)
		if err != nil {
			t.Fatalf("Grow from %d by %d: %v", l.tree.Size, len(leaves), err)
		}
		for _, tile := range tiles {
			l.tiles[[2]int64{int64(tile.Level), tile.N}] = tile.Hashes
		}
		l.tree, l.leaves = tree, append(l.leaves, leaves...)
	}
}

func (l *testLog) read(ids []audit.TileID) ([][]byte, error) {
	var all [][]byte
	for _, tile := range ids {
		hashes := l.tiles[[2]int64{int64(tile.Level), tile.N}]
		if hashes == nil {
			return nil, fmt.Errorf("tile %d/%d is not stored", tile.Level, tile.N)
		}
		all = append(all, hashes)
	}
	return all, nil
}

// checkpoint signs the tree as it was when it had size entries.
func (l *testLog) checkpoint(t testing.TB, size int, key audit.Signer) (audit.Checkpoint, []byte) {
	t.Helper()
	tree, _, err := audit.Grow(audit.EmptyTree(), nil, l.leaves[:size])
	if err != nil {
		t.Fatal(err)
	}
	c := audit.Checkpoint{App: testApp, Tree: tree, Time: time.Unix(1_800_000_000+int64(size), 0).UTC(), Format: 2}
	return c, audit.SignCheckpoint(c, key)
}

func (l *testLog) export(t testing.TB, from, to int, opened bool) []byte {
	t.Helper()
	return l.exportWith(t, from, to, opened, testKey("log"))
}

func (l *testLog) exportWith(t testing.TB, from, to int, opened bool, key audit.Signer) []byte {
	t.Helper()
	_, note := l.checkpoint(t, len(l.leaves), key)
	return l.exportSigned(t, from, to, opened, key, note)
}

// exportSigned is an export whose checkpoint is signed already, in whatever form.
func (l *testLog) exportSigned(t testing.TB, from, to int, opened bool, key audit.Signer, note []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	c, _ := l.checkpoint(t, len(l.leaves), key)
	x, err := audit.NewExporter(&out, audit.Export{Checkpoint: c, From: int64(from), To: int64(to), Opened: opened}, note, key, l.read)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		origin := audit.Origin{Owner: "Ops <ops@example.com>", Address: "192.0.2.7", UserAgent: "curl \"8\"\u2028é", Reason: "Ticket <7>", Purpose: "support", Operator: "op_x"}
		if err := x.Add(&l.entries[i], l.leaves[i], &origin); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// testEntry varies with its number.
func testEntry(seq int64) audit.Entry {
	e := audit.Entry{
		Seq: seq, Time: time.UnixMilli(1_750_000_000_000 + seq*17).UTC(), App: testApp,
		Actor: "cred_2a3b4c5d6e7f8g9h", Action: authz.CustomerFetch, Outcome: audit.Done,
		Dialect: "devdraft", Request: "abcdefghijABCDEFxyzq",
		Personal: bytes.Repeat([]byte{byte(seq), 0xf3}, 40),
	}
	switch seq % 5 {
	case 1:
		e.Action, e.Fields = authz.CustomerUpdate, []string{"first_name", "email"}
	case 2:
		e.Action, e.Outcome, e.Code, e.Actor = authz.Authenticate, audit.Denied, "invalid_credentials", ""
	case 3:
		e.Action, e.Subject, e.Fields = authz.KeyCreate, "cred_<&>\\\"é", []string{"filter:name"}
	case 4:
		e.Action, e.Outcome, e.Code = authz.CustomerList, audit.Refused, "gone"
	}
	for i := range seq % 5 {
		e.Targets = append(e.Targets, id.Customer{byte(seq), byte(i), 15: 9})
		e.Sums = append(e.Sums, bytes.Repeat([]byte{byte(seq), byte(i)}, 16))
	}
	return e
}

// mustVerify verifies and returns the report.
func mustVerify(t testing.TB, export, trusted []byte) audit.Report {
	t.Helper()
	report, err := audit.VerifyExport(bytes.NewReader(export), testVerifier(), trusted)
	if err != nil {
		t.Fatalf("VerifyExport: %v", err)
	}
	return report
}

func splitLines(export []byte) [][]byte {
	return slices.Collect(func(yield func([]byte) bool) {
		for line := range bytes.Lines(export) {
			if !yield(slices.Clone(line)) {
				return
			}
		}
	})
}
