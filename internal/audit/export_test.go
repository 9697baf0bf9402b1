package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
)

func TestExportRoundTrip(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 530, 200)
	for _, r := range [][2]int{{0, 530}, {0, 0}, {530, 530}, {0, 1}, {529, 530}, {1, 529}, {255, 257}, {256, 512}, {300, 301}} {
		for _, opened := range []bool{false, true} {
			report := mustVerify(t, l.export(t, r[0], r[1], opened), nil)
			want := audit.Report{App: testApp, From: int64(r[0]), To: int64(r[1]), Opened: opened}
			want.Checkpoint, _ = l.checkpoint(t, 530, testKey("log"))
			if r[0] < r[1] {
				want.First, want.Last = l.entries[r[0]].Time, l.entries[r[1]-1].Time
			}
			if diff := cmp.Diff(want, report); diff != "" {
				t.Errorf("%v opened %t: report (-want +got):\n%s", r, opened, diff)
			}
		}
	}
}

// Every log size up to two levels of tiles, every range at a few of them.
func TestExportOfAnySize(t *testing.T) {
	t.Parallel()
	for size := 1; size <= 33; size++ {
		l := newTestLog(t, size, 7)
		for from := 0; from <= size; from++ {
			mustVerify(t, l.export(t, from, size-(size-from)/3, false), nil)
		}
	}
}

func TestVerifyAgainstTrusted(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300, 64)
	whole, part := l.export(t, 0, 300, false), l.export(t, 100, 200, false)
	for size := range 301 {
		_, trusted := l.checkpoint(t, size, testKey("log"))
		if got := mustVerify(t, whole, trusted).Anchored; got != int64(size) {
			t.Errorf("Anchored = %d, want %d", got, size)
		}
		_, err := audit.VerifyExport(bytes.NewReader(part), testVerifier(), trusted)
		if inside := size >= 100 && size <= 200 || size == 300; inside != (err == nil) {
			t.Errorf("entries 100 to 199 against a checkpoint of %d: %v", size, err)
		}
	}
}

func TestExporterRefuses(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 5, 5)
	c, note := l.checkpoint(t, 5, testKey("log"))
	start := func() *audit.Exporter {
		x, err := audit.NewExporter(new(bytes.Buffer), audit.Export{Checkpoint: c, From: 1, To: 3}, note, testKey("log"), l.read)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if err := start().Add(&l.entries[0], l.leaves[0], nil); !errors.Is(err, audit.ErrMalformed) {
		t.Errorf("entry before the range: %v", err)
	}
	if err := start().Add(&l.entries[2], l.leaves[2], nil); !errors.Is(err, audit.ErrMalformed) {
		t.Errorf("entry out of order: %v", err)
	}
	if err := start().Close(); !errors.Is(err, audit.ErrMalformed) {
		t.Errorf("closed too early: %v", err)
	}
	bad := l.entries[1]
	bad.Code = "\xff"
	if err := start().Add(&bad, l.leaves[1], nil); err == nil {
		t.Error("text that is not UTF-8: accepted")
	}
}

