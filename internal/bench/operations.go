package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operation is one kind of request to measure.
type operation struct {
	name, what  string
	connections int  // at most; 0: as many as there are
	priced      bool // measured again on the server without audit
	unaudited   bool // this is that
	begin       func(w *wire, worker int) task
}

// names are the operations in the order in which they are measured. Those that write
// come last.
var names = []string{
	"fetch", "fetch-unaudited", "list", "list-unaudited", "skip", "walk",
	"search-common", "search-rare", "search-absent", "search-one-character", "search-email", "search-full-name",
	"update", "update-unaudited", "create", "create-unaudited", "create-keyed",
}

// searchers is the maximum number of connections that search: in practice few of many
// clients search at the same time.
const searchers = 8

// stock holds the paths and terms that the operations draw from.
type stock struct {
	paths                     []string // of random customers
	common, rare, full, email []string // queries
	salt                      uint64   // random; keeps what is created in two runs apart
}

// operations gives the operations that the target supports.
func (r *run) operations() []operation {
	skip := min(10_000, max(r.have-10, 0))
	all := []operation{
		{name: "fetch", what: "one customer by id", begin: r.fetch, priced: true},
		{name: "list", what: "the 10 newest", begin: r.get(r.one("?take=10"), somebody), priced: true},
		{name: "skip", what: fmt.Sprintf("10 after skip=%d", skip), begin: r.get(r.one("?take=10&skip="+strconv.Itoa(skip)), somebody)},
		{name: "walk", what: "pages of 100 by cursor", begin: r.walk},
		{name: "search-common", what: "10 by the commonest names", connections: searchers, begin: r.get(r.common, somebody)},
		{name: "search-rare", what: "10 by rare family names", connections: searchers, begin: r.get(r.rare, somebody)},
		{name: "search-absent", what: "names that nobody has", connections: searchers, begin: r.get(absent(), nobody)},
		{name: "search-one-character", what: "10 by one character", connections: searchers, begin: r.get(oneCharacter(), anybody)},
		{name: "search-email", what: "10 by a piece of an address", connections: searchers, begin: r.get(r.email, somebody)},
		{name: "search-full-name", what: "10 by first and last name", connections: searchers, begin: r.get(r.full, somebody)},
		{name: "update", what: "another phone number", begin: r.update, priced: true},
		{name: "create", what: "a new customer", begin: r.create(false), priced: true},
		{name: "create-keyed", what: "a new customer, with an idempotency key", begin: r.create(true)},
	}
	if r.NoComparison || r.without == nil {
		return all
	}
	var twice []operation
	for _, op := range all {
		twice = append(twice, op)
		if op.priced {
			op.name, op.unaudited = op.name+"-unaudited", true
			twice = append(twice, op)
		}
	}
	return twice
}

// prepare draws the stock and has the search index built.
func (r *run) prepare(ctx context.Context) error {
	r.Status("drawing customers")
	r.salt = rand.Uint64()
	ids, err := r.sample(ctx, 50_000)
	if err != nil {
		return fmt.Errorf("draw customers: %w", err)
	}
	if len(ids) == 0 {
		return errors.New("draw customers: there are none")
	}
	for _, id := range ids {
		r.paths = append(r.paths, customers+"/"+id)
	}
	w := newWire(ctx, r.to)
	defer w.close()
	text, err := r.drawTerms(w)
	if err != nil {
		return fmt.Errorf("draw customers: %w", err)
	}
	if !slices.ContainsFunc(names, func(op string) bool { return strings.HasPrefix(op, "search") && r.wanted(op) }) {
		return nil
	}
	return r.buildIndex(ctx, w, text)
}

// indexTimeout is how long to wait for an index. An index that would not fit into
// memory is never built; searches then read the database.
const indexTimeout = 5 * time.Minute

