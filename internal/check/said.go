package check

import (
	"maps"
	"strings"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

// maxSaid is of how many customers and items what the log says is kept at a time. Where there are more, the log
// and the customers are read several times, each time about another part. One takes about 90 bytes.
const maxSaid = 2_000_000

// said is what the log says of rows, up to the entry before next.
type said struct {
	part, parts int   // of the customers, by the last byte of their ids; no parts: nothing of customers and groups is kept
	most        int64 // customers and items that are kept: where there are more, the part is halved
	halves      []half
	next        int64
	doubt       bool // of the entry that is being noted

	customers map[id.Customer]state
	items     map[id.Item]item // of these customers
	jobs      map[string]jobState
	others    map[string]state // credentials, groups and the application, as entries name them

	living      int64 // customers of the part that were not deleted
	until, then int64 // living before entry until

	// While rows are read beside a server, the states before each change: of these customers only, and
	// of all others. A row that was read meanwhile was in one of them, or in the state that is the newest.
	earlier       map[id.Customer][]state
	earlierOthers map[string][]state
	earlierJobs   map[string][]jobState
}

// state is what the log says of a row.
type state struct {
	made    bool // it has a creation; without it nothing is known of the row
	gone    bool
	revoked bool   // a credential
	known   bool   // the sum is that of the newest state
	sum     uint64 // the first bytes of the checksum as written
	doubted bool   // a change since then has an altered entry: the row has any state but that of the sum
	seen    bool   // the row was met

	changes   uint32 // of the row of a customer, each of which has kept the state before it
	uncounted bool   // there may be others
}

// half is a part of the customers that waits for its turn.
type half struct{ part, parts int }

// maxParts is how many parts the last byte of an id tells apart.
const maxParts = 256

func newSaid(h half, until, most int64) *said {
	return &said{
		part: h.part, parts: h.parts, until: until, most: most,
		customers: make(map[id.Customer]state), items: make(map[id.Item]item), others: make(map[string]state),
		jobs: make(map[string]jobState),
	}
}

// halve leaves a half of the part to another turn.
func (s *said) halve() {
	s.halves = append(s.halves, half{s.part + s.parts, 2 * s.parts})
	s.parts *= 2
	maps.DeleteFunc(s.customers, func(c id.Customer, _ state) bool { return !s.has(c) })
	maps.DeleteFunc(s.items, func(_ id.Item, i item) bool { return !s.has(i.owner) })
	s.living = 0
	for _, c := range s.customers {
		if c.present() {
			s.living++
		}
	}
}

// follow begins to keep earlier states: of these customers, and of all others.
func (s *said) follow(customers suspects) {
	s.earlier, s.earlierOthers = make(map[id.Customer][]state, len(customers)), make(map[string][]state)
	s.earlierJobs = make(map[string][]jobState)
	for c := range customers {
		s.earlier[c] = nil
	}
}

// customer gives the states of a customer since follow, the newest first.
func (s *said) customer(c id.Customer) []state {
	return append([]state{s.customers[c]}, s.earlier[c]...)
}

// other gives the states of another row since follow, the newest first.
func (s *said) other(name string) []state {
	return append([]state{s.others[name]}, s.earlierOthers[name]...)
}

// verdict gives what is wrong with a row by the newest of its states, and no kind if it fits any of them.
func verdict[S any](states []S, judge func(S) (Kind, string)) (kind Kind, text string) {
	for i, state := range states {
		k, t := judge(state)
		if k == "" {
			return "", ""
		}
		if i == 0 {
			kind, text = k, t
		}
	}
	return kind, text
}

// has reports whether a customer is of this part. Without parts none is.
func (s *said) has(c id.Customer) bool { return s.parts > 0 && int(c[len(c)-1])%s.parts == s.part }

// short gives the beginning of a checksum, which is enough to tell two rows apart.
func short(sum []byte) (n uint64) {
	for _, b := range sum[:min(8, len(sum))] {
		n = n<<8 | uint64(b)
	}
	return n
}

// note takes what an entry says. Entries come in order. One that was altered is believed that it is about
// a row, so that its alteration is one finding and not one of each row too, and nothing else.
func (s *said) note(e *audit.Entry, intact bool) {
	s.next, s.doubt = e.Seq+1, !intact
	if e.Outcome == audit.Done && e.Code != "replayed" {
		s.noteDone(e)
	}
	s.noteJob(e)
	if s.next > s.until {
		return
	}
	for s.parts > 0 && s.parts < maxParts && int64(len(s.customers)+len(s.items)) > s.most {
		s.halve()
	}
	s.then = s.living
}

func (s *said) noteDone(e *audit.Entry) {
	switch e.Action {
	case authz.CustomerCreate, authz.CustomerUpdate, authz.CustomerGetOrCreate, authz.CustomerKYC, authz.CustomerKYCSubmit,
		authz.CustomerImport, authz.CustomerDelete, authz.TransactionCreate, authz.AddressCreate, authz.CustomerSum:
		if e.Code == "existed" {
			return
		}
		for i, c := range e.Targets {
			if s.has(c) && (s.customers[c].made || creates(e.Action)) {
				s.putCustomer(c, s.after(s.customers[c], e, i, e.Action == authz.CustomerDelete))
			}
		}
		s.noteItem(e)
	case authz.GroupCreate, authz.GroupUpdate, authz.GroupDelete:
		if s.parts > 0 {
			s.noteOthers(e)
		}
	case authz.AppCreate, authz.AppUpdate, authz.AppRemove, authz.KeyCreate, authz.KeyUpdate, authz.KeyRevoke, authz.KeyRotate:
		s.noteOthers(e)
	}
}

// noteOthers takes what an entry says of its subject, and of the credentials that were revoked with an
// application, which were written before it.
func (s *said) noteOthers(e *audit.Entry) {
	at := len(e.Targets)
	for _, field := range e.Fields {
		if key, ok := strings.CutPrefix(field, "revoked: "); ok && e.Action == authz.AppRemove {
			now := s.after(s.others[key], e, at, false)
			now.revoked = now.revoked || !s.doubt
			s.putOther(key, now)
			at++
		}
	}
	if !s.others[e.Subject].made && !creates(e.Action) {
		return
	}
	now := s.after(s.others[e.Subject], e, at, e.Action == authz.GroupDelete)
	now.revoked = now.revoked || e.Action == authz.KeyRevoke && !s.doubt
	s.putOther(e.Subject, now)
}

func (s *said) putCustomer(c id.Customer, now state) {
	was := s.customers[c]
	if followed, ok := s.earlier[c]; ok {
		s.earlier[c] = append(followed, was)
	}
	if was.present() {
		s.living--
	}
	if now.present() {
		s.living++
	}
	s.customers[c] = now
}

func (s *said) putOther(name string, now state) {
	if s.earlierOthers != nil {
		s.earlierOthers[name] = append(s.earlierOthers[name], s.others[name])
	}
	s.others[name] = now
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

// after gives what is known of a row, of which was was, after an entry that has its checksum at i of
// Sums, if it wrote the row. An entry of the first format has no checksums, so nothing is known of the
// row that it wrote.
func (s *said) after(was state, e *audit.Entry, i int, gone bool) state {
	now := was
	now.made, now.gone = true, gone
	if was.made && i < len(e.Sums) && len(e.Sums[i]) > 0 && e.Action != authz.CustomerSum {
		now.changes++
	}
	now.uncounted = now.uncounted || s.doubt
	switch {
	case gone:
		now.known, now.doubted = false, s.doubt
	case i < len(e.Sums) && len(e.Sums[i]) > 0 && s.doubt:
		now.doubted = true
	case i < len(e.Sums) && len(e.Sums[i]) > 0:
		now.known, now.sum, now.doubted = true, short(e.Sums[i]), false
	case e.Format == audit.Format1 || s.doubt:
		now.known = false
	}
	return now
}

// absent reports whether the log has no row, or a deletion of it.
func (s state) absent() bool { return !s.made || s.gone && !s.doubted }

// present reports whether the log has the row, and no deletion of it.
func (s state) present() bool { return s.made && !s.gone }

// moved reports whether a row has changed against what the log says of it, as far as that says it.
func (s state) moved(sum []byte) bool { return s.known && (s.sum == short(sum)) == s.doubted }
