package tests

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// wiringFile is the one file that names the dialects.
const wiringFile = "internal/server/dialects.go"

// TestDialectsStandAlone builds the server without each dialect in turn: with its folder
// gone, and its entry and its import gone from the wiring, it compiles.
// TestAnyDialectCanBeLeftOut serves without each.
func TestDialectsStandAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"devdraft", "yativo", "xtrakit"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := buildWithout(t, name, withoutDialect(t, name)); err != nil {
				t.Errorf("without %s: %v\n%s", name, err, out)
			}
		})
	}
	// With its entry still there the build must fail, or the folder was never gone.
	text, err := os.ReadFile(filepath.Join(root, wiringFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := buildWithout(t, "xtrakit", text); err == nil {
		t.Error("the server is built without a package that it imports")
	}
}

// buildWithout builds the server, which is all that may import a dialect, without the
// folder of one and with another text of the wiring.
func buildWithout(t *testing.T, name string, wiring []byte) (output string, err error) {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "dialects.go")
	if err := os.WriteFile(changed, wiring, 0o600); err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{filepath.Join(top, wiringFile): changed}
	files, err := filepath.Glob(filepath.Join(top, "internal/web", name, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the folder of %s has %d files: %v", name, len(files), err)
	}
	for _, file := range files {
		replace[file] = ""
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "./internal/server")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// withoutDialect is the wiring without the import and the entry of a dialect. There must
// be one of each.
func withoutDialect(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, wiringFile))
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, wiringFile, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var cuts [][2]int
	cut := func(n ast.Node) {
		cuts = append(cuts, [2]int{files.Position(n.Pos()).Offset, files.Position(n.End()).Offset})
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			if n.Path.Value == strconv.Quote(module+"/internal/web/"+name) {
				cut(n)
			}
		case *ast.CompositeLit:
			if len(n.Elts) == 0 {
				break
			}
			if first, ok := n.Elts[0].(*ast.BasicLit); ok && first.Value == strconv.Quote(name) {
				cut(n)
				return false
			}
		}
		return true
	})
	if len(cuts) != 2 {
		t.Fatalf("%s names %s in %d places, want an import and an entry", wiringFile, name, len(cuts))
	}
	entry, rest := cuts[1], string(text[cuts[1][1]:])
	rest, ok := strings.CutPrefix(rest, ",")
	if !ok {
		t.Fatalf("%s: the entry of %s does not end in a comma", wiringFile, name)
	}
	return []byte(string(text[:cuts[0][0]]) + string(text[cuts[0][1]:entry[0]]) + rest)
}
