package audit_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
)

// FuzzVerifyExport wants every input but the genuine one refused: nobody here has
// the key.
func FuzzVerifyExport(f *testing.F) {
	file, err := os.ReadFile("testdata/format1/export.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	l, gone := newTestLog(f, 6, 6), newLogOf(f, 0, 5, 5)
	for i := range gone.entries {
		gone.entries[i].DropPersonal()
	}
	genuine := [][]byte{file, l.export(f, 0, 6, true), l.export(f, 1, 3, false), gone.export(f, 0, 5, true)}
	for _, b := range genuine {
		f.Add(b)
	}
	f.Add(bytes.ReplaceAll(file, []byte(`,`), []byte(` ,`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := audit.VerifyExport(bytes.NewReader(b), testVerifier(), nil)
		ours := slices.ContainsFunc(genuine, func(g []byte) bool { return bytes.Equal(b, g) })
		if ours != (err == nil) {
			t.Fatalf("VerifyExport: %v", err)
		}
	})
}

// FuzzOpenCheckpoint wants that what opens is signed over what was signed.
func FuzzOpenCheckpoint(f *testing.F) {
	want := testCheckpoint()
	f.Add(audit.SignCheckpoint(want, testKey("log")))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := audit.OpenCheckpoint(b, testVerifier())
		if err == nil && got != want {
			t.Fatalf("OpenCheckpoint = %v", got)
		}
	})
}

// FuzzParseVerifierKeys wants no panic, and that keys that are taken are what the texts say.
func FuzzParseVerifierKeys(f *testing.F) {
	keys := testVerifier()
	f.Add(keys.Ed25519, keys.MLDSA)
	f.Add(keys.MLDSA, " "+keys.Ed25519)
	f.Add("custodex/x+00000000+AQ==", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		got, err := audit.ParseVerifierKeys(first, second)
		if err != nil {
			return
		}
		if again, err := audit.ParseVerifierKeys(got.Texts()...); err != nil || again != got {
			t.Fatalf("ParseVerifierKeys = %v, %v, want %v", again, err, got)
		}
	})
}

// FuzzParseDetail wants no panic, and that what parses is written back to
// something that parses to the same.
func FuzzParseDetail(f *testing.F) {
	for seq := range int64(5) {
		e := testEntry(seq)
		f.Add(e.AppendDetail(nil))
		e.Format = audit.Format1
		f.Add(e.AppendDetail(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again audit.Entry
		if e.ParseDetail(b) != nil {
			return
		}
		if err := again.ParseDetail(e.AppendDetail(nil)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

// FuzzParseOrigin is the same for the personal part.
func FuzzParseOrigin(f *testing.F) {
	f.Add(audit.Origin{Owner: "a", Address: "192.0.2.1", UserAgent: "c", ActingUser: "d", Reason: "e", Purpose: "f", Operator: "g"}.AppendBinary(nil))
	f.Add([]byte(formerOrigin))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := audit.ParseOrigin(b)
		if err != nil {
			return
		}
		if again, err := audit.ParseOrigin(o.AppendBinary(nil)); err != nil || again != o {
			t.Fatalf("ParseOrigin = %v, %v, want %v", again, err, o)
		}
	})
}
