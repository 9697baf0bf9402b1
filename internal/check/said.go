package check

import (
	"context"
	"math"
	"strings"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
)

// maxSaid is how many customers what the log says is kept of at a time. Where there are more, the log
// and the customers are read several times, each time about another part. One takes about 90 bytes.
const maxSaid = 2_000_000

// said is what the log says of rows, up to the entry before next.
type said struct {
	part, parts uint8 // of the customers, by the last byte of their ids; no parts: nothing of customers is kept
	next        int64
	writes      int // of rows, that were noted

	customers map[id.Customer]state
	others    map[string]state // credentials, groups and the application, as entries name them
}

// state is what the log says of a row.
type state struct {
	gone    bool
	revoked bool   // a credential
	known   bool   // the sum is that of the newest state
	sum     uint64 // the first bytes of the checksum as written
	seen    bool   // the row was met
}

func newSaid(part, parts int) *said {
	return &said{part: uint8(part), parts: uint8(parts), customers: make(map[id.Customer]state), others: make(map[string]state)}
}

// has reports whether a customer is of this part. Without parts none is.
func (s *said) has(c id.Customer) bool { return s.parts > 0 && c[len(c)-1]%s.parts == s.part }

// short gives the beginning of a checksum, which is enough to tell two rows apart.
func short(sum []byte) (n uint64) {
	for _, b := range sum[:min(8, len(sum))] {
		n = n<<8 | uint64(b)
	}
	return n
}

// note takes what an entry says. Entries come in order.
func (s *said) note(e *audit.Entry) {
	s.next = e.Seq + 1
	if e.Outcome != audit.Done || e.Code == "replayed" {
		return
	}
	switch e.Action {
	case authz.CustomerCreate, authz.CustomerUpdate, authz.CustomerGetOrCreate, authz.CustomerKYC, authz.CustomerKYCSubmit,
		authz.CustomerImport, authz.CustomerDelete, authz.TransactionCreate, authz.AddressCreate:
		if e.Code == "existed" {
			return
		}
		for i, c := range e.Targets {
			if _, made := s.customers[c]; s.has(c) && (made || creates(e.Action)) {
				s.writes++
				s.customers[c] = s.customers[c].after(e, i, e.Action == authz.CustomerDelete)
			}
		}
	case authz.AppCreate, authz.AppUpdate, authz.AppRemove, authz.KeyCreate, authz.KeyUpdate, authz.KeyRevoke, authz.KeyRotate,
		authz.GroupCreate, authz.GroupUpdate, authz.GroupDelete:
		s.writes++
		s.noteOthers(e)
	}
}

// noteOthers takes what an entry says of its subject, and of the credentials that were revoked with an
// application, which were written before it.
func (s *said) noteOthers(e *audit.Entry) {
	at := len(e.Targets)
	for _, field := range e.Fields {
		if key, ok := strings.CutPrefix(field, "revoked: "); ok && e.Action == authz.AppRemove {
			now := s.others[key].after(e, at, false)
			now.revoked = true
			s.others[key] = now
			at++
		}
	}
	if _, made := s.others[e.Subject]; !made && !creates(e.Action) {
		return
	}
	now := s.others[e.Subject].after(e, at, e.Action == authz.GroupDelete)
	now.revoked = now.revoked || e.Action == authz.KeyRevoke
	s.others[e.Subject] = now
}

// creates reports whether an action makes a row. Others say nothing of a row that was never made.
func creates(action authz.Action) bool {
	switch action {
	case authz.CustomerCreate, authz.CustomerGetOrCreate, authz.CustomerKYCSubmit, authz.CustomerImport,
		authz.AppCreate, authz.KeyCreate, authz.GroupCreate:
		return true
	}
	return false
}

// after gives what is known of a row after an entry that has its checksum at i of Sums, if it wrote the
// row. An entry of the first format has no checksums, so nothing is known of the row that it wrote.
func (s state) after(e *audit.Entry, i int, gone bool) state {
	switch {
	case gone:
		return state{gone: true}
	case i < len(e.Sums) && len(e.Sums[i]) > 0:
		s.known, s.sum = true, short(e.Sums[i])
	case e.Format == audit.Format1:
		s.known = false
	}
	s.gone = false
	return s
}

// catchUp reads the entries that have come since, up to the entry before to.
func (c *checker) catchUp(ctx context.Context, to int64) error {
	for c.said.next < to {
		rows, err := c.cfg.Store.AuditRange(ctx, c.app, c.said.next, int(min(batch, to-c.said.next)))
		if err != nil {
			return err
		}
		for i := range rows {
			e, _ := sequencer.ReadRow(c.app, c.key, &rows[i])
			c.said.note(&e)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return err
		}
	}
	return nil
}

// all is the end of every log.
const all = math.MaxInt64

// moved reports whether a row has changed against what the log says of it, as far as that says it.
func (s state) moved(sum []byte) bool { return s.known && s.sum != short(sum) }
