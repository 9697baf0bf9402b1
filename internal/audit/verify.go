package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"custodex.dev/internal/id"
)

// Report is what a verified export proves.
type Report struct {
	App        id.App
	Checkpoint Checkpoint // the export's own
	From, To   int64      // the entries From <= Seq < To are as they were integrated
	First      time.Time  // of the first and the last of them; zero if there is none
	Last       time.Time
	Opened     bool
	Anchored   int64 // entries of the trusted checkpoint that the log still begins with; 0 without one
}

// Flaw is why an export does not verify.
type Flaw struct {
	Line    int64 // of the file, from 1
	Seq     int64 // of the entry; -1 if it is none in particular
	Problem string
}

// Error says where and what.
func (f *Flaw) Error() string {
	if f.Seq >= 0 {
		return fmt.Sprintf("line %d, entry %d: %s", f.Line, f.Seq, f.Problem)
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Problem)
}

// maxLine bounds a line: an entry that names 1,000 customers has 40 KiB.
const maxLine = 1 << 20

// VerifyExport checks an export offline: form, order and number of the entries,
// each entry against its leaf, the leaves against the checkpoint's root, and both
// signatures against keys, which must come from elsewhere than the export.
//
// trustedCheckpoint, if not nil, is an earlier checkpoint of the log that was kept
// elsewhere. The log must still begin with it: only this shows that the holder of
// the signing key has not rewritten or cut back the log. The export must then
// begin at or before the trusted checkpoint's end.
//
// An error of the file is a *Flaw; then nothing in the report is proved.
func VerifyExport(r io.Reader, keys VerifierKeys, trustedCheckpoint []byte) (Report, error) {
	v := &verification{lines: bufio.NewReaderSize(r, maxLine), keys: keys, digest: sha256.New(), seq: -1}
	err := v.run(trustedCheckpoint)
	return v.report, err
}

type verification struct {
	lines   *bufio.Reader
	keys    VerifierKeys
	digest  hash.Hash // of all lines before the current one
	line    int64
	seq     int64 // of the entry at hand, or -1
	header  header
	tree    edge
	trusted *Checkpoint
	scratch []byte
	report  Report
}

func (v *verification) flaw(format string, args ...any) error {
	return &Flaw{Line: v.line, Seq: v.seq, Problem: fmt.Sprintf(format, args...)}
}

func (v *verification) run(trusted []byte) error {
	if err := v.readHeader(); err != nil {
		return err
	}
	if err := v.readTrusted(trusted); err != nil {
		return err
	}
	if err := v.readEntries(); err != nil {
		return err
	}
	for i, n := range cover(v.header.To, v.report.Checkpoint.Size) {
		v.tree.add(n.level, v.header.After[i])
	}
	if v.tree.tree() != v.report.Checkpoint.Tree {
		return v.flaw("the leaves do not hash to the checkpoint's root: entries were altered together with their leaves, or the header's hashes were")
	}
	return v.readTrailer()
}

// next reads a line with its line feed.
func (v *verification) next() ([]byte, error) {
	v.line++
	b, err := v.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, v.flaw("longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(b) == 0:
		return nil, v.flaw("the export ends here, without its trailer: it was cut off")
	case errors.Is(err, io.EOF):
		return nil, v.flaw("the export ends within this line: it was cut off")
	}
	return b, err
}

func (v *verification) readHeader() error {
	b, err := v.next()
	if err != nil {
		return err
	}
	h := &v.header
	if !sameJSON(b, h) || h.Format != exportFormat && h.Format != formerExport {
		return v.flaw("not the header of a %q", exportFormat)
	}
	if h.Key != v.keys.Ed25519 || v.keys.MLDSA != "" && h.MLDSAKey != "" && h.MLDSAKey != v.keys.MLDSA {
		return v.flaw("made with another key than the one given")
	}
	cp, err := OpenCheckpoint([]byte(h.Checkpoint), v.keys)
	if err != nil {
		return v.flaw("checkpoint: %v", err)
	}
	v.report = Report{App: h.App, Checkpoint: cp, From: h.From, To: h.To, Opened: h.Opened}
	switch {
	case cp.App != h.App:
		return v.flaw("the checkpoint belongs to another application")
	case h.From < 0 || h.From > h.To || h.To > cp.Size:
		return v.flaw("entries %d to %d of a log of %d", h.From, h.To-1, cp.Size)
	}
	before := cover(0, h.From)
	if len(h.Before) != len(before) || len(h.After) != len(cover(h.To, cp.Size)) {
		return v.flaw("wrong number of hashes beside the entries")
	}
	for i, n := range before {
		v.tree.add(n.level, h.Before[i])
	}
	v.digest.Write(b)
	return nil
}

