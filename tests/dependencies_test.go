package tests

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
)

// dependenciesPage is where each module that we import has a paragraph.
const dependenciesPage = "doc/dependencies.md"

// The sections of that page.
const (
	programSection = "In the program"
	testsSection   = "For tests only"
	toolsSection   = "Tools"
)

// A dependency is a paragraph of the page: the section it stands in and, if its version line names
// one, the version it is pinned at.
type dependency struct{ section, pin string }

// TestPolicyDependencies holds the imports, go.mod and doc/dependencies.md together. A new module is
// a decision, and this is where it is seen.
func TestPolicyDependencies(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, dependenciesPage))
	if err != nil {
		t.Fatal(err)
	}
	described := readDependencies(string(page))
	versions := requirements(t, ".")
	imported := importedModules(listPackages(t), slices.Collect(maps.Keys(versions)))
	tools := requirements(t, "tools")
	used := importedModules([]goPackage{{ImportPath: module + "/tools", Imports: toolPackages(t)}},
		slices.Collect(maps.Keys(tools)))
	for _, complaint := range dependencyComplaints(described, imported, used, versions, tools) {
		t.Error(complaint)
	}
	paths := toolPackages(t)
	for _, p := range listPackages(t) {
		paths = slices.Concat(paths, p.Imports, p.TestImports, p.XTestImports)
	}
	for _, complaint := range namedPackages(string(page), paths) {
		t.Error(complaint)
	}
}

// manyPackages begins the modules that are collections: their paragraph says which packages we take.
const manyPackages = "golang.org/x/"

// namedPackages wants every package that the reason for a collection names to be imported.
func namedPackages(page string, imports []string) []string {
	var found []string
	path := ""
	for line := range strings.Lines(page) {
		if m := moduleLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			path = m[1]
		}
		if !strings.HasPrefix(path, manyPackages) || !strings.HasPrefix(line, "- Why: ") {
			continue
		}
		for _, m := range packageWord.FindAllStringSubmatch(line, -1) {
			if !slices.ContainsFunc(imports, func(i string) bool {
				return strings.HasPrefix(i, path+"/") && strings.HasSuffix(i, "/"+m[1])
			}) {
				found = append(found, fmt.Sprintf("%s names its package %s, which nothing imports", path, m[1]))
			}
		}
	}
	return found
}

// dependencyComplaints compares the page with what is imported (module → by shipped code), with the
// modules whose tools are used, and with the versions in go.mod and tools/go.mod.
func dependencyComplaints(described map[string]dependency, imported, used map[string]bool,
	versions, tools map[string]string) []string {
	var found []string
	for path, shipped := range imported {
		switch d, ok := described[path]; {
		case !ok:
			found = append(found, path+" is imported and has no paragraph")
		case d.section == toolsSection:
			found = append(found, path+" is imported and described as a tool")
		case shipped && d.section == testsSection:
			found = append(found, path+" is described as for tests only and imported by the program")
		}
	}
	for path, d := range described {
		required, uses := versions, imported
		if d.section == toolsSection {
			required, uses = tools, used
		}
		shipped, isUsed := uses[path]
		switch version, ok := required[path]; {
		case !ok:
			found = append(found, path+" has a paragraph and no go.mod requires it")
		case !isUsed:
			found = append(found, path+" has a paragraph and nothing imports it")
		case d.section == programSection && !shipped:
			found = append(found, path+" is described as part of the program and only tests import it")
		case d.pin != "" && d.pin != version:
			found = append(found, fmt.Sprintf("%s is pinned at %s and required at %s", path, d.pin, version))
		}
	}
	slices.Sort(found)
	return found
}

var (
	sectionLine = regexp.MustCompile(`^## (.+)$`)
	moduleLine  = regexp.MustCompile("^### `?([^` ]+)`?$")
	packageWord = regexp.MustCompile("`([a-z0-9/]+)`")
	pinnedLine  = regexp.MustCompile(`^- Version: pinned at (v\S+?)[.,;:]?(\s|$)`)
)

// readDependencies reads the page's headings and version lines.
func readDependencies(page string) map[string]dependency {
	described := map[string]dependency{}
	var section, path string
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		if m := sectionLine.FindStringSubmatch(line); m != nil {
			section, path = m[1], ""
		} else if m := moduleLine.FindStringSubmatch(line); m != nil {
			path = m[1]
			described[path] = dependency{section: section}
		} else if m := pinnedLine.FindStringSubmatch(line); m != nil && path != "" {
			described[path] = dependency{section, m[1]}
		}
	}
	return described
}

