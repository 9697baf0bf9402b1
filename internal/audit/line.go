package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

// A line is one entry of an export. Its JSON has one spelling only: appendTo's. A
// reader that finds another has found an alteration. Entries of Format1 keep the spelling that
// release 0.1.0 gave them.
type line struct {
	Entry         // without App, which the header has
	leaf   Hash   // as the tree has it; the entry's own if nobody altered the entry
	origin Origin // set if opened
	opened bool
}

// appendTo appends the line with its line feed. It fails if a text is not UTF-8,
// a time is outside the years 0 to 9999, or the outcome is unknown.
func (l *line) appendTo(b []byte) ([]byte, error) {
	var failed error
	text := func(member, s string) {
		b = append(b, member...)
		var err error
		if b, err = jsontext.AppendQuote(b, s); err != nil {
			failed = fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, l.Seq, 10)
	if l.Format != Format1 {
		b = append(b, formatMember...)
	}
	b = append(b, `,"time":"`...)
	b = l.Time.AppendFormat(b, timeForm)
	text(`","actor":`, l.Actor)
	text(`,"action":`, string(l.Action))
	text(`,"outcome":`, l.Outcome.String())
	text(`,"code":`, l.Code)
	text(`,"dialect":`, l.Dialect)
	text(`,"request":`, string(l.Request))
	b = append(b, `,"targets":[`...)
	for i, t := range l.Targets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(t.AppendText(append(b, '"')), '"')
	}
	text(`],"subject":`, l.Subject)
	b = append(b, `,"fields":[`...)
	for i, f := range l.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		text(``, f)
	}
	b = append(b, ']')
	b = l.appendSums(b)
	if l.PersonalGone != nil {
		b = append(b, `,"personal_gone":true`...)
		b = appendBytes(append(b, `,"personal_sha256":`...), l.PersonalGone[:])
	} else {
		b = appendBytes(append(b, `,"personal":`...), l.Personal)
	}
	b = appendBytes(append(b, `,"leaf":`...), l.leaf[:])
	if l.opened {
		text(`,"origin":{"owner":`, l.origin.Owner)
		for _, m := range l.originMembers() {
			text(m.name, *m.value)
		}
		b = append(b, '}')
	}
	if y := l.Time.Year(); y < 0 || y > 9999 || l.Outcome.String() == "unknown" {
		failed = ErrMalformed
	}
	return append(b, "}\n"...), failed
}

// originMember is a text of the origin with what stands before it in a line.
type originMember struct {
	name  string
	value *string
}

// originMembers are the texts of the origin after the first. Entries of Format1 were made before
// there were more than three.
func (l *line) originMembers() []originMember {
	o := &l.origin
	members := []originMember{
		{`,"address":`, &o.Address}, {`,"user_agent":`, &o.UserAgent}, {`,"acting_user":`, &o.ActingUser},
		{`,"reason":`, &o.Reason}, {`,"purpose":`, &o.Purpose}, {`,"operator":`, &o.Operator},
	}
	if l.Format == Format1 {
		return members[:3]
	}
	return members
}

// formatMember names the format of an entry that is not of Format1.
const formatMember = `,"format":2`

func (l *line) appendSums(b []byte) []byte {
	if l.Format == Format1 {
		return b
	}
	b = append(b, `,"sums":[`...)
	for i, sum := range l.Sums {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBytes(b, sum)
	}
	return append(b, ']')
}

// appendBytes appends bytes as base64 in quotation marks.
func appendBytes(b, raw []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
}

var errLine = errors.New("not an entry in the form of an export")

