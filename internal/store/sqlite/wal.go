package sqlite

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// errForeignLog is a write-ahead log beside a database file that it was not written for.
// SQLite does not notice: it copies the pages of the log into the file.
var errForeignLog = errors.New("the write-ahead log beside the database does not belong to it; " +
	"the database file was replaced, or copied while a server used it")

// The format of the log: https://www.sqlite.org/fileformat2.html, section 4.
const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // the lowest bit says that checksums are big-endian
	maxPage     = 64 << 10
)

// stamp is what the first page of a database says about its origin.
type stamp struct {
	schema   uint32 // SQLite's schema cookie; copies by VACUUM INTO and .backup have another
	epoch    uint32 // see epoch.go
	previous uint32 // the epoch before it
}

func stampOf(page []byte) stamp {
	return stamp{
		schema:   binary.BigEndian.Uint32(page[40:]),
		epoch:    binary.BigEndian.Uint32(page[60:]),
		previous: binary.BigEndian.Uint32(page[68:]),
	}
}

// logContent is what a write-ahead log would bring into the database.
type logContent struct {
	commits int
	stamps  []stamp // of each first page in it, in order
}

// checkLog refuses a log that was written for another state of the database file. The
// file must have the stamp of a first page in the log, or the epoch before the
// first of them. It reports whether there is anything in the log, which is so
// after a process was killed. No connection may be open.
func checkLog(path string) (unclean bool, err error) {
	content, err := readLog(path + "-wal")
	if err != nil {
		return false, fmt.Errorf("read the write-ahead log: %w", err)
	}
	if content.commits == 0 {
		return false, nil
	}
	head, err := readHead(path)
	if err != nil {
		return false, err
	}
	if head == nil || head[18] != 2 { // empty, or not a file with such a log
		return false, errForeignLog
	}
	file := stampOf(head)
	if file.schema == 0 || len(content.stamps) == 0 {
		return true, nil // Init was killed, or another program wrote: nothing can be told
	}
	if first := content.stamps[0]; first.previous == file.epoch && first.schema == file.schema {
		return true, nil
	}
	for _, s := range content.stamps {
		if s.epoch == file.epoch && s.schema == file.schema {
			return true, nil
		}
	}
	return false, errForeignLog
}

// readHead gives the header of a database file; nil if the file is shorter.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 100)
	_, err = io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		head, err = nil, nil
	}
	return head, errors.Join(err, f.Close())
}

// readLog reads the log as SQLite would: up to the last commit before the first frame that
// is not whole or is left from an earlier use of the file.
func readLog(path string) (content logContent, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	if err != nil {
		return content, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReaderSize(f, 1<<20)
	head := make([]byte, logHeader)
	if _, err := io.ReadFull(r, head); err != nil {
		return content, ended(err)
	}
	page := binary.BigEndian.Uint32(head[8:])
	magic := binary.BigEndian.Uint32(head)
	if magic&^1 != logMagic || page < 512 || page > maxPage {
		return content, nil
	}
	sum := &checksum{order: binary.LittleEndian}
	if magic&1 == 1 {
		sum.order = binary.BigEndian
	}
	if sum.add(head[:24]); !sum.is(head[24:]) {
		return content, nil
	}
	salts := [8]byte(head[16:24])
	return content, readFrames(r, sum, salts, make([]byte, frameHeader+page), &content)
}

func readFrames(r io.Reader, sum *checksum, salts [8]byte, frame []byte, content *logContent) error {
	var pending []stamp // of the transaction that is being read
	for {
		if _, err := io.ReadFull(r, frame); err != nil {
			return ended(err)
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		if [8]byte(frame[8:16]) != salts || !sum.is(frame[16:]) {
			return nil
		}
		if binary.BigEndian.Uint32(frame) == 1 {
			pending = append(pending, stampOf(frame[frameHeader:]))
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 { // a commit
			content.commits++
			content.stamps = append(content.stamps, pending...)
			pending = pending[:0]
		}
	}
}

// ended makes the end of the file no error.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum is the running checksum of the log.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

// is reports whether the checksum is the stored one, which is always big-endian.
func (c *checksum) is(stored []byte) bool {
	return binary.BigEndian.Uint32(stored) == c.s0 && binary.BigEndian.Uint32(stored[4:]) == c.s1
}
