package tests

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"testing"
)

// TestPolicyComments wants a comment on every package and every exported name outside tests. What
// it says is for people to judge. staticcheck looks at the form of the comments that are there
// (ST1020 to ST1022), but lets an exported name pass that has none, which is why this test exists.
func TestPolicyComments(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	described := map[string]bool{}
	for _, f := range sourceFiles(t, ".go") {
		tree := f.parse(fset)
		if tree == nil || f.isTest() {
			continue
		}
		folder := path.Dir(f.path)
		described[folder] = described[folder] || tree.Doc != nil
		for _, complaint := range missingComments(fset, tree) {
			t.Error(complaint)
		}
	}
	for folder, ok := range described {
		if !ok {
			t.Errorf("%s: no package comment: what is it for, what must it never do?", folder)
		}
	}
}

// smallInterface is how many methods the comment of an interface may speak for.
const smallInterface = 3

// missingComments finds exported functions, types, variables, constants, methods of exported types
// and methods of larger interfaces that have no comment. A comment on a group covers it.
func missingComments(fset *token.FileSet, tree *ast.File) []string {
	var found []string
	need := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		for _, doc := range docs {
			if doc != nil {
				return
			}
		}
		found = append(found, fmt.Sprintf("%s: exported %s has no comment", fset.Position(name.Pos()), name.Name))
	}
	for _, decl := range tree.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil || ast.IsExported(receiver(decl)) && !obvious(decl.Name.Name) {
				need(decl.Name, decl.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					need(spec.Name, decl.Doc, spec.Doc, spec.Comment)
					face, ok := spec.Type.(*ast.InterfaceType)
					if ok && spec.Name.IsExported() && face.Methods.NumFields() > smallInterface {
						for _, method := range face.Methods.List {
							for _, name := range method.Names {
								need(name, method.Doc, method.Comment)
							}
						}
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						need(name, decl.Doc, spec.Doc, spec.Comment)
					}
				}
			}
		}
	}
	return found
}

// receiver is the name of the type that a method belongs to.
func receiver(decl *ast.FuncDecl) string {
	e := decl.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// obvious reports whether a method is one that the standard library defines the meaning of.
func obvious(method string) bool {
	switch method {
	case "Error", "Unwrap", "Is", "As", "String", "GoString", "Format", "LogValue",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText",
		"Len", "Less", "Swap", "ServeHTTP", "Write", "WriteHeader", "Header", "Flush", "Value", "Scan":
		return true
	}
	return false
}

func TestPolicyCommentsRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code string
		want int
	}{
		{"func Open() {}", 1},
		{"// Open opens.\nfunc Open() {}", 0},
		{"func open() {}", 0},
		{"type T struct{}", 1},
		{"// T is it.\ntype T struct{}\nfunc (t *T) Do() {}\nfunc (t T) String() string { return \"\" }", 1},
		{"type t struct{}\nfunc (t) Do() {}", 0},
		{"// G is it.\ntype G[K any] struct{}\nfunc (g *G[K]) Do() {}", 1},
		{"// I is it.\ntype I interface {\n\tA()\n\tB()\n\tC()\n}", 0},
		{"// I is it.\ntype I interface {\n\tA()\n\tB()\n\tC()\n\t// D is.\n\tD()\n}", 3},
		{"var A, b = 1, 2", 1},
		{"// Kinds.\nconst (\n\tA = 1\n\tB = 2\n)", 0},
		{"const (\n\tA = 1 // A is one.\n\tB = 2\n)", 1},
	}
	for _, tt := range tests {
		if got := violations(t, "x.go", "package x\n\n"+tt.code+"\n", missingComments); len(got) != tt.want {
			t.Errorf("%s: %d complaints %q, want %d", tt.code, len(got), got, tt.want)
		}
	}
}