// parse reads a line that appendTo made, or fails.
func (l *line) parse(b []byte) error {
	r := lineReader{b: b}
	r.skip(`{"seq":`)
	l.Seq = r.number()
	l.Format = Format1
	if r.next(formatMember) {
		r.skip(formatMember)
		l.Format = Format2
	}
	r.skip(`,"time":`)
	at, err := time.Parse(timeForm, r.text())
	if err != nil {
		return errLine
	}
	l.Time = at
	r.skip(`,"actor":`)
	l.Actor = r.text()
	r.skip(`,"action":`)
	l.Action = authz.Action(r.text())
	r.skip(`,"outcome":`)
	l.Outcome = parseOutcome(r.text())
	r.skip(`,"code":`)
	l.Code = r.text()
	r.skip(`,"dialect":`)
	l.Dialect = r.text()
	r.skip(`,"request":`)
	l.Request = id.Request(r.text())
	r.skip(`,"targets":`)
	l.Targets = l.Targets[:0]
	r.list(func() {
		c, err := id.ParseCustomer(r.text())
		r.bad = r.bad || err != nil
		l.Targets = append(l.Targets, c)
	})
	r.skip(`,"subject":`)
	l.Subject = r.text()
	r.skip(`,"fields":`)
	l.Fields = l.Fields[:0]
	r.list(func() { l.Fields = append(l.Fields, r.text()) })
	l.parseSums(&r)
	l.parsePersonal(&r)
	r.skip(`,"leaf":`)
	l.leaf = r.hash()
	if l.opened = r.next(`,"origin":`); l.opened {
		r.skip(`,"origin":{"owner":`)
		l.origin.Owner = r.text()
		for _, m := range l.originMembers() {
			r.skip(m.name)
			*m.value = r.text()
		}
		r.skip(`}`)
	}
	r.skip("}\n")
	if r.bad || len(r.b) > 0 {
		return errLine
	}
	return nil
}

func (l *line) parseSums(r *lineReader) {
	l.Sums = l.Sums[:0]
	if l.Format == Format1 {
		return
	}
	r.skip(`,"sums":`)
	r.list(func() { l.Sums = append(l.Sums, r.base64(nil)) })
}

// parsePersonal reads the personal part, or what is left of it.
func (l *line) parsePersonal(r *lineReader) {
	l.Personal, l.PersonalGone = l.Personal[:0], nil
	if l.Format == Format1 || !r.next(`,"personal_gone":`) {
		r.skip(`,"personal":`)
		l.Personal = r.base64(l.Personal)
		return
	}
	r.skip(`,"personal_gone":true,"personal_sha256":`)
	sum := r.hash()
	l.PersonalGone = &sum
}

func parseOutcome(s string) Outcome {
	for o := Done; o <= Refused; o++ {
		if o.String() == s {
			return o
		}
	}
	return 0
}

// same checks that b is the one spelling of the line; scratch is reused.
func (l *line) same(b, scratch []byte) ([]byte, error) {
	scratch, err := l.appendTo(scratch[:0])
	if err != nil {
		return scratch, errLine
	}
	if !bytes.Equal(b, scratch) {
		return scratch, fmt.Errorf("%w: spelled in another way", errLine)
	}
	return scratch, nil
}

// lineReader reads JSON of a known shape without spaces.
type lineReader struct {
	b   []byte
	bad bool
}

// next reports whether s comes next.
func (r *lineReader) next(s string) bool { return len(r.b) >= len(s) && string(r.b[:len(s)]) == s }

func (r *lineReader) skip(s string) {
	if !r.next(s) {
		r.bad, r.b = true, nil
		return
	}
	r.b = r.b[len(s):]
}

func (r *lineReader) number() int64 {
	n := 0
	for n < len(r.b) && '0' <= r.b[n] && r.b[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(string(r.b[:n]), 10, 64)
	if err != nil {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// quoted takes a string with its quotation marks.
func (r *lineReader) quoted() []byte {
	if len(r.b) > 0 && r.b[0] == '"' {
		for i := 1; i < len(r.b); i++ {
			switch r.b[i] {
			case '\\':
				i++
			case '"':
				q := r.b[:i+1]
				r.b = r.b[i+1:]
				return q
			}
		}
	}
	r.bad, r.b = true, nil
	return nil
}

func (r *lineReader) text() string {
	q := r.quoted()
	if q == nil {
		return ""
	}
	if bytes.IndexByte(q, '\\') < 0 {
		return string(q[1 : len(q)-1]) // invalid UTF-8 shows when it is spelled again
	}
	s, err := jsontext.AppendUnquote(nil, q)
	if err != nil {
		r.bad, r.b = true, nil
	}
	return string(s)
}

func (r *lineReader) base64(into []byte) []byte {
	q := r.quoted()
	if q == nil {
		return nil
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(into, q[1:len(q)-1])
	if err != nil {
		r.bad, r.b = true, nil
	}
	return raw
}

func (r *lineReader) hash() (h Hash) {
	raw := r.base64(nil)
	if len(raw) != tlog.HashSize {
		r.bad = true
		return h
	}
	return Hash(raw)
}

// list calls item at the start of each element.
func (r *lineReader) list(item func()) {
	r.skip(`[`)
	for first := true; !r.bad; first = false {
		if len(r.b) > 0 && r.b[0] == ']' {
			r.b = r.b[1:]
			return
		}
		if !first {
			r.skip(`,`)
		}
		item()
	}
}
