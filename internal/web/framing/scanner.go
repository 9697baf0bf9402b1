package framing

import (
	"bytes"
	"strconv"

	"custodex.dev/internal/fault"
)

// state is what the next byte belongs to.
type state uint8

const (
	inRequestLine state = iota
	inHeader
	inBody      // of a known length, or the data of a chunk
	inChunkSize // the line with a chunk's size
	inChunkEnd  // the line end after its data
	inTrailer
)

// maxChunkLine is the most bytes of a line with a chunk's size, and of all trailers.
const maxChunkLine = 4 << 10

// scanner follows the messages of one connection.
type scanner struct {
	maxHeader int
	maxBody   int64

	state  state
	head   head
	line   []byte // what has come of the line that is being read
	size   int    // bytes of the header, or of the trailer
	left   int64  // bytes of inBody
	begun  bool   // a message has begun, or a blank line before it
	served bool   // a message has ended
	err    *fault.Error
}

// scan follows b. It returns how many of its bytes belong to the message that is under way,
// or to the next if none is: the rest is for the next scan. With s.err the message goes no
// further than these bytes.
func (s *scanner) scan(b []byte) (n int) {
	for n < len(b) && s.err == nil {
		if s.state == inBody {
			step := int(min(s.left, int64(len(b)-n)))
			n += step
			if s.left -= int64(step); s.left > 0 {
				continue
			}
			if s.head.codings > 0 {
				s.state = inChunkEnd
				continue
			}
			s.ended()
			return n
		}
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			s.take(b[n:])
			return len(b)
		}
		s.take(b[n : n+end])
		done := s.err == nil && s.lineEnded()
		if s.err != nil {
			return n + end // the line does not end, so nobody acts on it
		}
		n += end + 1
		if done {
			s.ended()
			return n
		}
	}
	return n
}

// ended begins anew after a message. Its head stays for those who answer it.
func (s *scanner) ended() { s.state, s.size, s.begun, s.served = inRequestLine, 0, false, true }

// weight is how many bytes of memory an unfinished message takes, roughly, with its connection. It is 0
// between two messages. A body in chunks may become as large as any.
func (s *scanner) weight() int64 {
	switch {
	case !s.begun && s.served:
		return 0
	case s.state == inRequestLine || s.state == inHeader:
		return weightOfConn + weightOfHeader*int64(s.size)
	case s.head.codings > 0:
		return weightOfConn + max(s.maxBody, int64(s.maxHeader))
	}
	return weightOfConn + max(min(s.head.length, s.maxBody), int64(s.maxHeader))
}

// take keeps a part of a line.
func (s *scanner) take(part []byte) {
	s.size += len(part)
	if !s.begun {
		s.begun, s.head = true, head{}
	}
	switch s.state {
	case inRequestLine, inHeader:
		if s.size > s.maxHeader {
			s.err = errHeaderSize
		}
	default:
		if s.size > maxChunkLine {
			s.err = errChunk
		}
	}
	if s.err == nil {
		s.line = append(s.line, part...)
	}
}

// lineEnded reads the line that is complete and reports whether the message is over.
func (s *scanner) lineEnded() (done bool) {
	line, crlf := bytes.CutSuffix(s.line, []byte("\r"))
	s.line = s.line[:0]
	s.size += 2
	switch s.state {
	case inRequestLine:
		if len(line) == 0 {
			return false // between messages; net/http says how many may be there
		}
		if s.err = s.head.requestLine(line); s.err == nil {
			s.state = inHeader
		}
	case inHeader:
		if len(line) > 0 {
			s.err = s.head.field(line)
			return false
		}
		return s.headerEnded()
	case inChunkSize:
		s.chunk(line, crlf)
	case inChunkEnd:
		if len(line) > 0 || !crlf {
			s.err = errChunk
		}
		s.state, s.size = inChunkSize, 0
	case inTrailer:
		if !crlf || len(line) > 0 && new(head).field(line) != nil {
			s.err = errChunk
		}
		return len(line) == 0
	}
	return false
}

// headerEnded decides what follows the header.
func (s *scanner) headerEnded() (done bool) {
	s.err = s.head.end()
	switch {
	case s.err != nil:
	case s.head.codings > 0:
		s.state, s.size = inChunkSize, 0
	case s.head.length > 0:
		s.state, s.left = inBody, s.head.length
	default:
		return true
	}
	return false
}

// chunk reads the line with a chunk's size: hexadecimal digits, and extensions that nobody
// reads.
func (s *scanner) chunk(line []byte, crlf bool) {
	digits, _, extended := bytes.Cut(line, []byte(";"))
	if !extended { // net/http takes blanks at the end of the line, and not before an extension
		digits = bytes.TrimRight(digits, " \t")
	}
	n, err := strconv.ParseUint(string(digits), 16, 63)
	if err != nil || !crlf || !isText(line) {
		s.err = errChunk
		return
	}
	s.state, s.left, s.size = inBody, int64(n), 0
	if n == 0 {
		s.state = inTrailer
	}
}