func (v *verification) readTrusted(signed []byte) error {
	if signed == nil {
		return nil
	}
	cp, err := OpenCheckpoint(signed, v.keys)
	if err != nil {
		return fmt.Errorf("trusted checkpoint: %w", err)
	}
	own := v.report.Checkpoint
	switch {
	case cp.Format > own.Format:
		return v.flaw("the checkpoint is of format %d, and the trusted one already of format %d: a log does not go back", own.Format, cp.Format)
	case cp.Size > own.Size:
		return v.flaw("the log was cut back: it had %d entries at the trusted checkpoint and has %d here", cp.Size, own.Size)
	case cp.Size == own.Size && cp.Root != own.Root:
		return v.flaw("the log was rewritten: of the same size, it had another root at the trusted checkpoint")
	case cp.Size < own.Size && (cp.Size < v.header.From || cp.Size > v.header.To):
		return v.flaw("the trusted checkpoint covers entries 0 to %d and cannot be checked with %d to %d; export from %d or before to %d or after",
			cp.Size-1, v.header.From, v.header.To-1, cp.Size, cp.Size)
	}
	v.trusted = &cp
	return v.anchor()
}

// anchor compares the tree with the trusted one where they have the same size.
func (v *verification) anchor() error {
	if v.trusted == nil || v.trusted.Size != v.tree.size {
		return nil
	}
	if v.tree.tree() != v.trusted.Tree {
		return v.flaw("the log was rewritten: its first %d entries are not those of the trusted checkpoint", v.trusted.Size)
	}
	return nil
}

func (v *verification) readEntries() error {
	l := line{}
	for due := v.header.From; due < v.header.To; due++ {
		v.seq = -1
		b, err := v.next()
		if err != nil {
			return err
		}
		if bytes.HasPrefix(b, []byte(`{"count":`)) {
			return v.flaw("entries %d to %d are missing", due, v.header.To-1)
		}
		v.seq = due
		if err := l.parse(b); err != nil {
			return v.flaw("%v", err)
		}
		switch {
		case l.Seq > due:
			return v.flaw("missing, or out of order: entry %d comes here", l.Seq)
		case l.Seq < due:
			return v.flaw("entry %d comes here: it is there twice, or out of order", l.Seq)
		}
		if v.scratch, err = l.same(b, v.scratch); err != nil {
			return v.flaw("%v", err)
		}
		if l.Format != Format1 && v.header.Format == formerExport {
			return v.flaw("of a format that a %q does not hold", formerExport)
		}
		l.App = v.header.App
		v.scratch = l.AppendLeaf(v.scratch[:0])
		if tlog.RecordHash(v.scratch) != l.leaf {
			return v.flaw("altered: its content is not what was integrated into the tree")
		}
		v.tree.add(0, l.leaf)
		if err := v.anchor(); err != nil {
			return err
		}
		if v.report.First.IsZero() {
			v.report.First = l.Time
		}
		v.report.Last = l.Time
		v.digest.Write(b)
	}
	v.seq = -1
	return nil
}

func (v *verification) readTrailer() error {
	b, err := v.next()
	if err != nil {
		return err
	}
	count := v.header.To - v.header.From
	var t trailer
	if !sameJSON(b, &t) || t.Count != count {
		return v.flaw("not the trailer of an export of %d entries", count)
	}
	said, err := openNote([]byte(t.Statement), VerifierKeys{Ed25519: v.keys.Ed25519})
	if err != nil {
		return v.flaw("trailer: %v", err)
	}
	if said.text != statement(v.header.Format, v.header.App, count+1, v.digest.Sum(nil)) || !said.spelledAs([]byte(t.Statement)) {
		return v.flaw("the trailer was not signed over these lines")
	}
	if rest, err := v.lines.ReadByte(); !errors.Is(err, io.EOF) {
		v.line++
		if err != nil {
			return err
		}
		return v.flaw("something follows the trailer, beginning with byte %#02x", rest)
	}
	if v.trusted != nil {
		v.report.Anchored = v.trusted.Size
	}
	return nil
}

// sameJSON reads a line and reports whether it is spelled as marshalLine does.
func sameJSON(b []byte, into any) bool {
	if json.Unmarshal(b, into) != nil {
		return false
	}
	again, err := marshalLine(into)
	return err == nil && slices.Equal(again, b)
}
