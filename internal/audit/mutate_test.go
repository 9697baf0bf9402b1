package audit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"custodex.dev/internal/audit"
)

// TestTampering alters exports at random, as someone without the signing key can,
// and as someone who has it and signs anew. The verifier holds the public key and
// one checkpoint that was kept elsewhere, and must find every alteration.
func TestTampering(t *testing.T) {
	t.Parallel()
	const seed, entries, rounds = 20260102, 120, 2040
	random := rand.New(rand.NewPCG(seed, 0))
	l := newTestLog(t, entries, 50)
	genuine := splitLines(l.export(t, 0, entries, true))
	_, trusted := l.checkpoint(t, entries-20, testKey("log"))
	mustVerify(t, bytes.Join(genuine, nil), trusted)

	tampers := []struct {
		name string
		do   func() []byte
	}{
		{"flip a bit", func() []byte {
			b := bytes.Join(genuine, nil)
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
			return b
		}},
		{"change a byte", func() []byte {
			b := bytes.Join(genuine, nil)
			b[random.IntN(len(b))] += byte(1 + random.IntN(255))
			return b
		}},
		{"insert a byte", func() []byte {
			b := bytes.Join(genuine, nil)
			return slices.Insert(b, random.IntN(len(b)+1), byte(random.IntN(256)))
		}},
		{"delete bytes", func() []byte {
			b := bytes.Join(genuine, nil)
			i := random.IntN(len(b))
			return slices.Delete(b, i, min(len(b), i+1+random.IntN(5)))
		}},
		{"delete lines", func() []byte {
			i := random.IntN(len(genuine))
			return bytes.Join(slices.Delete(slices.Clone(genuine), i, min(len(genuine), i+1+random.IntN(9))), nil)
		}},
		{"swap lines", func() []byte {
			lines := slices.Clone(genuine)
			i := random.IntN(len(lines))
			j := (i + 1 + random.IntN(len(lines)-1)) % len(lines)
			lines[i], lines[j] = lines[j], lines[i]
			return bytes.Join(lines, nil)
		}},
		{"double a line", func() []byte {
			i, j := random.IntN(len(genuine)), random.IntN(len(genuine)+1)
			return bytes.Join(slices.Insert(slices.Clone(genuine), j, genuine[i]), nil)
		}},
		{"cut the tail", func() []byte {
			b := bytes.Join(genuine, nil)
			return b[:random.IntN(len(b))]
		}},
		{"change an entry and its leaf", func() []byte {
			m := l.altered(t, random)
			i := 1 + m.at
			return bytes.Join(slices.Concat(genuine[:i], splitLines(m.export(t, 0, entries, true))[i:i+1], genuine[i+1:]), nil)
		}},
		{"drop a personal part, with another hash", func() []byte {
			return l.resigned(t, random, func(e *audit.Entry) { e.PersonalGone = &audit.Hash{byte(random.IntN(256))} })
		}},
		{"put another personal part in its place", func() []byte {
			return l.resigned(t, random, func(e *audit.Entry) { e.Personal = []byte{1} })
		}},
		{"write an entry in the other format", func() []byte {
			return l.resigned(t, random, func(e *audit.Entry) { e.Format = 1 - e.Format })
		}},
		{"drop a checksum of a row", func() []byte {
			return l.resigned(t, random, func(e *audit.Entry) { e.Format, e.Sums = audit.Format2, slices.Insert(slices.Clone(e.Sums), 0, nil) })
		}},
		{"an older checkpoint", func() []byte {
			_, old := l.checkpoint(t, random.IntN(entries), testKey("log"))
			_, now := l.checkpoint(t, entries, testKey("log"))
			header := bytes.Replace(genuine[0], jsonText(t, now), jsonText(t, old), 1)
			return bytes.Join(slices.Concat([][]byte{header}, genuine[1:]), nil)
		}},
		{"rolled back, signed with the key", func() []byte {
			n := random.IntN(entries - 20)
			return newTestLog(t, n, 50).export(t, 0, n, true)
		}},
		{"rewritten, signed with the key", func() []byte {
			m := l.altered(t, random)
			if m.at >= entries-20 {
				return nil // after the trusted checkpoint, the holder of the key can
			}
			return m.export(t, 0, entries, true)
		}},
		{"signed with another key", func() []byte {
			return l.exportWith(t, 0, entries, true, testKey(fmt.Sprint("other", random.Uint64())))
		}},
	}
	for round := range rounds {
		tamper := tampers[round%len(tampers)]
		b := tamper.do()
		if b == nil || bytes.Equal(b, bytes.Join(genuine, nil)) {
			continue // it swapped equal lines, or the like
		}
		keys := testVerifier()
		if round%2 == 1 {
			keys.MLDSA = "" // who has the first key alone finds the same
		}
		if _, err := audit.VerifyExport(bytes.NewReader(b), keys, trusted); err == nil {
			t.Fatalf("seed %d, round %d, %s: not detected", seed, round, tamper.name)
		}
	}
}

