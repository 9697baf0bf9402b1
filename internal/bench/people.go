package bench

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"custodex.dev/internal/customer"
)

// Person is an invented customer. Its json tags are the properties of a create request
// of the Devdraft API.
type Person struct {
	Given  string `json:"first_name"`
	Family string `json:"last_name"`
	Email  string `json:"email,omitempty"`
	Phone  string `json:"phone_number"`
	Type   string `json:"customer_type"`
	Status string `json:"status"`
}

// People invents persons. The same seed and number always give the same person, and two
// numbers of a seed never give the same e-mail address. Names are about as unevenly
// distributed as real ones, in several scripts. Mail hosts are shared, and one person
// in twenty has no address.
type People struct{ seed uint64 }

// NewPeople gives the people of a seed.
func NewPeople(seed uint64) People { return People{seed} }

// Person gives the person with a number.
func (p People) Person(n uint64) Person {
	d := dice{rand.New(rand.NewPCG(p.seed, n))}
	c := d.culture()
	given, family := d.pick(c.first), d.family(c)
	if d.percent(c.doubled) {
		given += " " + d.pick(c.first)
	}
	out := Person{Given: given, Family: family, Phone: d.phone(c), Type: "Individual", Status: "ACTIVE"}
	if !d.percent(5) {
		out.Email = d.email(c, given, family, n)
	}
	if d.r.IntN(400) == 0 {
		out.Given += " " + d.pick(emoji)
	}
	if d.percent(9) {
		out.Type = d.pick(customer.TypeNames()[1:])
	}
	switch {
	case d.percent(5):
		out.Status = "DEACTIVATED"
	case d.percent(2):
		out.Status = "BLACKLISTED"
	}
	return out
}

// Input is the person as the domain takes it.
func (p Person) Input() customer.Input {
	text := func(s string) customer.Text { return customer.Text{Sent: s != "", Value: s} }
	return customer.Input{
		Given: text(p.Given), Family: text(p.Family), Email: text(p.Email),
		Phone: text(p.Phone), Type: text(p.Type), Status: text(p.Status),
	}
}

type dice struct{ r *rand.Rand }

func (d dice) percent(n int) bool { return d.r.IntN(100) < n }

// pick favours the front of the list: the k-th is drawn in proportion to
// 1/(k+8), which comes near the frequency of names.
func (d dice) pick(list []string) string {
	const c = 8
	k := int(c*math.Pow((float64(len(list))+c)/c, d.r.Float64()) - c)
	return list[min(k, len(list)-1)]
}

func (d dice) culture() *culture {
	n := d.r.IntN(100)
	for i := range cultures {
		if n < cultures[i].share {
			return &cultures[i]
		}
		n -= cultures[i].share
	}
	return &cultures[0]
}

func (d dice) family(c *culture) string {
	if !d.percent(c.tail) {
		return d.pick(c.last)
	}
	name := d.pick(c.stems) + d.pick(c.ends)
	if d.percent(30) {
		return d.pick(c.stems) + strings.ToLower(name)
	}
	return name
}

func (d dice) phone(c *culture) string {
	return c.dial + "-" + strconv.Itoa(200+d.r.IntN(800)) + "-" + strconv.Itoa(1_000_000+d.r.IntN(9_000_000))
}

// email makes an address whose only digits are the person's number, so that it is
// unique.
func (d dice) email(c *culture, given, family string, n uint64) string {
	a, b := ascii(given), ascii(family)
	if a == "" {
		a = d.pick(c.handles)
	}
	if b == "" {
		b = d.pick(c.handles)
	}
	number := strconv.FormatUint(n, 10)
	var local string
	switch d.r.IntN(5) {
	case 0, 1:
		local = a + "." + b + number
	case 2:
		local = a[:1] + b + number
	case 3:
		local = b + "." + a + number
	default:
		local = a + number + "_" + b
	}
	if d.percent(8) {
		return local + "@" + b + ".example"
	}
	return local + "@" + d.pick(mailHosts)
}

var plainLetters = strings.NewReplacer("ß", "ss", "ł", "l", "ø", "o", "đ", "d", "ı", "i", "þ", "th")

// ascii gives the part of a name that fits into an ASCII address.
func ascii(name string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, norm.NFD.String(plainLetters.Replace(strings.ToLower(name))))
}
