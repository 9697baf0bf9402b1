package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the path that every package of ours begins with.
const module = "custodex.dev"

// A placement is the layer of a package, with its exceptions.
type placement struct {
	layer int
	// may lists packages of ours of the same layer that it may import all the same.
	may []string
	// only, if set, lists all packages of ours that it may import, whatever their layer.
	only []string
	// by, if set, lists the only packages whose non-test files may import it; empty, it is for tests
	// and for packages that are for tests.
	by []string
}

// kit and everything above it are packages that no user runs.
const kit = 100

// testsOnly reports whether the package is never part of what users run.
func (p placement) testsOnly() bool { return p.layer >= kit || p.by != nil && len(p.by) == 0 }

// placements decides the layer of every package: one that is not here fails the test. A package
// imports lower layers only, never its own, unless its entry says so. CONTRIBUTING.md explains the
// layers; contributing_test.go compares its table with this one.
var placements = map[string]placement{
	"internal/fault": {layer: 0},
	"internal/safe":  {layer: 0, only: []string{}},
	"internal/sleep": {layer: 0, only: []string{}},
	"internal/bloom": {layer: 0, only: []string{}},
	"internal/digit": {layer: 0, only: []string{}},

	"internal/id":          {layer: 1},
	"internal/redact":      {layer: 1},
	"internal/page":        {layer: 1},
	"internal/authz":       {layer: 1},
	"internal/chain":       {layer: 1},
	"internal/web/body":    {layer: 1, only: []string{"internal/fault"}},
	"internal/web/framing": {layer: 2},
	"internal/admission":   {layer: 2},

	"internal/tenant":   {layer: 2},
	"internal/audit":    {layer: 2},
	"internal/customer": {layer: 2},

	"internal/seal":           {layer: 3},
	"internal/store":          {layer: 3},
	"internal/store/migrate":  {layer: 3, may: []string{"internal/store"}, by: adapters},
	"internal/store/commit":   {layer: 3, may: []string{"internal/store"}, by: adapters},
	"internal/store/rowcache": {layer: 3, may: []string{"internal/store"}, by: adapters},
	"internal/search":         {layer: 3},
	"internal/rowsum":         {layer: 3, may: []string{"internal/seal", "internal/store"}},

	"internal/store/sqlite":    {layer: 4, by: wiring},
	"internal/store/postgres":  {layer: 4, by: wiring},
	"internal/store/storetest": {layer: 4, by: []string{}},
	"internal/limit":           {layer: 4},
	"internal/index":           {layer: 4},
	"internal/finder":          {layer: 4, may: []string{"internal/index", "internal/customerrow"}},
	"internal/importer":        {layer: 4, may: []string{"internal/customerrow"}},
	"internal/customerrow":     {layer: 4},
	"internal/lineage":         {layer: 4},
	"internal/history":         {layer: 4, may: []string{"internal/customerrow"}},
	"internal/written":         {layer: 4},
	"internal/keyring":         {layer: 4},
	"internal/sequencer":       {layer: 4},
	"internal/event":           {layer: 4},
	"internal/feed":            {layer: 4},
	"internal/credential":      {layer: 4},
	"internal/job":             {layer: 4},
	"internal/check":           {layer: 4, may: []string{"internal/credential", "internal/customerrow", "internal/event", "internal/history", "internal/job", "internal/sequencer"}},
	"internal/sumfill":         {layer: 4, may: []string{"internal/check", "internal/customerrow", "internal/integrity", "internal/job", "internal/sequencer"}},
	"internal/integrity":       {layer: 4, may: []string{"internal/check", "internal/sequencer"}},

	"internal/records": {layer: 5},

	"internal/web":      {layer: 6},
	"internal/web/wire": {layer: 6, may: []string{"internal/web"}},

	"internal/web/openapi":  {layer: 7},
	"internal/web/devdraft": {layer: 7},
	"internal/web/yativo":   {layer: 7},
	"internal/web/xtrakit":  {layer: 7},
	"internal/web/manage":   {layer: 7},

	"internal/config": {layer: 8},
	"internal/server": {layer: 9},
	// It knows a server by its URL only, and the log by its export.
	"internal/selftest": {layer: 10, only: []string{"client", "internal/audit", "internal/redact"}, by: []string{"cmd/custodex"}},
	// It drives whole servers, and fills their databases through records.
	"internal/bench": {layer: 10, by: []string{"cmd/custodex"}},
	// It runs two builds of the program.
	"tests/naive":              {layer: kit + 1},
	"internal/bench/cmd/pairs": {layer: kit + 1},

	// The public client could live in a repository of its own.
	"client":       {layer: 0, only: []string{}, by: []string{"cmd/custodex", "internal/testkit", "internal/selftest"}},
	"cmd/custodex": {layer: 11},

	"internal/testkit": {layer: kit, by: []string{},
		may: []string{"internal/testkit/scratchpg"}},
	"internal/testkit/external":                {layer: kit, by: []string{}, may: []string{"internal/testkit/scratchpg"}},
	"internal/testkit/transcript":              {layer: kit, by: []string{}},
	"internal/testkit/contract":                {layer: kit, by: []string{}},
	"internal/testkit/dialect":                 {layer: kit + 1, by: []string{}},
	"internal/testkit/scratchpg":               {layer: kit, by: []string{"internal/testkit", "internal/testkit/external", scratchCommand}},
	"internal/testkit/scratchpg/cmd/scratchpg": {layer: kit + 1},

	"tests": {layer: kit + 1},
}