// alteredLog is a log whose entry number at is not the genuine one.
type alteredLog struct {
	*testLog
	at int
}

func (l *testLog) altered(t *testing.T, random *rand.Rand) alteredLog {
	m := &testLog{tree: audit.EmptyTree(), tiles: make(map[[2]int64][]byte), entries: slices.Clone(l.entries)}
	at := random.IntN(len(m.entries))
	e := &m.entries[at]
	switch random.IntN(7) {
	case 0:
		e.Actor += "x"
	case 1:
		e.Time = e.Time.Add(-1e6)
	case 2:
		e.Outcome = e.Outcome%audit.Refused + 1
	case 3:
		e.Targets = append(slices.Clone(e.Targets), [16]byte{1})
	case 4:
		e.Personal = append(slices.Clone(e.Personal), 0)
	case 5:
		e.Format = 1 - e.Format
	case 6:
		e.Format, e.Sums = audit.Format2, append(slices.Clone(e.Sums), []byte{1})
	}
	m.sequence(t, 1000)
	return alteredLog{m, at}
}

// resigned is an export with an altered entry beside the leaf of the genuine one, with a trailer
// that was signed over it, as somebody who has the key and not the tree would make it.
func (l *testLog) resigned(t *testing.T, random *rand.Rand, change func(*audit.Entry)) []byte {
	m := *l
	m.entries = slices.Clone(l.entries)
	change(&m.entries[len(m.entries)/2+random.IntN(len(m.entries)/2)])
	return m.export(t, 0, len(m.entries), true)
}

// Deleting personal parts changes neither the leaves nor what was signed.
func TestDeletedPersonalPartsVerify(t *testing.T) {
	t.Parallel()
	const entries = 300
	random := rand.New(rand.NewPCG(20261127, 0))
	l := newTestLog(t, entries, 50)
	_, trusted := l.checkpoint(t, entries-20, testKey("log"))
	gone := 0
	for i := range l.entries {
		if random.IntN(2) == 0 {
			l.entries[i].DropPersonal()
		}
		if l.entries[i].PersonalGone != nil {
			gone++
		}
	}
	export := l.export(t, 0, entries, true)
	if got := bytes.Count(export, []byte(`"personal_gone":true`)); got != gone || gone < entries/8 {
		t.Errorf("the export says of %d entries that their personal part is gone, want %d", got, gone)
	}
	if report := mustVerify(t, export, trusted); report.Anchored != entries-20 || report.To != entries {
		t.Errorf("VerifyExport = %+v", report)
	}
	if bytes.Contains(export, []byte(`"personal":"","leaf"`)) {
		t.Error("a personal part is empty instead of gone")
	}
}

// jsonText is the bytes as they stand inside a JSON string.
func jsonText(t *testing.T, b []byte) []byte {
	t.Helper()
	return bytes.ReplaceAll(b, []byte("\n"), []byte(`\n`))
}
