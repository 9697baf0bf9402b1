package audit_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"custodex.dev/internal/audit"
)

var update = flag.Bool("update", false, "rewrite golden files")

// noteSigner is the library's own signer with the log's key.
func noteSigner(t *testing.T) note.Signer {
	t.Helper()
	v, err := note.NewVerifier(testVerifier().Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, testKey("log").Ed25519.Seed()...))
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", v.Name(), v.KeyHash(), secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVectors pins what is stored and signed for ever. A change of these files
// means that no log made before it verifies any more.
func TestVectors(t *testing.T) {
	t.Parallel()
	vectors(t, "testdata/vectors.json", newLogOf(t, 5, 0, 1)) // audit.Format1
	l := newLogOf(t, 0, 5, 1)
	vectors(t, "testdata/vectors2.json", l)
	golden(t, "testdata/export.jsonl", l.export(t, 0, 5, true))
	golden(t, "testdata/export-range.jsonl", l.export(t, 1, 3, false))
	both := newLogOf(t, 3, 4, 1)
	both.entries[4].DropPersonal()
	both.entries[6].DropPersonal()
	golden(t, "testdata/export-both.jsonl", both.export(t, 0, 7, true))
	golden(t, "testdata/verifier.key", []byte(strings.Join(testVerifier().Texts(), "\n")+"\n"))
}

func vectors(t *testing.T, name string, l *testLog) {
	t.Helper()
	type vector struct{ Content, Leaf, Root string }
	var vectors []vector
	for i := range l.entries {
		c, _ := l.checkpoint(t, i+1, testKey("log"))
		vectors = append(vectors, vector{
			Content: hex.EncodeToString(l.entries[i].AppendContent(nil)),
			Leaf:    l.leaves[i].String(), Root: c.Root.String(),
		})
	}
	content, err := json.MarshalIndent(vectors, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name, append(content, '\n'))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// An old export still verifies; those of format1 were made by release 0.1.0.
func TestVectorsVerify(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"testdata/export.jsonl", "testdata/export-range.jsonl", "testdata/export-both.jsonl",
		"testdata/format1/export.jsonl", "testdata/format1/export-range.jsonl",
	} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := audit.VerifyExport(f, testVerifier(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// formerOrigin is an origin as release 0.1.0 encoded it, before it was encrypted.
const formerOrigin = "\x01\x03Ops\x09192.0.2.7\x04curl\x01u"

// An origin of release 0.1.0 is read, and one of today is what it was.
func TestOriginForms(t *testing.T) {
	t.Parallel()
	want := audit.Origin{Owner: "Ops", Address: "192.0.2.7", UserAgent: "curl", ActingUser: "u"}
	got, err := audit.ParseOrigin([]byte(formerOrigin))
	if err != nil || got != want {
		t.Errorf("ParseOrigin of the former form = %+v, %v, want %+v", got, err, want)
	}
	want.Reason, want.Purpose, want.Operator = "why", "support", "op_x"
	const form = "\x02\x03Ops\x09192.0.2.7\x04curl\x01u\x03why\x07support\x04op_x"
	if b := want.AppendBinary(nil); string(b) != form {
		t.Errorf("AppendBinary = %q, want %q", b, form)
	}
	if got, err := audit.ParseOrigin([]byte(form)); err != nil || got != want {
		t.Errorf("ParseOrigin = %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "\x03" + form[1:], form[:len(form)-1], "\x02" + formerOrigin[1:], "\x01" + form[1:]} {
		if _, err := audit.ParseOrigin([]byte(bad)); err == nil {
			t.Errorf("ParseOrigin(%q) did not fail", bad)
		}
	}
}
