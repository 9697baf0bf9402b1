package tests

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// An area is one package on the map.
type area struct {
	code, tests int // lines
	imports     map[string]bool
}

// A span is a file or function with its length in lines.
type span struct {
	name  string
	lines int
}

// TestPolicyMap draws the packages with their sizes and imports; `make map` prints it. It fails if
// packages import each other in a circle, an import climbs to a higher layer or a package has outgrown
// its limit.
func TestPolicyMap(t *testing.T) {
	t.Parallel()
	areas := map[string]*area{}
	for _, p := range listPackages(t) {
		a := areas[ours(p.ImportPath)]
		if a == nil {
			a = &area{imports: map[string]bool{}}
			areas[ours(p.ImportPath)] = a
		}
		for _, path := range p.Imports {
			if to := ours(path); to != "" {
				a.imports[to] = true
			}
		}
	}
	fset := token.NewFileSet()
	var files, functions []span
	for _, f := range sourceFiles(t, ".go") {
		a := areas[path.Dir(f.path)]
		if a == nil {
			continue // a file that no build takes
		}
		lines := strings.Count(string(f.text), "\n")
		if f.isTest() || placements[path.Dir(f.path)].testsOnly() {
			a.tests += lines
			continue
		}
		a.code += lines
		files = append(files, span{f.path, lines})
		functions = append(functions, functionSpans(fset, f)...)
	}
	climbing, circles := climbs(areas), circular(areas)
	t.Log("\n" + drawMap(areas, climbing, circles, longest(files), longest(functions)))
	for _, complaint := range slices.Concat(climbing, circles, outgrown(areas)) {
		t.Error(complaint)
	}
}

// maxLines limits the lines of packages, without tests, that would otherwise take in every new subject. What is a
// subject of its own becomes a package below it.
var maxLines = map[string]int{"internal/records": 3000}

// outgrown lists the packages that have more lines than their limit, or a limit and no lines.
func outgrown(areas map[string]*area) []string {
	var found []string
	for name, most := range maxLines {
		switch a := areas[name]; {
		case a == nil || a.code == 0:
			found = append(found, name+" has a limit and no code")
		case a.code > most:
			found = append(found, fmt.Sprintf("%s has %d lines, at most %d: move a subject into a package of its own", name, a.code, most))
		}
	}
	return found
}

// climbs lists the imports that lead to a higher layer.
func climbs(areas map[string]*area) []string {
	var found []string
	for name, a := range areas {
		for to := range a.imports {
			if placements[to].layer > placements[name].layer {
				found = append(found, fmt.Sprintf("%s imports %s, which is higher", name, to))
			}
		}
	}
	slices.Sort(found)
	return found
}

// circular lists the packages that import themselves by way of others.
func circular(areas map[string]*area) []string {
	var found []string
	for name := range areas {
		seen := map[string]bool{}
		todo := []string{name}
		for len(todo) > 0 {
			a := areas[todo[0]]
			todo = todo[1:]
			if a == nil {
				continue
			}
			for to := range a.imports {
				if !seen[to] {
					seen[to] = true
					todo = append(todo, to)
				}
			}
		}
		if seen[name] {
			found = append(found, name+" imports itself by way of others")
		}
	}
	slices.Sort(found)
	return found
}

// functionSpans measures the functions of a file.
func functionSpans(fset *token.FileSet, f sourceFile) []span {
	tree := f.parse(fset)
	if tree == nil {
		return nil
	}
	var found []span
	for _, decl := range tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
			found = append(found, span{f.path + " " + fn.Name.Name, lines})
		}
	}
	return found
}

// longest returns the five longest.
func longest(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(b.lines-a.lines, strings.Compare(a.name, b.name))
	})
	return spans[:min(5, len(spans))]
}

// drawMap renders the map as text.
func drawMap(areas map[string]*area, climbing, circles []string, files, functions []span) string {
	var b strings.Builder
	code, tests, imports := 0, 0, 0
	fmt.Fprintf(&b, "%5s  %-36s %6s %6s %8s\n", "layer", "package", "code", "tests", "imports")
	names := slices.SortedFunc(maps.Keys(areas), func(x, y string) int {
		return cmp.Or(placements[y].layer-placements[x].layer, strings.Compare(x, y))
	})
	for _, name := range names {
		a := areas[name]
		fmt.Fprintf(&b, "%5s  %-36s %6d %6d %8d\n", layerName(placements[name]), name, a.code, a.tests, len(a.imports))
		code, tests, imports = code+a.code, tests+a.tests, imports+len(a.imports)
	}
	fmt.Fprintf(&b, "%5s  %-36s %6d %6d %8d\n", "", fmt.Sprint(len(areas), " packages"), code, tests, imports)
	fmt.Fprintf(&b, "imports that climb: %d; in circles: %d\n", len(climbing), len(circles))
	for _, list := range []struct {
		title string
		spans []span
	}{{"longest files", files}, {"longest functions", functions}} {
		fmt.Fprintf(&b, "%s:\n", list.title)
		for _, s := range list.spans {
			fmt.Fprintf(&b, "%7d  %s\n", s.lines, s.name)
		}
	}
	return b.String()
}

// layerName is a package's layer as the page and the map print it.
func layerName(p placement) string {
	if p.layer >= kit {
		return "tests"
	}
	return fmt.Sprint(p.layer)
}

func TestPolicyMapRule(t *testing.T) {
	t.Parallel()
	to := func(names ...string) *area {
		a := &area{imports: map[string]bool{}}
		for _, name := range names {
			a.imports[name] = true
		}
		return a
	}
	areas := map[string]*area{
		"internal/fault":   to("internal/store"),
		"internal/store":   to("internal/seal"),
		"internal/seal":    to("internal/fault"),
		"internal/records": to("internal/store", "internal/fault"),
	}
	if got := climbs(areas); len(got) != 1 || !strings.HasPrefix(got[0], "internal/fault imports internal/store") {
		t.Errorf("climbs = %q, want the one from fault to store", got)
	}
	if got := circular(areas); len(got) != 3 || strings.Contains(strings.Join(got, " "), "records") {
		t.Errorf("circular = %q, want fault, seal and store", got)
	}
	for lines, want := range map[int]bool{0: true, 3000: false, 3001: true} {
		areas["internal/records"].code = lines
		if got := outgrown(areas); (len(got) > 0) != want {
			t.Errorf("outgrown with %d lines = %q, want a complaint: %t", lines, got, want)
		}
	}
	source := sourceFile{"x.go", []byte("package x\n\nfunc long() {\n\n\n}\n\nfunc short() {}\n")}
	if got := longest(functionSpans(token.NewFileSet(), source)); len(got) != 2 || got[0] != (span{"x.go long", 4}) {
		t.Errorf("functions = %v, want long with 4 lines first", got)
	}
}
