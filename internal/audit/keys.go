package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/note"

	"custodex.dev/internal/id"
)

const logPrefix = "custodex/"

// LogName names an application's log: the origin of its checkpoints and the name
// of the keys that sign them.
func LogName(app id.App) string { return logPrefix + string(app) }

// Signer holds the private keys of an application's log. Both sign its checkpoints; the
// Ed25519 key also signs exports.
type Signer struct {
	Ed25519 ed25519.PrivateKey
	MLDSA   *mldsa.PrivateKey // ML-DSA-44
}

// VerifierKeys gives the public halves.
func (s Signer) VerifierKeys(app id.App) VerifierKeys {
	return NewVerifierKeys(app, s.Ed25519.Public().(ed25519.PublicKey), s.MLDSA.PublicKey().Bytes())
}

// VerifierKeys are the public keys of a log, each in the form that note verifiers take: name,
// key hash and key, joined by "+". MLDSA may be empty: then checkpoints are checked with the
// Ed25519 key only, and their time is not known.
type VerifierKeys struct{ Ed25519, MLDSA string }

// The types of keys that C2SP has assigned.
const (
	typeEd25519 = 0x01
	typeMLDSA44 = 0x06
)

// NewVerifierKeys names the public keys of an application's log.
func NewVerifierKeys(app id.App, ed ed25519.PublicKey, mldsa44 []byte) VerifierKeys {
	name := LogName(app)
	return VerifierKeys{keyText(name, typeEd25519, ed), keyText(name, typeMLDSA44, mldsa44)}
}

func keyText(name string, kind byte, key []byte) string {
	material := append([]byte{kind}, key...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, material), base64.StdEncoding.EncodeToString(material))
}

// keyHash identifies a key, with its type as the first byte, among those of a name.
func keyHash(name string, material []byte) uint32 {
	h := sha256.Sum256(append([]byte(name+"\n"), material...))
	return binary.BigEndian.Uint32(h[:])
}

// ParseVerifierKeys tells key texts by their types. There must be an Ed25519 key; an
// ML-DSA-44 key may be there, and must then be of the same log.
func ParseVerifierKeys(texts ...string) (VerifierKeys, error) {
	var keys VerifierKeys
	for _, text := range texts {
		text = strings.TrimSpace(text)
		_, _, material, err := splitKey(text)
		if err != nil {
			return VerifierKeys{}, err
		}
		of := &keys.Ed25519
		if material[0] == typeMLDSA44 {
			of = &keys.MLDSA
		}
		if *of != "" && *of != text {
			return VerifierKeys{}, fmt.Errorf("two keys of type %d", material[0])
		}
		*of = text
	}
	if keys.Ed25519 == "" {
		return VerifierKeys{}, fmt.Errorf("there is no Ed25519 key")
	}
	if _, err := keys.verifiers(); err != nil {
		return VerifierKeys{}, err
	}
	return keys, nil
}

// Texts lists the keys that are there, the Ed25519 key first.
func (k VerifierKeys) Texts() []string {
	if k.MLDSA == "" {
		return []string{k.Ed25519}
	}
	return []string{k.Ed25519, k.MLDSA}
}

// splitKey takes a key text apart. The material begins with the type.
func splitKey(text string) (name string, hash uint32, material []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	hex, encoded, _ := strings.Cut(rest, "+")
	h, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 8 {
		return "", 0, nil, fmt.Errorf("verifier key: not name+hash+key")
	}
	material, err = base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(material) == 0 || uint32(h) != keyHash(name, material) {
		return "", 0, nil, fmt.Errorf("verifier key: its hash is not that of its key")
	}
	if kind := material[0]; kind != typeEd25519 && kind != typeMLDSA44 {
		return "", 0, nil, fmt.Errorf("verifier key: of the unknown type %d", kind)
	}
	return name, uint32(h), material, nil
}

func (k VerifierKeys) ed25519() (note.Verifier, error) {
	v, err := note.NewVerifier(k.Ed25519)
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	return v, nil
}

func (k VerifierKeys) mldsa() (note.Verifier, error) {
	name, hash, material, err := splitKey(k.MLDSA)
	if err != nil {
		return nil, err
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), material[1:])
	if err != nil || material[0] != typeMLDSA44 || len(name) > 255 {
		return nil, fmt.Errorf("verifier key: not an ML-DSA-44 key")
	}
	return mldsaVerifier{name, hash, key}, nil
}

// verifiers gives a verifier of each key, that of the Ed25519 key first.
func (k VerifierKeys) verifiers() ([]note.Verifier, error) {
	ed, err := k.ed25519()
	if err != nil || k.MLDSA == "" {
		return []note.Verifier{ed}, err
	}
	ml, err := k.mldsa()
	if err != nil {
		return nil, err
	}
	if ml.Name() != ed.Name() {
		return nil, fmt.Errorf("keys of two logs, %s and %s", ed.Name(), ml.Name())
	}
	return []note.Verifier{ed, ml}, nil
}

// mustEd25519 and mustMLDSA are for keys of our own; an application's id is always a good name.
func (k VerifierKeys) mustEd25519() note.Verifier { return must(k.ed25519()) }
func (k VerifierKeys) mustMLDSA() note.Verifier   { return must(k.mldsa()) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// edSigner makes a private key a note.Signer.
type edSigner struct {
	note.Verifier // of its public half
	key           ed25519.PrivateKey
}

func (s edSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func signNote(text string, signers ...note.Signer) []byte {
	return must(note.Sign(&note.Note{Text: text}, signers...))
}

// openedNote is a note whose signatures were checked.
type openedNote struct {
	text, signer string
	cosignature  []byte // by the ML-DSA-44 key, with its time; nil if there is none
}

// openNote opens a note that carries a signature of the Ed25519 key. A signature of the other key
// may be missing; one that is wrong is an error.
func openNote(signed []byte, keys VerifierKeys) (openedNote, error) {
	vs, err := keys.verifiers()
	if err != nil {
		return openedNote{}, err
	}
	ed := vs[0]
	n, err := note.Open(signed, note.VerifierList(vs...))
	if err != nil {
		return openedNote{}, fmt.Errorf("not signed with the key %s+%08x: %w", ed.Name(), ed.KeyHash(), err)
	}
	o := openedNote{text: n.Text}
	for _, sig := range n.Sigs {
		if sig.Hash == ed.KeyHash() {
			o.signer = ed.Name()
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil || len(raw) < 4 {
			return openedNote{}, ErrCheckpoint
		}
		o.cosignature = raw[4:]
	}
	if o.signer == "" {
		return openedNote{}, fmt.Errorf("not signed with the key %s+%08x", ed.Name(), ed.KeyHash())
	}
	return o, nil
}

// spelledAs reports whether signed is spelled as signNote spells it: with one
// signature, and in no other encoding of the same bytes.
func (o openedNote) spelledAs(signed []byte) bool {
	line, ours := bytes.CutPrefix(signed, []byte(o.text+"\n— "+o.signer+" "))
	sig, ended := bytes.CutSuffix(line, []byte("\n"))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(sig))
	return ours && ended && err == nil && base64.StdEncoding.EncodeToString(raw) == string(sig)
}
