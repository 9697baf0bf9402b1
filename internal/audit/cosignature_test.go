package audit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/note"

	"custodex.dev/internal/audit"
)

// The ML-DSA-44 signature by hand, as C2SP tlog-cosignature says it: another implementation
// needs no more than this.
func TestCosignatureByHand(t *testing.T) {
	t.Parallel()
	c := testCheckpoint()
	lines := strings.Split(strings.TrimSuffix(string(audit.SignCheckpoint(c, testKey("log"))), "\n"), "\n")
	if len(lines) != 6 {
		t.Fatalf("the note has %d lines, want three of text, an empty one and two signatures", len(lines))
	}
	const name = "custodex/" + string(testApp)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[5], "— "+name+" "))
	if err != nil || len(raw) != 4+8+2420 {
		t.Fatalf("signature of %d bytes: %v", len(raw), err)
	}
	vkey := strings.SplitN(testVerifier().MLDSA, "+", 3)
	material, err := base64.StdEncoding.DecodeString(vkey[2])
	if err != nil || len(material) != 1+1312 || material[0] != 6 {
		t.Fatalf("key of %d bytes: %v", len(material), err)
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), material[1:])
	if err != nil {
		t.Fatal(err)
	}
	at := binary.BigEndian.Uint64(raw[4:])
	if time.Unix(int64(at), 0).UTC() != c.Time {
		t.Errorf("signed at %d, want %v", at, c.Time)
	}
	message := []byte("subtree/v1\n\x00")
	message = append(append(message, byte(len(name))), name...)
	message = binary.BigEndian.AppendUint64(message, at)
	message = append(append(message, byte(len(name))), name...)
	message = binary.BigEndian.AppendUint64(message, 0)
	message = binary.BigEndian.AppendUint64(message, uint64(c.Size))
	message = append(message, c.Root[:]...)
	if err := mldsa.Verify(key, message, raw[12:], nil); err != nil {
		t.Error(err)
	}
}

// withoutSignature cuts one signature of a checkpoint out: 0 is Ed25519, 1 is ML-DSA-44.
func withoutSignature(signed []byte, n int) []byte {
	lines := bytes.SplitAfter(signed, []byte("\n"))
	return bytes.Join(append(append([][]byte{}, lines[:4+n]...), lines[5+n:]...), nil)
}

// Who has both keys demands both signatures. Who has the Ed25519 key alone takes either form, and
// learns no time.
func TestCheckpointNeedsBothSignatures(t *testing.T) {
	t.Parallel()
	signed := audit.SignCheckpoint(testCheckpoint(), testKey("log"))
	both, first := testVerifier(), audit.VerifierKeys{Ed25519: testVerifier().Ed25519}
	forged := testKey("other")
	forged.Ed25519 = testKey("log").Ed25519 // somebody broke Ed25519
	for name, tt := range map[string]struct {
		signed []byte
		keys   audit.VerifierKeys
		ok     bool
	}{
		"both, both keys":                   {signed, both, true},
		"both, one key":                     {signed, first, true},
		"without ML-DSA, both keys":         {withoutSignature(signed, 1), both, false},
		"without ML-DSA, one key":           {withoutSignature(signed, 1), first, true},
		"without Ed25519, both keys":        {withoutSignature(signed, 0), both, false},
		"without Ed25519, one key":          {withoutSignature(signed, 0), first, false},
		"another's ML-DSA, both keys":       {audit.SignCheckpoint(testCheckpoint(), forged), both, false},
		"another's ML-DSA, one key":         {audit.SignCheckpoint(testCheckpoint(), forged), first, true},
		"the second key where the first is": {signed, audit.VerifierKeys{Ed25519: both.MLDSA}, false},
		"no key":                            {signed, audit.VerifierKeys{}, false},
	} {
		c, err := audit.OpenCheckpoint(tt.signed, tt.keys)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if tt.ok && c.Time.IsZero() != (tt.keys == first) {
			t.Errorf("%s: time %v", name, c.Time)
		}
	}
}