// requirements returns module → version of a folder's go.mod, which must not replace any: whoever
// installs with `go install` would get the other one.
func requirements(t *testing.T, dir string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = filepath.Join(root, dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit in %s: %v", dir, err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Replace {
		t.Errorf("%s/go.mod replaces %s", dir, r.Old.Path)
	}
	versions := map[string]string{}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	return versions
}

// toolPackages lists the commands that tools/go.mod names.
func toolPackages(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "tools", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("tools/go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var packages []string
	for _, tool := range file.Tool {
		packages = append(packages, tool.Path)
	}
	return packages
}

// importedModules finds which of the modules our packages import themselves, and whether code that
// users run is among the importers. It asks the imports and not the marks in go.mod, which `make tidy`
// checks with the network.
func importedModules(packages []goPackage, modules []string) map[string]bool {
	imported := map[string]bool{}
	for _, p := range packages {
		name := ours(p.ImportPath)
		shipped := !placements[name].testsOnly()
		for _, path := range p.Imports {
			if m := moduleOf(path, modules); m != "" {
				imported[m] = imported[m] || shipped
			}
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			if m := moduleOf(path, modules); m != "" {
				imported[m] = imported[m] || false
			}
		}
	}
	return imported
}

// moduleOf is the longest module path that the import path begins with.
func moduleOf(path string, modules []string) string {
	longest := ""
	for _, m := range modules {
		if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

func TestPolicyDependenciesRule(t *testing.T) {
	t.Parallel()
	described := readDependencies(strings.Join([]string{
		"# Dependencies", "## " + programSection,
		"### `a.example/db`", "- Version: pinned at v1.2.3. Later ones do not build.",
		"### `a.example/old`", "- Version: newest.",
		"### `a.example/unused`",
		"### `a.example/tested`",
		"## " + testsSection,
		"### `a.example/check`",
		"## " + toolsSection,
		"### `a.example/lint`", "- Version: pinned at v0.8.2",
		"### `a.example/hammer`",
	}, "\n"))
	want := map[string]dependency{
		"a.example/db":     {programSection, "v1.2.3"},
		"a.example/old":    {programSection, ""},
		"a.example/unused": {programSection, ""},
		"a.example/tested": {programSection, ""},
		"a.example/check":  {testsSection, ""},
		"a.example/lint":   {toolsSection, "v0.8.2"},
		"a.example/hammer": {toolsSection, ""},
	}
	if diff := cmp.Diff(want, described, cmp.AllowUnexported(dependency{})); diff != "" {
		t.Errorf("readDependencies (-want +got):\n%s", diff)
	}

	named := namedPackages("### `golang.org/x/sync`\n- Why: `errgroup` and `semaphore`.\n- Instead: `none`.\n",
		[]string{"golang.org/x/sync/errgroup", "a.example/semaphore"})
	if len(named) != 1 || !strings.Contains(named[0], "semaphore") {
		t.Errorf("namedPackages = %q, want semaphore alone", named)
	}

	modules := []string{"a.example/db", "a.example/db/sub", "a.example/check", "a.example/new", "a.example/tested"}
	imported := importedModules([]goPackage{
		{ImportPath: module + "/internal/store/sqlite", Imports: []string{"a.example/db", "a.example/check/x"}},
		{ImportPath: module + "/internal/fault", XTestImports: []string{"a.example/new/deep"}},
		{ImportPath: module + "/internal/testkit", Imports: []string{"a.example/db/sub/x", "a.example/tested"}},
	}, modules)
	wantImported := map[string]bool{
		"a.example/db": true, "a.example/check": true, "a.example/new": false, "a.example/db/sub": false,
		"a.example/tested": false,
	}
	if diff := cmp.Diff(wantImported, imported); diff != "" {
		t.Errorf("importedModules (-want +got):\n%s", diff)
	}

	got := dependencyComplaints(described, imported, map[string]bool{"a.example/lint": true},
		map[string]string{"a.example/db": "v1.3.0", "a.example/check": "v1.0.0", "a.example/unused": "v1.0.0",
			"a.example/tested": "v1.0.0"},
		map[string]string{"a.example/lint": "v0.8.2", "a.example/hammer": "v1.0.0"})
	wantComplaints := []string{
		"a.example/check is described as for tests only and imported by the program",
		"a.example/db is pinned at v1.2.3 and required at v1.3.0",
		"a.example/db/sub is imported and has no paragraph",
		"a.example/hammer has a paragraph and nothing imports it",
		"a.example/new is imported and has no paragraph",
		"a.example/old has a paragraph and no go.mod requires it",
		"a.example/tested is described as part of the program and only tests import it",
		"a.example/unused has a paragraph and nothing imports it",
	}
	if diff := cmp.Diff(wantComplaints, got); diff != "" {
		t.Errorf("dependencyComplaints (-want +got):\n%s", diff)
	}
}
