package audit

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"custodex.dev/internal/id"
)

// Checkpoint is a signed statement: at this time the log of this application was
// this tree. Its text is a C2SP tlog-checkpoint without extension lines, which is a
// signed note:
//
//	custodex/app_2a3b4c5d6e7f8g9h
//	1234
//	<root hash, base64>
//
//	— custodex/app_2a3b4c5d6e7f8g9h <Ed25519 signature of the text, base64>
//	— custodex/app_2a3b4c5d6e7f8g9h <ML-DSA-44 cosignature with the time, base64>
//
// That is format 2. Format 1, which release 0.1.0 wrote, has the time in a fourth line,
// "time 2026-01-02T03:04:05.678Z", and the first signature only. Every text of three lines
// is format 2.
type Checkpoint struct {
	App id.App
	Tree
	// Time is when it was signed, in UTC: full seconds in format 2, milliseconds in format 1.
	// It is zero if the checkpoint is of format 2 and was opened without its ML-DSA-44 key.
	Time   time.Time
	Format int // 1 or 2, set by OpenCheckpoint
}

// CheckpointFormat is the format that SignCheckpoint writes.
const CheckpointFormat = 2

// ErrCheckpoint is returned for bytes that are no checkpoint of ours.
var ErrCheckpoint = errors.New("malformed checkpoint")

const timeForm = "2006-01-02T15:04:05.000Z"

// maxSize keeps arithmetic on sizes from overflowing; no log gets there.
const maxSize = 1 << 56

// SignCheckpoint makes the signed note, in format 2. Both signatures are deterministic: the
// same checkpoint, of the same second, gives the same bytes.
func SignCheckpoint(c Checkpoint, s Signer) []byte {
	text := fmt.Sprintf("%s\n%d\n%s\n", LogName(c.App), c.Size, c.Root)
	keys := s.VerifierKeys(c.App)
	return signNote(text, edSigner{keys.mustEd25519(), s.Ed25519}, mldsaSigner{keys.mustMLDSA(), s.MLDSA, c.Time.Unix()})
}

// OpenCheckpoint checks the signatures of a checkpoint and reads it. The Ed25519 signature
// must be there. With an ML-DSA-44 key in keys, a checkpoint of format 2 must have that
// signature too. It takes signatures of others beside ours.
func OpenCheckpoint(signed []byte, keys VerifierKeys) (Checkpoint, error) {
	n, err := openNote(signed, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	t, err := parseText(n.text)
	if err != nil {
		return Checkpoint{}, err
	}
	app, ok := strings.CutPrefix(t.origin, logPrefix)
	if !ok || t.origin != n.signer {
		return Checkpoint{}, ErrCheckpoint
	}
	c := Checkpoint{App: id.App(app), Tree: t.Tree, Format: CheckpointFormat}
	switch {
	case len(t.extensions) > 0:
		c.Format = 1
		if c.Time, err = timeOf(t.extensions); err != nil {
			return Checkpoint{}, err
		}
	case keys.MLDSA == "":
	case n.cosignature == nil:
		return Checkpoint{}, fmt.Errorf("not signed with the ML-DSA-44 key: %w", ErrCheckpoint)
	default:
		c.Time = time.Unix(int64(binary.BigEndian.Uint64(n.cosignature)), 0).UTC()
	}
	return c, nil
}

// timeOf gives the time in the extension lines of format 1.
func timeOf(extensions []string) (time.Time, error) {
	for _, line := range extensions {
		if at, ok := strings.CutPrefix(line, "time "); ok {
			t, err := time.Parse(timeForm, at)
			if err != nil {
				return time.Time{}, ErrCheckpoint
			}
			return t, nil
		}
	}
	return time.Time{}, ErrCheckpoint
}

// checkpointText is the text of a checkpoint of any log.
type checkpointText struct {
	origin string
	Tree
	extensions []string
}

func parseText(text string) (checkpointText, error) {
	body, ended := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ended || len(lines) < 3 {
		return checkpointText{}, ErrCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxSize || lines[1] != strconv.FormatInt(size, 10) {
		return checkpointText{}, ErrCheckpoint
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return checkpointText{}, ErrCheckpoint
	}
	return checkpointText{lines[0], Tree{Size: size, Root: Hash(root)}, lines[3:]}, nil
}

// maxTime is the last second of the year 9999: later times have no text.
const maxTime = 253_402_300_799

// cosignedMessage is what an ML-DSA-44 cosignature signs: the cosigned_message of C2SP
// tlog-cosignature for a whole tree. It commits to the cosigner's name, and not to extension lines.
func cosignedMessage(cosigner string, at uint64, t *checkpointText) []byte {
	b := make([]byte, 0, 256)
	b = append(b, "subtree/v1\n\x00"...)
	b = append(append(b, byte(len(cosigner))), cosigner...)
	b = binary.BigEndian.AppendUint64(b, at)
	b = append(append(b, byte(len(t.origin))), t.origin...)
	b = binary.BigEndian.AppendUint64(b, 0) // start of the subtree
	b = binary.BigEndian.AppendUint64(b, uint64(t.Size))
	return append(b, t.Root[:]...)
}

// mldsaVerifier checks ML-DSA-44 cosignatures (type 0x06). They are the time as 8 bytes,
// big-endian, and the signature.
type mldsaVerifier struct {
	name string
	hash uint32
	key  *mldsa.PublicKey
}

func (v mldsaVerifier) Name() string    { return v.name }
func (v mldsaVerifier) KeyHash() uint32 { return v.hash }

func (v mldsaVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+mldsa.MLDSA44SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	t, err := parseText(string(msg))
	if err != nil || at > maxTime || len(t.origin) > 255 {
		return false
	}
	return mldsa.Verify(v.key, cosignedMessage(v.name, at, &t), sig[8:], nil) == nil
}

// mldsaSigner signs checkpoints with a time. It is a note.Signer.
type mldsaSigner struct {
	note.Verifier // of its public half
	key           *mldsa.PrivateKey
	at            int64 // seconds since 1970
}

func (s mldsaSigner) Sign(msg []byte) ([]byte, error) {
	t, err := parseText(string(msg))
	if err != nil {
		return nil, err
	}
	sig, err := s.key.SignDeterministic(cosignedMessage(s.Name(), uint64(s.at), &t), nil)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(s.at)), sig...), nil
}
