package tests

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestPolicyManualIsRun wants every command of doc/operating.md to be run by a test of this
// folder, a script or a Go test: the verb, with each of its flags.
func TestPolicyManualIsRun(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, operatingPage))
	if err != nil {
		t.Fatal(err)
	}
	complaints, seen := manualComplaints(string(page), knownCommands(t), ranCommands(t))
	for _, complaint := range complaints {
		t.Error(complaint)
	}
	if seen < 15 {
		t.Errorf("only %d commands were found: this test looks in the wrong place", seen)
	}
}

// A ran has the verbs that tests run, each with the flags that it was given.
type ran map[string]map[string]bool

// note adds a command line without the program's name.
func (r ran) note(known commands, words []string) {
	verb := known.verb(words)
	if verb == "" {
		return
	}
	if r[verb] == nil {
		r[verb] = map[string]bool{}
	}
	maps.Copy(r[verb], flagsIn(words))
}

func flagsIn(words []string) map[string]bool {
	found := map[string]bool{}
	for _, word := range words {
		if flag, ok := strings.CutPrefix(word, "--"); ok {
			flag, _, _ = strings.Cut(flag, "=")
			found[flag] = true
		}
	}
	return found
}

// verb gives the verb that a command line begins with, "" for none.
func (c commands) verb(words []string) string {
	for n := min(2, len(words)); n > 0; n-- {
		if verb := strings.Join(words[:n], " "); c.verbs[verb] != nil {
			return verb
		}
	}
	return ""
}

// manualComplaints lists what a page tells to type and no test does, and says how many
// commands there are.
func manualComplaints(page string, known commands, tried ran) (found []string, n int) {
	for _, line := range typed(page) {
		m := ourProgram.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n++
		words := strings.Fields(m[1])
		verb := known.verb(words)
		if verb == "" {
			continue // a group of verbs, or none, which another test finds
		}
		if tried[verb] == nil {
			found = append(found, fmt.Sprintf("%s says %q, and no test runs custodex %s", operatingPage, line, verb))
			continue
		}
		for flag := range flagsIn(words) {
			if !tried[verb][flag] {
				found = append(found, fmt.Sprintf("%s says %q, and no test gives custodex %s the flag --%s", operatingPage, line, verb, flag))
			}
		}
	}
	return found, n
}

// ranCommands reads what the scripts and the Go tests of this folder run.
func ranCommands(t *testing.T) ran {
	t.Helper()
	known, tried := knownCommands(t), ran{}
	fset := token.NewFileSet()
	var trees []*ast.File
	for _, f := range sourceFiles(t, ".txtar", ".go") {
		switch {
		case path.Ext(f.path) == ".txtar" && f.within("tests/testdata"):
			noteScript(string(f.text), known, tried)
		case f.isTest() && path.Dir(f.path) == "tests":
			trees = append(trees, f.parse(fset))
		}
	}
	noteGo(trees, known, tried)
	return tried
}

// noteScript notes the commands of a script, those within sh -c too. Asking a verb for its
// help tries nothing of it.
func noteScript(text string, known commands, tried ran) {
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "! ")
		if !strings.HasPrefix(line, "exec ") && !strings.HasPrefix(line, "exits ") || strings.Contains(line, "--help") {
			continue
		}
		for _, m := range ourProgram.FindAllStringSubmatch(line, -1) {
			tried.note(known, strings.Fields(m[1]))
		}
	}
}

// runners are the functions that run the program with arguments.
var runners = map[string]bool{"run": true, "refused": true, "program": true, "manage": true}

// noteGo notes the verbs of calls that run the program. The flags are those of the call, and
// those of the functions that it calls for some of its arguments.
func noteGo(trees []*ast.File, known commands, tried ran) {
	given := map[string][]string{} // by function: the flags that it writes
	declared := func(tree *ast.File, visit func(fn *ast.FuncDecl)) {
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				visit(fn)
			}
		}
	}
	for _, tree := range trees {
		declared(tree, func(fn *ast.FuncDecl) { given[fn.Name.Name] = flagTexts(fn.Body) })
	}
	for _, tree := range trees {
		declared(tree, func(fn *ast.FuncDecl) {
			for _, words := range runCalls(fn.Body, given) {
				tried.note(known, words)
			}
		})
	}
}

// flagTexts gives the literals that are flags.
func flagTexts(n ast.Node) []string {
	var found []string
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if text, ok := literal(e, nil); ok && strings.HasPrefix(text, "--") {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}

// runCalls gives the literal arguments of each call that runs the program.
func runCalls(n ast.Node, given map[string][]string) [][]string {
	var found [][]string
	local := map[string][]string{} // function literals of this function
	ast.Inspect(n, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			if fn, ok := a.Rhs[0].(*ast.FuncLit); ok {
				local[lastName(a.Lhs[0])] = flagTexts(fn)
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok || !runners[lastName(call.Fun)] {
			return true
		}
		words := local[lastName(call.Fun)]
		var verb, flags []string
		for _, arg := range call.Args {
			ast.Inspect(arg, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				if inner, ok := e.(*ast.CallExpr); ok {
					name := lastName(inner.Fun)
					flags = append(append(flags, given[name]...), local[name]...)
				}
				if text, ok := literal(e, nil); ok {
					verb = append(verb, text)
				}
				return true
			})
		}
		if len(verb) > 0 && verb[0] == "hunter2" { // refused(t, what must not be shown, …)
			verb = verb[1:]
		}
		found = append(found, append(append(verb, flags...), words...))
		return true
	})
	return found
}

func TestPolicyManualIsRunRule(t *testing.T) {
	t.Parallel()
	known := commands{verbs: map[string]map[string]bool{"serve": {}, "key create": {}, "key list": {}}}
	tried := ran{}
	noteScript("# exec custodex key list\nexec custodex serve --data here\nexits 2 custodex key create --help\nstdout custodex key create --name x\n", known, tried)
	source := "package x\n\nfunc (x *y) where() []string { return []string{\"--app\", x.app} }\n\n" +
		"func f() {\n\tadd := func(args ...string) { run(t, append(args, \"--url\")...) }\n\tnote(\"--quiet\")\n" +
		"\trefused(t, \"hunter2\", append([]string{\"key\", \"create\", \"--name\", \"x\"}, x.where()...)...)\n}\n"
	noteGo([]*ast.File{sourceFile{"x.go", []byte(source)}.parse(token.NewFileSet())}, known, tried)
	for line, want := range map[string]string{
		"custodex serve --data x":              "",
		"custodex serve --addr x":              "gives custodex serve the flag --addr",
		"custodex key create --name x --app y": "",
		"custodex key create --quiet":          "gives custodex key create the flag --quiet",
		"custodex key list":                    "no test runs custodex key list",
	} {
		got, _ := manualComplaints("```sh\n"+line+"\n```\n", known, tried)
		joined := strings.Join(got, "\n")
		if (want == "") != (joined == "") || !strings.Contains(joined, want) {
			t.Errorf("%s: %q, want %q", line, joined, want)
		}
	}
}
