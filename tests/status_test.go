package tests

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// httpFolders may speak of statuses: those who answer, those who ask, and tests.
var httpFolders = []string{"internal/web", "internal/testkit", "internal/selftest", "cmd", "client", "tests"}

// TestPolicyStatuses keeps HTTP statuses at the edge. Everything inside speaks of fault kinds, and
// each dialect turns those into its own statuses in one place.
func TestPolicyStatuses(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	for _, f := range sourceFiles(t, ".go") {
		if f.within(httpFolders...) || f.isTest() {
			continue
		}
		if tree := f.parse(fset); tree != nil {
			for _, complaint := range statusUses(fset, tree) {
				t.Error(complaint)
			}
		}
	}
}

// statusUses finds net/http's status constants, and numbers that are used as a status.
func statusUses(fset *token.FileSet, tree *ast.File) []string {
	var found []string
	complain := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s: %s: statuses belong to internal/web, a fault kind here",
			fset.Position(n.Pos()), what))
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "http" && strings.HasPrefix(n.Sel.Name, "Status") {
				complain(n, "http."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if name := lastName(n.Fun); name == "WriteHeader" || name == "Error" || name == "Redirect" {
				for _, arg := range n.Args {
					if isStatus(arg) {
						complain(arg, name+" with a number")
					}
				}
			}
		case *ast.BinaryExpr:
			if saysStatus(n.X) && isStatus(n.Y) || saysStatus(n.Y) && isStatus(n.X) {
				complain(n, "comparison with a number")
			}
		case *ast.KeyValueExpr:
			if saysStatus(n.Key) && isStatus(n.Value) {
				complain(n, "field with a number")
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if i < len(n.Rhs) && saysStatus(left) && isStatus(n.Rhs[i]) {
					complain(n, "assignment of a number")
				}
			}
		}
		return true
	})
	return found
}

// saysStatus reports whether a variable or field is named after a status.
func saysStatus(e ast.Expr) bool {
	return strings.Contains(strings.ToLower(lastName(e)), "status")
}

// lastName is the identifier at the end of a name or selector.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func isStatus(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.INT {
		return false
	}
	n, err := strconv.Atoi(lit.Value)
	return err == nil && n >= 100 && n < 600
}

func TestPolicyStatusesRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		want int
	}{
		{`return http.StatusNotFound`, 1},
		{`w.WriteHeader(404)`, 1},
		{`http.Error(w, "x", 500)`, 1},
		{`if res.StatusCode == 200 { }`, 1},
		{`if 300 <= status { }`, 1},
		{`e := event{Status: 503}`, 1},
		{`status := 201`, 1},
		{`limit := 100; status := "ACTIVE"; http.HandlerFunc(nil)`, 0},
		{`if status == 7 { }`, 0},
	}
	for _, tt := range tests {
		source := "package x\nfunc f() {\n" + tt.code + "\n}\n"
		if got := violations(t, "x.go", source, statusUses); len(got) != tt.want {
			t.Errorf("%s: %d complaints %q, want %d", tt.code, len(got), got, tt.want)
		}
	}
}