const scratchCommand = "internal/testkit/scratchpg/cmd/scratchpg"

var (
	adapters = []string{"internal/store/sqlite", "internal/store/postgres"}
	wiring   = []string{"internal/server", "internal/testkit"}
)

// A goPackage is what `go list -json` says about one package.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestPolicyLayers(t *testing.T) {
	t.Parallel()
	for _, complaint := range layerViolations(listPackages(t)) {
		t.Error(complaint)
	}
}

// layerViolations checks packages against the table, and says each thing once.
func layerViolations(packages []goPackage) []string {
	var found []string
	for _, p := range packages {
		name := ours(p.ImportPath)
		from, ok := placements[name]
		if !ok {
			found = append(found, fmt.Sprintf("%s has no layer; decide it in tests/layers_test.go", name))
			continue
		}
		for _, path := range p.Imports {
			to := ours(path)
			if to == "" {
				continue
			}
			if reason := refuse(name, from, to); reason != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", name, to, reason))
			}
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			to := ours(path)
			if slices.Contains(adapters, to) && !mayTestAdapter(name, to) {
				found = append(found, fmt.Sprintf("tests of %s import %s: take a store from testkit", name, to))
			}
		}
	}
	// A package is listed once for each build.
	slices.Sort(found)
	return slices.Compact(found)
}

// refuse says why a package may not import another one of ours, or nothing.
func refuse(name string, from placement, path string) string {
	to, ok := placements[path]
	switch {
	case !ok:
		return "it has no layer; decide it in tests/layers_test.go"
	case from.only != nil && !slices.Contains(from.only, path):
		return fmt.Sprintf("it may import %v of ours and nothing else", from.only)
	case to.by != nil && len(to.by) == 0 && from.layer < kit:
		return "tests only"
	case len(to.by) > 0 && !slices.Contains(to.by, name):
		return fmt.Sprintf("that is for %s", strings.Join(to.by, " and "))
	case strings.HasPrefix(name+"/", "internal/store/") && path == "internal/customer":
		return "a store cannot leak what it cannot name"
	case from.only != nil || slices.Contains(from.may, path):
		return ""
	case to.layer >= from.layer:
		return fmt.Sprintf("layer %d may not import layer %d", from.layer, to.layer)
	}
	return ""
}

// mayTestAdapter reports whether a package's tests may name an adapter: its own, those of the packages
// that wire it, and the tests of the whole.
func mayTestAdapter(name, adapter string) bool {
	return name == adapter || name == "tests" || slices.Contains(wiring, name)
}

// ours cuts the module off an import path; it is empty for everybody else's packages.
func ours(path string) string {
	name, found := strings.CutPrefix(path, module+"/")
	if !found {
		return ""
	}
	return name
}

