package audit_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
)

// FuzzVerifyExport wants every input but the genuine one refused: nobody here has
// the key.
func FuzzVerifyExport(f *testing.F) {
	l := newTestLog(f, 5, 5)
	genuine := [][]byte{l.export(f, 0, 5, true), l.export(f, 1, 3, false)}
	for _, b := range genuine {
		f.Add(b)
	}
	file, err := os.ReadFile("testdata/export.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.ReplaceAll(file, []byte(`,`), []byte(` ,`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := audit.VerifyExport(bytes.NewReader(b), testVerifier(), nil)
		if ours := bytes.Equal(b, genuine[0]) || bytes.Equal(b, genuine[1]); ours != (err == nil) {
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

// FuzzParseDetail wants no panic, and that what parses is written back to
// something that parses to the same.
func FuzzParseDetail(f *testing.F) {
	for seq := range int64(5) {
		e := testEntry(seq)
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
	f.Add(audit.Origin{Owner: "a", Address: "192.0.2.1", UserAgent: "c", ActingUser: "d"}.AppendBinary(nil))
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
