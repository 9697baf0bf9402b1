package main

import (
	"bytes"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A wrong value of a flag was answered with what a parser of the standard library says, as
// "strconv.ParseInt: parsing" or "netip.ParsePrefix(…): no '/'". Every flag of every verb that has
// a form answers with a sentence that names the form.
func TestFieldE16EveryFlagNamesItsForm(t *testing.T) {
	t.Parallel()
	tried := 0
	walkFlags(reflect.TypeFor[cli](), nil, func(path []string, args int, flag reflect.StructField) {
		for _, bad := range badValues(flag.Type) {
			tried++
			line := append(append([]string{}, path...), "--"+flag.Tag.Get("name")+"="+bad)
			for range args {
				line = append(line, "x")
			}
			var out, stderr bytes.Buffer
			env := &environment{out: &out, err: &stderr, lookup: func(string) (string, bool) { return "", false }}
			code := run(t.Context(), env, line)
			text := stderr.String()
			if code != exitUsage || !strings.Contains(text, ": use ") || !strings.Contains(text, "hint: see custodex ") {
				t.Errorf("custodex %s = %d, %q; want a sentence that says what to use", strings.Join(line, " "), code, text)
			}
			for _, raw := range []string{"strconv", "parsing", "Parse", "time: invalid", "time: unknown", "time: missing", "netip", "slog", "unknown unit", "invalid syntax"} {
				if strings.Contains(text, raw) {
					t.Errorf("custodex %s answers with what a parser says: %q", strings.Join(line, " "), text)
				}
			}
		}
	})
	if tried < 100 {
		t.Errorf("only %d values were tried", tried)
	}
}

// badValues are texts that no flag of the type takes; none for a type that takes every text.
func badValues(of reflect.Type) []string {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch of {
	case reflect.TypeFor[time.Duration]():
		return []string{"100d", "soon", "5", "1h 5m"}
	case reflect.TypeFor[slog.Level]():
		return []string{"chatty", "INFO+x"}
	case reflect.TypeFor[[]netip.Prefix]():
		return []string{"10.0.0.1", "10.0.0.0/33", "192.0.2.7/32,10.0.0.1", "proxy.example"}
	}
	switch of.Kind() {
	case reflect.Int, reflect.Int64:
		return []string{"many", "1.5", "9999999999999999999999", "0x"}
	case reflect.Bool:
		return []string{"maybe", "2"}
	}
	return nil
}

// walkFlags calls fn for each flag of each verb, with the words of the verb and the number of its
// arguments.
func walkFlags(of reflect.Type, path []string, fn func(path []string, args int, flag reflect.StructField)) {
	args := 0
	var flags []reflect.StructField
	var collect func(of reflect.Type)
	collect = func(of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			_, verb := field.Tag.Lookup("cmd")
			_, argument := field.Tag.Lookup("arg")
			switch {
			case verb:
				walkFlags(field.Type, append(append([]string{}, path...), strings.ToLower(field.Name)), fn)
			case argument:
				args++
			case field.Tag.Get("name") != "":
				flags = append(flags, field)
			case field.Type.Kind() == reflect.Struct:
				collect(field.Type)
			}
		}
	}
	collect(of)
	if len(path) == 0 {
		return
	}
	for _, flag := range flags {
		fn(path, args, flag)
	}
}
