package audit_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"custodex.dev/internal/audit"
)

// TestGrow compares the tree with the library's own, kept hash by hash.
func TestGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var stored []audit.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]audit.Hash, error) {
			var out []audit.Hash
			for _, i := range indexes {
				out = append(out, stored[i])
			}
			return out, nil
		})
		l := &testLog{tree: audit.EmptyTree(), tiles: make(map[[2]int64][]byte)}
		for _, n := range rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, 100, 255, 256, 257, 700}), 1, 8).Draw(t, "batches") {
			var leaves []audit.Hash
			for range n {
				size := int64(len(l.leaves) + len(leaves))
				leaf := tlog.RecordHash([]byte{byte(size), byte(size >> 8)})
				hashes, err := tlog.StoredHashesForRecordHash(size, leaf, reader)
				if err != nil {
					t.Fatal(err)
				}
				stored = append(stored, hashes...)
				leaves = append(leaves, leaf)
			}
			older := l.tree
			tree, tiles, err := audit.Grow(older, l.read, leaves)
			if err != nil {
				t.Fatal(err)
			}
			for _, tile := range tiles {
				l.tiles[[2]int64{int64(tile.Level), tile.N}] = tile.Hashes
			}
			l.tree, l.leaves = tree, append(l.leaves, leaves...)
			root, err := tlog.TreeHash(int64(len(l.leaves)), reader)
			if err != nil {
				t.Fatal(err)
			}
			if want := (audit.Tree{Size: int64(len(l.leaves)), Root: root}); tree != want {
				t.Fatalf("Grow = %v, want %v", tree, want)
			}
			if err := tree.Contains(older, l.read); err != nil {
				t.Fatalf("Contains(%v): %v", older, err)
			}
			if older.Size > 0 {
				older.Root[0]++
				if err := tree.Contains(older, l.read); !errors.Is(err, audit.ErrTree) {
					t.Fatalf("Contains of another tree: %v, want ErrTree", err)
				}
			}
		}
	})
}

func TestGrowRefusesAlteredTiles(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 700, 300)
	one := []audit.Hash{{1}}
	for place, hashes := range l.tiles {
		level, n := place[0], place[1]
		if level == 0 && n < 2 {
			continue // a full tile; only its parent is read
		}
		l.tiles[place] = slices.Clone(hashes)
		l.tiles[place][5]++
		if _, _, err := audit.Grow(l.tree, l.read, one); !errors.Is(err, audit.ErrTree) {
			t.Errorf("tile %d/%d altered: %v, want ErrTree", level, n, err)
		}
		l.tiles[place] = hashes[:len(hashes)-32]
		if _, _, err := audit.Grow(l.tree, l.read, one); !errors.Is(err, audit.ErrTree) {
			t.Errorf("tile %d/%d cut short: %v, want ErrTree", level, n, err)
		}
		l.tiles[place] = hashes
	}
	failed := errors.New("no database")
	_, _, err := audit.Grow(l.tree, func([]audit.TileID) ([][]byte, error) { return nil, failed }, one)
	if !errors.Is(err, failed) || errors.Is(err, audit.ErrTree) {
		t.Errorf("reader failed: %v, want its own error", err)
	}
}

// A wider tile than asked for is what another process has stored meanwhile.
func TestGrowTakesWiderTiles(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300, 300)
	older := l.tree
	l.entries = append(l.entries, testEntry(300), testEntry(301))
	l.sequence(t, 2)
	again, _, err := audit.Grow(older, l.read, l.leaves[300:302])
	if err != nil || again != l.tree {
		t.Errorf("Grow = %v, %v, want %v", again, err, l.tree)
	}
}

// The number is part of the leaf, every other field too.
func TestLeafBindsEverything(t *testing.T) {
	t.Parallel()
	seen := map[audit.Hash]string{}
	add := func(what string, change func(*audit.Entry)) {
		e := testEntry(4)
		change(&e)
		if was, ok := seen[e.Leaf()]; ok {
			t.Errorf("%s gives the leaf of %s", what, was)
		}
		seen[e.Leaf()] = what
	}
	add("nothing", func(*audit.Entry) {})
	add("Seq", func(e *audit.Entry) { e.Seq++ })
	add("Time", func(e *audit.Entry) { e.Time = e.Time.Add(1e6) })
	add("App", func(e *audit.Entry) { e.App += "x" })
	add("Actor", func(e *audit.Entry) { e.Actor += "x" })
	add("Action", func(e *audit.Entry) { e.Action += "x" })
	add("Outcome", func(e *audit.Entry) { e.Outcome = audit.Denied })
	add("Code", func(e *audit.Entry) { e.Code += "x" })
	add("Dialect", func(e *audit.Entry) { e.Dialect += "x" })
	add("Request", func(e *audit.Entry) { e.Request += "x" })
	add("Targets", func(e *audit.Entry) { e.Targets = e.Targets[1:] })
	add("Subject", func(e *audit.Entry) { e.Subject += "x" })
	add("Fields", func(e *audit.Entry) { e.Fields = []string{"x"} })
	add("two Fields", func(e *audit.Entry) { e.Fields = []string{"x", ""} })
	add("Personal", func(e *audit.Entry) { e.Personal = nil })
}

func TestDetailAndOriginRoundTrip(t *testing.T) {
	t.Parallel()
	for seq := range int64(5) {
		want := testEntry(seq)
		var got audit.Entry
		if err := got.ParseDetail(want.AppendDetail(nil)); err != nil {
			t.Fatal(err)
		}
		got.Seq, got.App, got.Actor, got.Action = want.Seq, want.App, want.Actor, want.Action
		got.Outcome, got.Targets, got.Personal = want.Outcome, want.Targets, want.Personal
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", seq, diff)
		}
	}
	want := audit.Origin{Owner: "a", Address: "b", UserAgent: "", ActingUser: "d"}
	if got, err := audit.ParseOrigin(want.AppendBinary(nil)); err != nil || got != want {
		t.Errorf("ParseOrigin = %v, %v, want %v", got, err, want)
	}
}
