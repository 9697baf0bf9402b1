package redact_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPersonalIsKeptWhereItHides reads the source of the whole project, for the rules of the package
// comment. Types that hold a Personal count as one.
func TestPersonalIsKeptWhereItHides(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	files := 0
	folders := make(map[string][]*ast.File)
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || entry.IsDir() {
			return err
		}
		tree, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil // for the compiler to report
		}
		files++
		folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], tree)
		return nil
	})
	if err != nil || files < 50 {
		t.Fatalf("read %d files only: %v", files, err)
	}
	for _, trees := range folders {
		for _, complaint := range misplaced(fset, trees) {
			t.Error(complaint)
		}
	}
}

// misplaced finds what breaks the rules in the files of one package.
func misplaced(fset *token.FileSet, trees []*ast.File) (complaints []string) {
	complain := func(n ast.Node, what string) {
		complaints = append(complaints, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), what))
	}
	formats := make(map[string]bool)
	for _, tree := range trees {
		for _, decl := range tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Format" {
				if name, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
					formats[name.Name] = true
				}
			}
		}
	}
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.MapType:
				if personal(tree, n.Key) == "Personal" {
					complain(n, "a Personal is the key of a map, which JSON writes as it is")
				}
			case *ast.TypeSpec:
				fields, ok := n.Type.(*ast.StructType)
				if !ok {
					break
				}
				masked := formats[n.Name.Name] || embedsMasked(fields)
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						if kind := personal(tree, field.Type); kind != "" && !name.IsExported() {
							complain(name, "fmt shows a "+kind+" in an unexported field; export the field or keep an id")
						}
					}
					if personal(tree, field.Type) == "Personal" && !masked {
						complain(field, n.Name.Name+" holds a Personal, embeds no redact.Masked and has no Format")
					}
				}
			}
			return true
		})
	}
	return complaints
}

// embedsMasked reports whether a struct embeds redact.Masked.
func embedsMasked(fields *ast.StructType) bool {
	return slices.ContainsFunc(fields.Fields.List, func(f *ast.Field) bool {
		name, ok := f.Type.(*ast.SelectorExpr)
		if !ok || len(f.Names) > 0 {
			return false
		}
		from, ok := name.X.(*ast.Ident)
		return ok && from.Name == "redact" && name.Sel.Name == "Masked"
	})
}

// personal names the type that hides a person's data, if the type expression is one or holds one by
// value. A pointer to a Personal itself shows an address at worst.
func personal(tree *ast.File, e ast.Expr) string {
	home := tree.Name.Name
	switch e := e.(type) {
	case *ast.ArrayType:
		return personal(tree, e.Elt)
	case *ast.MapType:
		return personal(tree, e.Value)
	case *ast.StarExpr:
		if kind := personal(tree, e.X); kind != "Personal" {
			return kind
		}
	case *ast.Ident:
		if home == "customer" && (e.Name == "Customer" || e.Name == "Text" || e.Name == "ListQuery") {
			return "customer." + e.Name
		}
	case *ast.SelectorExpr:
		from, ok := e.X.(*ast.Ident)
		switch {
		case !ok:
		case from.Name == "redact" && e.Sel.Name == "Personal":
			return "Personal"
		case from.Name == "customer" && (e.Sel.Name == "Customer" || e.Sel.Name == "Personal" ||
			e.Sel.Name == "Text" || e.Sel.Name == "ListQuery"):
			return "customer." + e.Sel.Name
		}
	}
	return ""
}

func TestMisplaced(t *testing.T) {
	t.Parallel()
	const format = "\nfunc (T) Format(fmt.State, rune) {}"
	tests := []struct {
		code string
		want int
	}{
		{"type T struct{ Name redact.Personal }" + format, 0},
		{"type T struct{ Name redact.Personal }", 1},
		{"type T struct{ redact.Masked; Name redact.Personal }", 0},
		{"type T struct{ M redact.Masked; Name redact.Personal }", 1},
		{"type T struct{ redact.Masked; name redact.Personal }", 1},
		{"type T struct{ name redact.Personal }" + format, 1},
		{"type T struct{ name redact.Personal }", 2},
		{"type T struct{ Names []redact.Personal }", 1},
		{"type T struct{ Name *redact.Personal }", 0},
		{"type T struct{ name redact.Secret }", 0},
		{"type T struct{ c customer.Customer }", 1},
		{"type T struct{ a, b *customer.Customer }", 2},
		{"type T struct{ c []customer.Customer }", 1},
		{"type T struct{ c map[string]customer.Text }", 1},
		{"type T struct{ C customer.Customer }", 0},
		{"func f() { _ = map[redact.Personal]int{} }", 1},
		{"func f(c customer.Customer) {}", 0},
	}
	for _, tt := range tests {
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, "x.go", "package x\n"+tt.code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := misplaced(fset, []*ast.File{tree}); len(got) != tt.want {
			t.Errorf("%s: %q, want %d complaints", tt.code, got, tt.want)
		}
	}
}