// The flaws that a person should be able to tell apart, each with its place.
func TestVerifyNamesTheFlaw(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 20, 20)
	lines := splitLines(l.export(t, 0, 20, false))
	line := func(i int, old, new string) [][]byte {
		out := append([][]byte(nil), lines...)
		out[i] = bytes.Replace(out[i], []byte(old), []byte(new), 1)
		if bytes.Equal(out[i], lines[i]) {
			t.Fatalf("%q is not in line %d", old, i)
		}
		return out
	}
	join := func(parts ...[][]byte) [][]byte {
		var out [][]byte
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	shorter := newTestLog(t, 10, 20)
	rewritten := newTestLog(t, 0, 1)
	rewritten.entries = append(rewritten.entries, l.entries...)
	rewritten.entries[3].Actor = "cred_somebodyelse"
	rewritten.sequence(t, 20)
	_, trusted20 := l.checkpoint(t, 20, testKey("log"))
	_, trusted15 := l.checkpoint(t, 15, testKey("log"))
	_, foreign := l.checkpoint(t, 15, testKey("other"))
	for _, tt := range []struct {
		name    string
		lines   [][]byte
		trusted []byte
		want    string
	}{
		{"content", line(8, `"authenticate"`, `"authenticatf"`), nil, "line 9, entry 7: altered"},
		{"a personal part", line(8, `"personal":"`, `"personal":"AAAA`), nil, "line 9, entry 7: altered"},
		{"spelling", line(8, `"subject":""`, `"subject": ""`), nil, "line 9, entry 7: not an entry"},
		{"escapes", line(8, `"denied"`, `"d\u0065nied"`), nil, "line 9, entry 7: not an entry in the form of an export: spelled"},
		{"deleted", join(lines[:8], lines[9:]), nil, "line 9, entry 7: missing, or out of order: entry 8"},
		{"doubled", join(lines[:9], lines[8:]), nil, "line 10, entry 8: entry 7 comes here: it is there twice"},
		{"tail without trailer", lines[:15], nil, "line 16: the export ends here"},
		{"tail with trailer", join(lines[:15], lines[21:]), nil, "line 16: entries 14 to 19 are missing"},
		{"torn", [][]byte{lines[0], lines[1][:40]}, nil, "line 2: the export ends within"},
		{"appended", join(lines, lines[:1]), nil, "line 23: something follows"},
		{"empty", nil, nil, "line 1: the export ends here"},
		{"not an export", [][]byte{[]byte("{}\n")}, nil, "line 1: not the header"},
		{"other key", splitLines(l.exportWith(t, 0, 20, false, testKey("other"))), nil, "line 1: made with another key"},
		{"cut back", splitLines(shorter.export(t, 0, 10, false)), trusted20, "cut back: it had 20 entries"},
		{"rewritten", splitLines(rewritten.export(t, 0, 20, false)), trusted15, "line 16, entry 14: the log was rewritten: its first 15"},
		{"rewritten, same size", splitLines(rewritten.export(t, 0, 20, false)), trusted20, "line 1: the log was rewritten: of the same size"},
		{"trusted by another key", lines, foreign, "trusted checkpoint: not signed"},
	} {
		_, err := audit.VerifyExport(bytes.NewReader(bytes.Join(tt.lines, nil)), testVerifier(), tt.trusted)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Base64 can spell the end of a signature in several ways; only one is ours.
func TestVerifyTakesOneSpellingOfSignatures(t *testing.T) {
	t.Parallel()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	export := newTestLog(t, 1, 1).export(t, 0, 1, false)
	ends := 0
	for i := range len(export) - 3 {
		if string(export[i:i+3]) != `=\n` {
			continue
		}
		ends++
		for _, digit := range []byte(digits) {
			bad := bytes.Clone(export)
			if bad[i-1] = digit; bytes.Equal(bad, export) {
				continue
			}
			if _, err := audit.VerifyExport(bytes.NewReader(bad), testVerifier(), nil); err == nil {
				t.Errorf("byte %d as %c: accepted", i-1, digit)
			}
		}
	}
	if ends != 5 {
		t.Errorf("tried %d ends of base64, want root, digest and three signatures", ends)
	}
}

// Whoever has the key can sign a trailer over anything; the checkpoint's root
// still holds the entries.
func TestVerifyHoldsTheSignerToTheRoot(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 20, 20)
	c, note := l.checkpoint(t, 20, testKey("log"))
	l.entries[7].Actor = "cred_somebodyelse"
	l.leaves[7] = l.entries[7].Leaf()
	var out bytes.Buffer
	x, err := audit.NewExporter(&out, audit.Export{Checkpoint: c, From: 5, To: 20}, note, testKey("log"), l.read)
	if err != nil {
		t.Fatal(err)
	}
	for i := 5; i < 20; i++ {
		if err := x.Add(&l.entries[i], l.leaves[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = audit.VerifyExport(&out, testVerifier(), nil)
	if err == nil || !strings.Contains(err.Error(), "do not hash to the checkpoint's root") {
		t.Errorf("an entry and its leaf forged: %v", err)
	}
}

func BenchmarkVerifyExport(b *testing.B) {
	const n = 20_000
	export := newTestLog(b, n, 4096).export(b, 0, n, false)
	b.SetBytes(int64(len(export)))
	for b.Loop() {
		mustVerify(b, export, nil)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func ExampleFlaw() {
	fmt.Println(&audit.Flaw{Line: 9, Seq: 7, Problem: "altered"})
	// Output: line 9, entry 7: altered
}
