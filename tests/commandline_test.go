package tests

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/config"
)

var (
	makeTarget   = regexp.MustCompile(`(?m)^([a-z-]+):`)
	testDeclared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w+)\(`)
)

// knownCommands reads the Makefile, the command line's structs, and the tests.
func knownCommands(t *testing.T) commands {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	known := commands{targets: map[string]bool{}}
	for _, m := range makeTarget.FindAllSubmatch(makefile, -1) {
		known.targets[string(m[1])] = true
	}
	structs := map[string]*ast.StructType{}
	folders := map[string][]string{}
	fset := token.NewFileSet()
	for _, f := range sourceFiles(t, ".go") {
		if f.isTest() {
			folder := "./" + filepath.ToSlash(filepath.Dir(f.path))
			for _, m := range testDeclared.FindAllSubmatch(f.text, -1) {
				folders[folder] = append(folders[folder], string(m[1]))
			}
		} else if f.within("cmd/custodex") {
			readStructs(f.parse(fset), structs)
		}
	}
	settings := map[string]bool{}
	for _, e := range config.Explain() {
		settings[e.Name] = true
	}
	known.verbs = readVerbs(structs, "cli", settings)
	known.exists = func(path string) bool {
		_, err := os.Stat(filepath.Join(root, path))
		return err == nil
	}
	known.tests = func(folder string) []string {
		prefix, all := strings.CutSuffix(folder, "/...")
		if !all {
			return folders[strings.TrimSuffix(folder, "/")]
		}
		var found []string
		for name, tests := range folders {
			if name == prefix || strings.HasPrefix(name, prefix+"/") {
				found = append(found, tests...)
			}
		}
		return found
	}
	return known
}

// readStructs collects the struct types of a file.
func readStructs(tree *ast.File, structs map[string]*ast.StructType) {
	if tree == nil {
		return
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if s, ok := spec.Type.(*ast.StructType); ok {
				structs[spec.Name.Name] = s
			}
		}
		return true
	})
}

// readVerbs walks the structs that kong reads: a field with the tag cmd is a verb, a field with the
// tag name is a flag, and an embedded struct adds its flags. A struct that is not among them is that
// of the settings.
func readVerbs(structs map[string]*ast.StructType, top string, settings map[string]bool) map[string]map[string]bool {
	verbs := map[string]map[string]bool{}
	var walk func(verb, name string) map[string]bool
	walk = func(verb, name string) map[string]bool {
		s, ok := structs[name]
		if !ok {
			return maps.Clone(settings)
		}
		flags := map[string]bool{}
		for _, field := range s.Fields.List {
			var tag reflect.StructTag
			if field.Tag != nil {
				text, _ := strconv.Unquote(field.Tag.Value)
				tag = reflect.StructTag(text)
			}
			_, isVerb := tag.Lookup("cmd")
			_, isEmbedded := tag.Lookup("embed")
			switch {
			case isVerb:
				sub := strings.TrimSpace(verb + " " + strings.ToLower(field.Names[0].Name))
				verbs[sub] = walk(sub, lastName(field.Type))
			case len(field.Names) == 0 || isEmbedded:
				maps.Copy(flags, walk(verb, lastName(field.Type)))
			case tag.Get("name") != "":
				flags[tag.Get("name")] = true
			}
		}
		return flags
	}
	walk("", top)
	return verbs
}
