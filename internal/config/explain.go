package config

import (
	_ "embed" // for the source below
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"custodex.dev/internal/redact"
)

//go:embed config.go
var source string

// Explained is a setting as the manual has it.
type Explained struct {
	Name    string `json:"name"`    // the flag, without dashes
	Env     string `json:"env"`     // the variable
	Member  string `json:"member"`  // the member of the file
	Default string `json:"default"` // empty: none
	Text    string `json:"text"`    // meaning, unit, limits, what it excludes

	// Set by Effective alone.
	Value string `json:"value,omitempty"` // what a server would use; a secret is masked
	From  string `json:"from,omitempty"`  // the flag, variable or file that sets it; empty: it is the default
}

// Explain gives the manual: every setting in order, with the comment of its field.
func Explain() []Explained {
	comments := fieldComments()
	def := Default()
	t := reflect.TypeFor[Config]()
	var all []Explained
	for _, s := range settings() {
		all = append(all, Explained{
			Name: s.name, Env: s.env(), Member: s.member(),
			Default: printed(s.of(&def).Interface()), Text: comments[t.Field(s.field).Name],
		})
	}
	return all
}

// Effective is Explain with the value that each setting has after all sources, and where
// that comes from. It does not read database-url-file.
func Effective(from Sources) ([]Explained, error) {
	c, origin, err := combine(from)
	if err != nil {
		return nil, err
	}
	all := Explain()
	for i, s := range settings() {
		v := s.of(&c)
		all[i].Value, all[i].From = printed(v.Interface()), origin[s.name]
		if _, secret := v.Interface().(redact.Secret); secret && all[i].From != "" {
			all[i].Value = "***"
		}
	}
	return all, nil
}

// Summary is the first sentence about a setting, without its full stop. It is empty if
// there is no such setting.
func Summary(name string) string {
	for _, e := range Explain() {
		if e.Name == name {
			first, _, _ := strings.Cut(e.Text, ". ")
			return strings.TrimSuffix(first, ".")
		}
	}
	return ""
}

// fieldComments reads the comments of Config's fields, by name, as one line each.
func fieldComments() map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.ParseComments)
	if err != nil {
		panic(err) // it was compiled
	}
	comments := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Config" {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				comments[name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
			}
		}
		return false
	})
	return comments
}

// printed formats a default as a person would write it.
func printed(v any) string {
	switch v := v.(type) {
	case redact.Secret:
		return "" // a default secret would be a bug
	case time.Duration:
		text := v.String() // such as 24h0m0s
		if whole, ok := strings.CutSuffix(text, "m0s"); ok {
			text = whole + "m"
		}
		if whole, ok := strings.CutSuffix(text, "h0m"); ok {
			text = whole + "h"
		}
		return text
	case string, bool, int, int64:
		return fmt.Sprint(v)
	case []netip.Prefix:
		var parts []string
		for _, p := range v {
			parts = append(parts, p.String())
		}
		return strings.Join(parts, ",")
	case fmt.Stringer:
		return strings.ToLower(v.String())
	}
	return ""
}
