package transcript

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// builtin are the kinds that every transcript has.
var builtin = map[string]*regexp.Regexp{
	"uuid":    regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`),
	"time":    regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z`),
	"int":     regexp.MustCompile(`0|-?[1-9][0-9]*`),
	"seconds": regexp.MustCompile(`[1-9]|[1-5][0-9]`),
	"etag":    regexp.MustCompile(`"[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{20}"`),
	"any":     regexp.MustCompile(`(?s:.*)`),
}

// placeholder is {{name}} or {{kind:name}}.
var placeholder = regexp.MustCompile(`\{\{([a-z][a-z0-9_]*)(?::([a-z][a-z0-9_]*))?\}\}`)

// vars holds the values of placeholders while a file is played.
type vars struct {
	kinds  map[string]*regexp.Regexp
	preset map[string]string // the target's own; may grow between steps
	bound  map[string]string
	made   int // names that mask has invented
}

func (v *vars) get(name string) (string, bool) {
	if s, ok := v.bound[name]; ok {
		return s, true
	}
	s, ok := v.preset[name]
	return s, ok
}

// expand puts values into a line of a request.
func (v *vars) expand(line string) (string, error) {
	var missing error
	out := placeholder.ReplaceAllStringFunc(line, func(p string) string {
		s, ok := v.get(strings.Trim(p, "{}"))
		if !ok {
			missing = fmt.Errorf("%s has no value", p)
		}
		return s
	})
	return out, missing
}

// keep compares a text with what is expected, placeholders and all. It gives
// the expectation if the text fulfils it, and binds the names in it; otherwise
// it gives the text that came, made readable by mask and never equal to want.
func (v *vars) keep(want, got string) (string, error) {
	var pattern strings.Builder
	names := []string{} // of each group that captures
	rest := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		pattern.WriteString(regexp.QuoteMeta(want[rest:m[0]]))
		rest = m[1]
		first, name := want[m[2]:m[3]], ""
		if m[4] >= 0 {
			name = want[m[4]:m[5]]
		}
		kind, isKind := v.kinds[first]
		switch {
		case isKind:
			fmt.Fprintf(&pattern, "(?P<p%d>%s)", len(names), kind)
			names = append(names, first+":"+name)
		case name != "":
			return "", fmt.Errorf("%s: no kind %q", want[m[0]:m[1]], first)
		default:
			value, ok := v.get(first)
			if !ok {
				return "", fmt.Errorf("%s has no value and is no kind", want[m[0]:m[1]])
			}
			pattern.WriteString(regexp.QuoteMeta(value))
		}
		if _, clash := v.kinds[name]; clash {
			return "", fmt.Errorf("%s: a name must not be that of a kind", want[m[0]:m[1]])
		}
	}
	if rest == 0 {
		if want == got {
			return want, nil
		}
		return v.mask(got), nil
	}
	pattern.WriteString(regexp.QuoteMeta(want[rest:]))
	re, err := regexp.Compile("^(?:" + pattern.String() + ")$")
	if err != nil {
		return "", err
	}
	found := re.FindStringSubmatch(got)
	if found != nil && v.bind(re, names, found) {
		return want, nil
	}
	if masked := v.mask(got); masked != want {
		return masked, nil
	}
	return "literally " + got, nil
}

// bind gives the names of a match their values, or reports that one of them has
// another value or is no time after all.
func (v *vars) bind(re *regexp.Regexp, names, found []string) bool {
	fresh := map[string]string{}
	for i, n := range names {
		kind, name, _ := strings.Cut(n, ":")
		value := found[re.SubexpIndex("p"+strconv.Itoa(i))]
		if kind == "time" && v.kinds["time"] == builtin["time"] {
			if _, err := time.Parse(time.RFC3339, value); err != nil {
				return false
			}
		}
		if name == "" {
			continue
		}
		old, ok := v.get(name)
		if !ok {
			old, ok = fresh[name]
		}
		if ok && old != value {
			return false
		}
		fresh[name] = value
	}
	maps.Copy(v.bound, fresh)
	return true
}

var maskable = regexp.MustCompile(builtin["uuid"].String() + "|" + builtin["time"].String())

// mask names the values in a text that came: those that are known by a name,
// and further UUIDs and times. It is for reading: a diff shows which customer
// came instead of which, and an updated file holds no value of one run only.
func (v *vars) mask(got string) string {
	known := []string{}
	for name, value := range v.preset {
		known = append(known, value+"\n{{"+name+"}}")
	}
	for name, value := range v.bound {
		known = append(known, value+"\n{{"+name+"}}")
	}
	// The longest value first, then by name: the outcome must not depend on a map.
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, k := range known {
		if value, name, _ := strings.Cut(k, "\n"); len(value) >= 8 {
			got = strings.ReplaceAll(got, value, name)
		}
	}
	return maskable.ReplaceAllStringFunc(got, func(value string) string {
		kind := "uuid"
		if strings.HasSuffix(value, "Z") {
			kind = "time"
		}
		for {
			v.made++
			name := kind + strconv.Itoa(v.made)
			if _, taken := v.get(name); !taken {
				v.bound[name] = value
				return "{{" + kind + ":" + name + "}}"
			}
		}
	})
}