// buildIndex makes a search, which starts the build of the index, and waits for it.
func (r *run) buildIndex(ctx context.Context, w *wire, text float64) error {
	r.Status("building the search index")
	begun := time.Now()
	if err := w.call("GET", absent()[0], nil, 200); err != nil {
		return fmt.Errorf("first search: %w", err)
	}
	bytes, _ := r.memory()
	for ; bytes == 0 && r.engine() != "url" && time.Since(begun) < indexTimeout; bytes, _ = r.memory() {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.report.Index = &Index{
		ReadyMS: ms(time.Since(begun)), Bytes: bytes,
		BytesPerCustomer: round(float64(bytes) / float64(r.have)), TextPerCustomer: round(text),
	}
	return nil
}

// dropIndex shows that the memory of an index is freed.
func (r *run) dropIndex(context.Context) error {
	if r.report.Index == nil || r.drop == nil {
		return nil
	}
	resident := func() int64 {
		debug.FreeOSMemory()
		_, process := r.memory()
		return process
	}
	r.report.Index.ProcessBytes = resident()
	r.drop()
	r.report.Index.DroppedBytes = resident()
	return nil
}

// drawTerms reads some customers and makes search terms of their names. It returns the
// average length of their text.
func (r *run) drawTerms(w *wire) (text float64, err error) {
	const n = 512
	given, family := map[string]int{}, map[string]int{}
	for i := range n {
		if err := w.call("GET", r.paths[i*len(r.paths)/n], nil, 200); err != nil {
			return 0, err
		}
		var p Person
		if err := json.Unmarshal(w.body, &p); err != nil {
			return 0, errors.New("the answer is not a customer")
		}
		text += float64(len(p.Given)+len(p.Family)+len(p.Email)) / n
		given[p.Given]++
		family[p.Family]++
		r.full = append(r.full, find("name", p.Given+" "+p.Family))
		if local, host, ok := strings.Cut(p.Email, "@"); ok {
			r.email = append(r.email, find("email", local[max(0, len(local)-4):]+"@"+host[:min(3, len(host))]))
		}
	}
	if len(r.email) == 0 {
		r.email = []string{find("email", "@")}
	}
	frequent := sorted(given, func(a, b string) int { return given[b] - given[a] })
	for _, name := range frequent[:min(8, len(frequent))] {
		r.common = append(r.common, find("name", name))
	}
	unusual := sorted(family, func(a, b string) int {
		return cmp.Or(family[a]-family[b], len(b)-len(a))
	})
	for _, name := range unusual[:min(64, len(unusual))] {
		r.rare = append(r.rare, find("name", name))
	}
	return text, nil
}

func sorted(names map[string]int, compare func(a, b string) int) []string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(compare(a, b), strings.Compare(a, b)) })
	return list
}

func find(by, term string) string { return customers + "?take=10&" + by + "=" + url.QueryEscape(term) }

func finds(by string, terms ...string) []string {
	list := make([]string, len(terms))
	for i, term := range terms {
		list[i] = find(by, term)
	}
	return list
}

// absent gives searches for names that nobody has: some with rare combinations of
// letters, and some made of common pieces, which take longer to rule out.
func absent() []string {
	return finds("name", "zzyzx", "marianderson zz", "qqfx", "anananananan", "garciahnsen", "smith garcía ober zy")
}

func oneCharacter() []string {
	return finds("name", "a", "e", "m", "z", "q", "ø", "ж", "王", "م", "ÿ")
}

// shape checks the response to a list.
type shape func(body []byte) bool

func somebody(body []byte) bool { return len(body) > len("[]") }
func nobody(body []byte) bool   { return string(body) == "[]" }
func anybody([]byte) bool       { return true }

var errShape = errors.New("the list is empty and should not be, or the other way round")

func (r *run) one(query string) []string { return []string{customers + query} }

// dice gives each worker its own random numbers.
func (r *run) dice(worker int) *rand.Rand { return rand.New(rand.NewPCG(r.salt, uint64(worker))) }

// get requests random paths and checks the shape of the response.
func (r *run) get(paths []string, want shape) func(*wire, int) task {
	return func(w *wire, worker int) task {
		d := r.dice(worker)
		return func() error {
			err := w.call("GET", paths[d.IntN(len(paths))], nil, 200)
			if err == nil && !want(w.body) {
				err = errShape
			}
			return err
		}
	}
}

func (r *run) fetch(w *wire, worker int) task {
	d := r.dice(worker)
	return func() error { return w.call("GET", r.paths[d.IntN(len(r.paths))], nil, 200) }
}

// walk follows the link to the next page, and starts again after the last one.
func (r *run) walk(w *wire, _ int) task {
	const first = customers + "?take=100"
	next := first
	return func() error {
		err := w.call("GET", next, nil, 200)
		next = first
		if target, _, ok := strings.Cut(strings.TrimPrefix(w.link, "<"), ">"); err == nil && ok {
			next = target
		}
		return err
	}
}

func (r *run) update(w *wire, worker int) task {
	d := r.dice(worker)
	return func() error {
		body := fmt.Appendf(nil, `{"phone_number":"+1-555-%07d"}`, d.IntN(10_000_000))
		return w.call("PATCH", r.paths[d.IntN(len(r.paths))], body, 200)
	}
}

// create makes people with numbers that no fill uses.
func (r *run) create(keyed bool) func(*wire, int) task {
	return func(w *wire, _ int) task {
		people := NewPeople(r.salt)
		return func() error {
			n := 1<<40 + rand.Uint64N(1<<50)
			body, err := json.Marshal(people.Person(n))
			if err != nil {
				return err
			}
			if keyed {
				return w.call("POST", customers, body, 201, fmt.Sprintf("Idempotency-Key: bench-%x-%x", r.salt, n))
			}
			return w.call("POST", customers, body, 201)
		}
	}
}
