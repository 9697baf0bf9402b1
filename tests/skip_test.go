package tests

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"testing"
)

// TestPolicyNoSkip keeps a green run from meaning "not run". Two packages may skip, on a machine
// that lacks PostgreSQL or another program, and `make test` forbids even that.
func TestPolicyNoSkip(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	for _, f := range sourceFiles(t, ".go") {
		if f.within("internal/testkit/scratchpg", "internal/testkit/external") {
			continue
		}
		if tree := f.parse(fset); tree != nil {
			for _, complaint := range skipCalls(fset, tree) {
				t.Error(complaint)
			}
		}
	}
}

// skipCalls finds skips of a test, benchmark or fuzz target. A rapid property discards a drawn case
// with the same method; name its argument rt.
func skipCalls(fset *token.FileSet, tree *ast.File) []string {
	var found []string
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method.Sel.Name) {
			return true
		}
		if slices.Contains([]string{"t", "b", "f", "tb"}, lastName(method.X)) {
			found = append(found, fmt.Sprintf("%s: a test that skips says nothing; only scratchpg and external may",
				fset.Position(call.Pos())))
		}
		return true
	})
	return found
}

// scriptSkip matches the command of a CLI script that skips it.
var scriptSkip = regexp.MustCompile(`(?m)^\s*(\[[^\]]*\]\s*)*skip\b`)

func TestPolicyNoSkipInScripts(t *testing.T) {
	t.Parallel()
	for _, f := range sourceFiles(t, ".txtar") {
		if scriptSkip.Match(f.text) {
			t.Errorf("%s: a script that skips says nothing", f.path)
		}
	}
}

func TestPolicyNoSkipRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		want int
	}{
		{`t.Skip("not here")`, 1},
		{`t.Skipf("not %s", "here")`, 1},
		{`tb.SkipNow()`, 1},
		{`s.t.Skip()`, 1},
		{`rt.Skip("drawn twice")`, 0},
		{`query.Skip(10); t.Log("Skip")`, 0},
	}
	for _, tt := range tests {
		source := "package x\nfunc f() {\n" + tt.code + "\n}\n"
		if got := violations(t, "x_test.go", source, skipCalls); len(got) != tt.want {
			t.Errorf("%s: %d complaints %q, want %d", tt.code, len(got), got, tt.want)
		}
	}
	for text, want := range map[string]bool{
		"skip 'no network'\n": true, "[!exec:psql] skip\n": true, "exec custodex list --skip 3\n": false,
	} {
		if got := scriptSkip.MatchString(text); got != want {
			t.Errorf("%q skips = %t, want %t", text, got, want)
		}
	}
}