// listPackages asks for every package: as built here, and as built for the
// systems that have files of their own.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	var packages []goPackage
	for _, build := range []struct{ tags, system string }{{"", ""}, {"", "windows"}, {"", "darwin"}} {
		// -e: a package that does not compile is the compiler's to report.
		cmd := exec.Command("go", "list", "-e", "-tags", build.tags,
			"-json=ImportPath,Imports,TestImports,XTestImports", "./...")
		cmd.Dir = root
		if build.system != "" {
			cmd.Env = append(os.Environ(), "GOOS="+build.system)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for d := json.NewDecoder(bytes.NewReader(out)); ; {
			var p goPackage
			err := d.Decode(&p)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			packages = append(packages, p)
		}
	}
	if len(packages) < 2 {
		t.Fatalf("go list found %d packages: the test is looking in the wrong place", len(packages))
	}
	return packages
}

func TestPolicyLayersRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pkg, imports, testImports, want string
	}{
		{"downwards", "internal/records", "internal/store", "", ""},
		{"upwards", "internal/store", "internal/records", "", "layer 3 may not import layer 5"},
		{"sideways", "internal/web/devdraft", "internal/web/yativo", "", "layer 7 may not import layer 7"},
		{"sideways below a folder", "internal/customer", "internal/tenant", "", "layer 2 may not"},
		{"own parent where the table says so", "internal/store/commit", "internal/store", "", ""},
		{"commit by an adapter", "internal/store/sqlite", "internal/store/commit", "", ""},
		{"commit by others", "internal/records", "internal/store/commit", "", "that is for"},
		{"unlisted", "internal/util", "fmt", "", "internal/util has no layer"},
		{"importing unlisted", "internal/web", "internal/helpers", "", "has no layer"},
		{"adapter by server", "internal/server", "internal/store/sqlite", "", ""},
		{"adapter by testkit", "internal/testkit", "internal/store/postgres", "", ""},
		{"adapter by records", "internal/records", "internal/store/sqlite", "", "that is for internal/server"},
		{"adapter by the command", "cmd/custodex", "internal/store/postgres", "", "that is for internal/server"},
		{"adapter in its own tests", "internal/store/sqlite", "", "internal/store/sqlite", ""},
		{"adapter in other tests", "internal/records", "", "internal/store/sqlite", "from testkit"},
		{"bench drives a server", "internal/bench", "internal/server", "", ""},
		{"bench by the command", "cmd/custodex", "internal/bench", "", ""},
		{"bench by the product", "internal/server", "internal/bench", "", "that is for cmd/custodex"},
		{"bench takes a store from server", "internal/bench", "internal/store/sqlite", "", "that is for"},
		{"testkit by tests", "internal/records", "", "internal/testkit", ""},
		{"testkit by the program", "internal/server", "internal/testkit", "", "tests only"},
		{"testkit by the command", "cmd/custodex", "internal/testkit", "", "tests only"},
		{"storetest by an adapter", "internal/store/sqlite", "internal/store/storetest", "", "tests only"},
		{"storetest by its tests", "internal/store/sqlite", "", "internal/store/storetest", ""},
		{"scratchpg by its command", scratchCommand, "internal/testkit/scratchpg", "", ""},
		{"scratchpg by the command", "cmd/custodex", "internal/testkit/scratchpg", "", "that is for"},
		{"store names customers", "internal/store", "internal/customer", "", "cannot name"},
		{"adapter names customers", "internal/store/sqlite", "internal/customer", "", "cannot name"},
		{"client from internal", "client", "internal/fault", "", "nothing else"},
		{"client by the service", "internal/records", "client", "", "that is for cmd/custodex"},
		{"client by the command", "cmd/custodex", "client", "", ""},
		{"body takes faults", "internal/web/body", "internal/fault", "", ""},
		{"body takes nothing else", "internal/web/body", "internal/id", "", "nothing else"},
		{"others are not ours", "internal/fault", "github.com/google/uuid", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := goPackage{ImportPath: module + "/" + tt.pkg}
			if tt.imports != "" {
				p.Imports = []string{qualified(tt.imports)}
			}
			if tt.testImports != "" {
				p.XTestImports = []string{qualified(tt.testImports)}
			}
			got := strings.Join(layerViolations([]goPackage{p}), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("layerViolations(%+v) = %q, want %q", p, got, tt.want)
			}
		})
	}
}

// qualified adds the module to what is one of our folders.
func qualified(path string) string {
	if strings.HasPrefix(path, "internal/") || path == "client" {
		return module + "/" + path
	}
	return path
}
