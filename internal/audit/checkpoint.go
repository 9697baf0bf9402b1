package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"custodex.dev/internal/id"
)

// Checkpoint is a signed statement: at this time the log of this application was
// this tree. Its text is a C2SP tlog-checkpoint, which is a signed note:
//
//	custodex/app_2a3b4c5d6e7f8g9h
//	1234
//	<root hash, base64>
//	time 2026-01-02T03:04:05.678Z
//
//	— custodex/app_2a3b4c5d6e7f8g9h <signature, base64>
type Checkpoint struct {
	App id.App
	Tree
	Time time.Time // when it was signed; UTC, milliseconds
}

// ErrCheckpoint is returned for bytes that are no checkpoint of ours.
var ErrCheckpoint = errors.New("malformed checkpoint")

const timeForm = "2006-01-02T15:04:05.000Z"

// maxSize keeps arithmetic on sizes from overflowing; no log gets there.
const maxSize = 1 << 56

// LogName names an application's log: the origin of its checkpoints and the name
// of the key that signs them.
func LogName(app id.App) string { return "custodex/" + string(app) }

// VerifierKey is the public key of an application's log in the form that note
// verifiers take: name, key hash and key, joined by "+".
func VerifierKey(app id.App, key ed25519.PrivateKey) string {
	text, err := note.NewEd25519VerifierKey(LogName(app), key.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err) // only for a key of a wrong size
	}
	return text
}

// SignCheckpoint makes the signed note. The same checkpoint gives the same bytes.
func SignCheckpoint(c Checkpoint, key ed25519.PrivateKey) []byte {
	text := fmt.Sprintf("%s\n%d\n%s\ntime %s\n", LogName(c.App), c.Size, c.Root, c.Time.UTC().Format(timeForm))
	return signNote(c.App, text, key)
}

// OpenCheckpoint checks the signature of a checkpoint and reads it. It takes
// signatures of others beside ours, and extension lines that it does not know.
func OpenCheckpoint(signed []byte, verifierKey string) (Checkpoint, error) {
	n, err := openNote(signed, verifierKey)
	if err != nil {
		return Checkpoint{}, err
	}
	return n.checkpoint()
}

func (o openedNote) checkpoint() (Checkpoint, error) {
	body, ended := strings.CutSuffix(o.text, "\n")
	lines := strings.Split(body, "\n")
	if !ended || len(lines) < 3 {
		return Checkpoint{}, ErrCheckpoint
	}
	app, ok := strings.CutPrefix(lines[0], "custodex/")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if !ok || LogName(id.App(app)) != o.signer || err != nil || size < 0 || size > maxSize || lines[1] != strconv.FormatInt(size, 10) {
		return Checkpoint{}, ErrCheckpoint
	}
	c := Checkpoint{App: id.App(app), Tree: Tree{Size: size}}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, ErrCheckpoint
	}
	c.Root = Hash(root)
	for _, line := range lines[3:] {
		at, ok := strings.CutPrefix(line, "time ")
		if !ok {
			continue
		}
		if c.Time, err = time.Parse(timeForm, at); err != nil {
			return Checkpoint{}, ErrCheckpoint
		}
	}
	return c, nil
}

// signer makes a private key a note.Signer.
type signer struct {
	note.Verifier // of its public half
	key           ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func signNote(app id.App, text string, key ed25519.PrivateKey) []byte {
	v, err := note.NewVerifier(VerifierKey(app, key))
	if err != nil {
		panic(err) // an application's id is always a good name
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer{v, key})
	if err != nil {
		panic(err) // likewise
	}
	return signed
}

// openedNote is a note whose signature was checked.
type openedNote struct{ text, signer string }

// openNote opens a note that carries a signature of the key.
func openNote(signed []byte, verifierKey string) (openedNote, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return openedNote{}, fmt.Errorf("verifier key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return openedNote{}, fmt.Errorf("not signed with the key %s+%08x: %w", v.Name(), v.KeyHash(), err)
	}
	return openedNote{n.Text, v.Name()}, nil
}

// spelledAs reports whether signed is spelled as signNote spells it: with one
// signature, and in no other encoding of the same bytes.
func (o openedNote) spelledAs(signed []byte) bool {
	line, ours := bytes.CutPrefix(signed, []byte(o.text+"\n— "+o.signer+" "))
	sig, ended := bytes.CutSuffix(line, []byte("\n"))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(sig))
	return ours && ended && err == nil && base64.StdEncoding.EncodeToString(raw) == string(sig)
}
