package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"custodex.dev/internal/id"
)

// An export is JSON Lines: a header, the entries From to To-1 in order, a trailer.
// The header holds a checkpoint and the hashes of what lies left and right of the
// range in its tree; with them the entries alone give the checkpoint's root. The
// trailer is signed over a digest of all lines before it, so it also vouches for
// what the tree does not cover: the opened personal parts.

const (
	exportFormat = "custodex audit export v2"

	// formerExport is the format of release 0.1.0. All its entries are of Format1.
	formerExport = "custodex audit export v1"
)

// Export says what an export holds.
type Export struct {
	Checkpoint Checkpoint
	From, To   int64 // entries From <= Seq < To, To at most the checkpoint's Size
	Opened     bool  // personal parts are opened as well
}

// header is the first line.
type header struct {
	Format     string `json:"format"`
	App        id.App `json:"app"`
	Key        string `json:"key"`
	MLDSAKey   string `json:"mldsa_key,omitempty"` // absent from exports of release 0.1.0
	From       int64  `json:"from"`
	To         int64  `json:"to"`
	Opened     bool   `json:"opened"`
	Before     []Hash `json:"before"` // cover(0, From)
	After      []Hash `json:"after"`  // cover(To, size)
	Checkpoint string `json:"checkpoint"`
}

// trailer is the last line.
type trailer struct {
	Count     int64  `json:"count"`
	Statement string `json:"statement"`
}

// statement is what the trailer's note says. It must never look like a checkpoint.
func statement(format string, app id.App, lines int64, digest []byte) string {
	return fmt.Sprintf("%s\n%s\n%d lines\nsha256 %s\n", format, LogName(app), lines,
		base64.StdEncoding.EncodeToString(digest))
}

// Exporter writes an export. Make one with NewExporter, call Add for each entry
// and Close at the end. An export without its trailer does not verify.
type Exporter struct {
	w      *bufio.Writer
	digest hash.Hash
	signer Signer
	what   Export
	next   int64
	buf    []byte
}

// NewExporter writes the header to w. note is what.Checkpoint signed; read
// gives the tiles of its tree. Errors are ErrTree, or those of read and w.
func NewExporter(w io.Writer, what Export, note []byte, signer Signer, read TileReader) (*Exporter, error) {
	tree := what.Checkpoint.Tree
	before, err := tree.hashesOf(cover(0, what.From), read)
	if err != nil {
		return nil, err
	}
	after, err := tree.hashesOf(cover(what.To, tree.Size), read)
	if err != nil {
		return nil, err
	}
	e := &Exporter{w: bufio.NewWriterSize(w, 1<<16), digest: sha256.New(), signer: signer, what: what, next: what.From}
	keys := signer.VerifierKeys(what.Checkpoint.App)
	head, err := marshalLine(header{
		Format: exportFormat, App: what.Checkpoint.App, Key: keys.Ed25519, MLDSAKey: keys.MLDSA,
		From: what.From, To: what.To, Opened: what.Opened,
		Before: before, After: after, Checkpoint: string(note),
	})
	if err != nil {
		return nil, err
	}
	if err := e.write(head); err != nil {
		return nil, err
	}
	return e, nil
}

// Add writes the next entry. leaf is its leaf hash as the stored tree has it: an
// entry that was altered since it was integrated then shows by its number. origin may
// be nil; it is left out unless the export is Opened and the entry still has its personal part.
func (e *Exporter) Add(entry *Entry, leaf Hash, origin *Origin) error {
	if entry.Seq != e.next || entry.Seq >= e.what.To {
		return fmt.Errorf("entry %d where %d is due: %w", entry.Seq, e.next, ErrMalformed)
	}
	e.next++
	l := line{Entry: *entry, leaf: leaf}
	if e.what.Opened && origin != nil && entry.PersonalGone == nil {
		l.origin, l.opened = *origin, true
	}
	var err error
	if e.buf, err = l.appendTo(e.buf[:0]); err != nil {
		return fmt.Errorf("entry %d: %w", entry.Seq, err)
	}
	return e.write(e.buf)
}

// Close writes the trailer; it does not close the writer below. It fails if an
// entry is missing.
func (e *Exporter) Close() error {
	if e.next != e.what.To {
		return fmt.Errorf("entries %d to %d were not given: %w", e.next, e.what.To-1, ErrMalformed)
	}
	app, count := e.what.Checkpoint.App, e.what.To-e.what.From
	said := signNote(statement(exportFormat, app, count+1, e.digest.Sum(nil)), edSigner{e.signer.VerifierKeys(app).mustEd25519(), e.signer.Ed25519})
	tail, err := marshalLine(trailer{count, string(said)})
	if err != nil {
		return err
	}
	if err := e.write(tail); err != nil {
		return err
	}
	return e.w.Flush()
}

func (e *Exporter) write(b []byte) error {
	e.digest.Write(b)
	_, err := e.w.Write(b)
	return err
}

func marshalLine(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}
