package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top folder of the project, as seen from this package's folder.
const root = ".."

// A sourceFile is one file of the project; path is relative to the top, with slashes.
type sourceFile struct {
	path string
	text []byte
}

// sourceFiles reads every file of the project with one of the extensions, whether committed yet or
// not. Files that belong to the version control, to tools or to a build are left out.
func sourceFiles(t *testing.T, extensions ...string) []sourceFile {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("looking in the wrong place: %v", err)
	}
	var files []sourceFile
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") && path != root && name != ".ci" && name != ".github"
			if hidden || path == filepath.Join(root, "bin") || path == filepath.Join(root, "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !slices.Contains(extensions, filepath.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files = append(files, sourceFile{filepath.ToSlash(relative), text})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// parse reads a Go file. A file that does not parse is for the compiler to report, so it is nil.
func (f sourceFile) parse(fset *token.FileSet) *ast.File {
	tree, err := parser.ParseFile(fset, f.path, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	return tree
}

// within reports whether the file lies in one of the folders.
func (f sourceFile) within(folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return strings.HasPrefix(f.path, folder+"/")
	})
}

func (f sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// violations runs a rule over Go source given as text, for the tests of the rules themselves.
func violations(t *testing.T, path, source string, rule func(*token.FileSet, *ast.File) []string) []string {
	t.Helper()
	fset := token.NewFileSet()
	tree := sourceFile{path, []byte(source)}.parse(fset)
	if tree == nil {
		t.Fatalf("%s does not parse", path)
	}
	return rule(fset, tree)
}
