package bench_test

import (
	"strings"
	"testing"
	"unicode"

	"custodex.dev/internal/bench"
)

func TestPeopleAreAlwaysTheSame(t *testing.T) {
	t.Parallel()
	a, b, other := bench.NewPeople(7), bench.NewPeople(7), bench.NewPeople(8)
	differ := 0
	for n := range uint64(1000) {
		if a.Person(n) != b.Person(n) {
			t.Fatalf("person %d of one seed is two persons", n)
		}
		if a.Person(n) != other.Person(n) {
			differ++
		}
	}
	if differ < 990 {
		t.Errorf("only %d of 1000 people of another seed are others", differ)
	}
	// Every fill must go on with the people of the ones before: what this person is
	// may not change.
	if got, want := bench.NewPeople(20_261).Person(12_345).Email, "@"; !strings.Contains(got, "12345") || !strings.Contains(got, want) {
		t.Errorf("the address of person 12345 is without number or host")
	}
}

func TestPeopleAreValidAndTheirAddressesTheirOwn(t *testing.T) {
	t.Parallel()
	people, seen := bench.NewPeople(1), map[string]bool{}
	for _, from := range []uint64{0, 1 << 40} {
		for n := from; n < from+30_000; n++ {
			p := people.Person(n)
			if _, problems := p.Input().Create(); len(problems) > 0 {
				t.Fatalf("person %d: %+v", n, problems)
			}
			if p.Email != "" && seen[p.Email] {
				t.Fatalf("the address of person %d is somebody else's", n)
			}
			seen[p.Email] = true
		}
	}
}

func TestPeopleAreSkewed(t *testing.T) {
	t.Parallel()
	const n = 40_000
	given, family, hosts := map[string]int{}, map[string]int{}, map[string]int{}
	marks := map[string]int{}
	scripts := map[string]*unicode.RangeTable{
		"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Arabic": unicode.Arabic,
		"Hebrew": unicode.Hebrew, "Han": unicode.Han, "Hangul": unicode.Hangul, "emoji": unicode.So,
	}
	people := bench.NewPeople(3)
	for i := range uint64(n) {
		p := people.Person(i)
		given[p.Given]++
		family[p.Family]++
		if _, host, ok := strings.Cut(p.Email, "@"); ok {
			hosts[host]++
		} else {
			marks["no address"]++
		}
		marks[p.Type]++
		marks[p.Status]++
		for name, table := range scripts {
			if strings.ContainsFunc(p.Given, func(r rune) bool { return unicode.Is(table, r) }) {
				marks[name]++
			}
		}
		if strings.ContainsFunc(p.Given+p.Family, func(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.Latin, r) }) {
			marks["accents"]++
		}
	}
	share := func(what string, got int, low, high float64) {
		t.Helper()
		if s := 100 * float64(got) / n; s < low || s > high {
			t.Errorf("%s: %.2f %%, want %g to %g %%", what, s, low, high)
		}
	}
	top := func(counts map[string]int) (most int) {
		for _, c := range counts {
			most = max(most, c)
		}
		return most
	}
	once := func(counts map[string]int) (people int) {
		for _, c := range counts {
			if c == 1 {
				people++
			}
		}
		return people
	}
	share("the commonest given name", top(given), 0.7, 4)
	share("the commonest family name", top(family), 0.5, 4)
	share("family names that one person has", once(family), 2, 30)
	share("the commonest mail host", top(hosts), 8, 30)
	share("hosts that one person has", once(hosts), 0.2, 8)
	share("no address", marks["no address"], 4, 6)
	share("active", marks["ACTIVE"], 85, 97)
	share("blacklisted", marks["BLACKLISTED"], 1, 4)
	share("individuals", marks["Individual"], 85, 95)
	share("accents", marks["accents"], 15, 50)
	share("Latin", marks["Latin"], 60, 90)
	for _, script := range []string{"Cyrillic", "Han", "Arabic"} {
		share(script, marks[script], 1, 12)
	}
	for _, script := range []string{"Greek", "Hebrew", "Hangul", "emoji"} {
		share(script, marks[script], 0.05, 3)
	}
}