// The cosignature of one log, size or time fits no other.
func TestCosignatureIsBound(t *testing.T) {
	t.Parallel()
	signed := audit.SignCheckpoint(testCheckpoint(), testKey("log"))
	ours := bytes.SplitAfter(signed, []byte("\n"))[5]
	for name, change := range map[string]func(c *audit.Checkpoint){
		"another log":  func(c *audit.Checkpoint) { c.App = "app_9h8g7f6e5d4c3b2a" },
		"another size": func(c *audit.Checkpoint) { c.Size++ },
		"another root": func(c *audit.Checkpoint) { c.Root[0] ^= 1 },
	} {
		c := testCheckpoint()
		change(&c)
		other := audit.SignCheckpoint(c, testKey("log"))
		moved := append(withoutSignature(other, 1), ours...)
		keys := testKey("log").VerifierKeys(c.App)
		if _, err := audit.OpenCheckpoint(other, keys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := audit.OpenCheckpoint(moved, keys); err == nil {
			t.Errorf("%s: a cosignature of the first checkpoint is taken", name)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Fields(string(ours))[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{4, 11, 12, len(raw) - 1} { // the time, and the signature
		bad := bytes.Clone(raw)
		bad[at] ^= 1
		note := append(withoutSignature(signed, 1), "— custodex/"+string(testApp)+" "+base64.StdEncoding.EncodeToString(bad)+"\n"...)
		if _, err := audit.OpenCheckpoint(note, testVerifier()); err == nil {
			t.Errorf("byte %d of the cosignature altered: accepted", at)
		}
	}
}

// What 0.1.0 signed opens with its key alone and with both, at its time.
func TestCheckpointOfFormat1(t *testing.T) {
	t.Parallel()
	signed, err := os.ReadFile("testdata/format1/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range []audit.VerifierKeys{testVerifier(), {Ed25519: testVerifier().Ed25519}} {
		c, err := audit.OpenCheckpoint(signed, keys)
		if err != nil || c.Format != 1 || c.Size != 5 || !c.Time.Equal(time.UnixMilli(1_800_000_000_005)) {
			t.Errorf("OpenCheckpoint = %+v, %v", c, err)
		}
	}
}

// signFormat1 signs as 0.1.0 did.
func signFormat1(t *testing.T, c audit.Checkpoint) []byte {
	t.Helper()
	text := "custodex/" + string(c.App) + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\ntime " + c.Time.UTC().Format("2006-01-02T15:04:05.000Z") + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner(t))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A log goes from format 1 to format 2 and keeps its beginning: a checkpoint that was kept before
// verifies what came after. It never goes back, which somebody could want who can forge the one
// signature of format 1.
func TestVerifyAcrossFormats(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 30, 10)
	export := l.export(t, 0, 30, false)
	kept, _ := l.checkpoint(t, 20, testKey("log"))
	old := signFormat1(t, kept)
	if report := mustVerify(t, export, old); report.Anchored != 20 {
		t.Errorf("%d entries are anchored by a checkpoint of format 1, want 20", report.Anchored)
	}
	kept.Root[0] ^= 1
	if _, err := audit.VerifyExport(bytes.NewReader(export), testVerifier(), signFormat1(t, kept)); err == nil {
		t.Error("another tree in a checkpoint of format 1: accepted")
	}
	c, _ := l.checkpoint(t, 30, testKey("log"))
	back := l.exportSigned(t, 0, 30, false, testKey("log"), signFormat1(t, c))
	mustVerify(t, back, old)
	_, newer := l.checkpoint(t, 20, testKey("log"))
	if _, err := audit.VerifyExport(bytes.NewReader(back), testVerifier(), newer); err == nil || !strings.Contains(err.Error(), "does not go back") {
		t.Errorf("format 1 after format 2: %v", err)
	}
}

func TestParseVerifierKeys(t *testing.T) {
	t.Parallel()
	keys, other := testVerifier(), testKey("other").VerifierKeys("app_9h8g7f6e5d4c3b2a")
	for name, tt := range map[string]struct {
		texts []string
		want  audit.VerifierKeys
	}{
		"both":                {[]string{keys.Ed25519, keys.MLDSA}, keys},
		"in the other order":  {[]string{keys.MLDSA + "\n", " " + keys.Ed25519}, keys},
		"one":                 {[]string{keys.Ed25519}, audit.VerifierKeys{Ed25519: keys.Ed25519}},
		"twice":               {[]string{keys.Ed25519, keys.Ed25519}, audit.VerifierKeys{Ed25519: keys.Ed25519}},
		"none":                {nil, audit.VerifierKeys{}},
		"ML-DSA alone":        {[]string{keys.MLDSA}, audit.VerifierKeys{}},
		"of two logs":         {[]string{keys.Ed25519, other.MLDSA}, audit.VerifierKeys{}},
		"two of a type":       {[]string{keys.Ed25519, other.Ed25519}, audit.VerifierKeys{}},
		"nonsense":            {[]string{keys.Ed25519, "nonsense"}, audit.VerifierKeys{}},
		"another hash":        {[]string{strings.Replace(keys.Ed25519, "+", "+0", 1)}, audit.VerifierKeys{}},
		"cut off":             {[]string{keys.Ed25519, keys.MLDSA[:len(keys.MLDSA)-4]}, audit.VerifierKeys{}},
		"of an unknown type":  {[]string{"custodex/x+e8b88532+BAAA"}, audit.VerifierKeys{}},
		"with another letter": {[]string{strings.Replace(keys.Ed25519, "app_2", "app_3", 1)}, audit.VerifierKeys{}},
	} {
		got, err := audit.ParseVerifierKeys(tt.texts...)
		if wrong := tt.want == (audit.VerifierKeys{}); wrong != (err != nil) || got != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func BenchmarkSignCheckpoint(b *testing.B) {
	c, key := testCheckpoint(), testKey("log")
	for b.Loop() {
		c.Size++
		audit.SignCheckpoint(c, key)
	}
}

func BenchmarkOpenCheckpoint(b *testing.B) {
	signed, keys := audit.SignCheckpoint(testCheckpoint(), testKey("log")), testVerifier()
	for b.Loop() {
		if _, err := audit.OpenCheckpoint(signed, keys); err != nil {
			b.Fatal(err)
		}
	}
}
