package tests

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record what is new in golden files")

// engines have a folder of migrations each, with the same names in it.
var engines = []string{"sqlite", "postgres"}

// sumsFile records every migration that has landed, a line each: SHA-256, two spaces, path.
const sumsFile = "testdata/migrations.sum"

var migrationName = regexp.MustCompile(`^\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.sql$`)

func migrationFolder(engine string) string {
	return filepath.Join("internal/store", engine, "migration")
}

// migrations returns the names of an engine's migration files, in order.
func migrations(t *testing.T, engine string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, migrationFolder(engine)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".sql" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// TestPolicyMigrationPairs holds both engines to the same steps, so that "schema 7" means one thing.
func TestPolicyMigrationPairs(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(migrations(t, engines[0]), migrations(t, engines[1])); diff != "" {
		t.Errorf("migrations of %s and %s (-%[1]s +%[2]s):\n%[3]s", engines[0], engines[1], diff)
	}
	for _, engine := range engines {
		for _, complaint := range numberComplaints(migrations(t, engine)) {
			t.Errorf("%s %s", engine, complaint)
		}
	}
}

// numberComplaints wants names with numbers without a gap, or at the first of the next hundred.
func numberComplaints(names []string) []string {
	var found []string
	want := 0
	for _, name := range names {
		if !migrationName.MatchString(name) {
			found = append(found, fmt.Sprintf("migration %s: want NNNN_verb_noun.sql", name))
		}
		if next := want/100*100 + 101; strings.HasPrefix(name, fmt.Sprintf("%04d_", next)) {
			want = next // a new series
			continue
		}
		if want++; !strings.HasPrefix(name, fmt.Sprintf("%04d_", want)) {
			found = append(found, fmt.Sprintf("migration %s: want number %04d, or the first of the next hundred", name, want))
		}
	}
	return found
}

func TestPolicyMigrationPairsRule(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]int{
		"0001_add_a.sql 0002_add_b.sql":                0,
		"0001_add_a.sql 0101_add_b.sql 0102_add_c.sql": 0,
		"0002_add_a.sql":                               1,
		"0001_add_a.sql 0001_add_b.sql":                1,
		"0001_add_a.sql 0201_add_b.sql":                1,
		"0001_Add_a.sql 0002-add.sql":                  3,
	} {
		if got := numberComplaints(strings.Fields(names)); len(got) != want {
			t.Errorf("numberComplaints(%s) = %q, want %d", names, got, want)
		}
	}
}

// TestPolicyMigrationsNeverChange compares every migration with its recorded checksum. A landed
// migration has run somewhere; what is wrong with it is mended by a new one. -update records new
// files and leaves recorded lines alone.
func TestPolicyMigrationsNeverChange(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(sumsFile)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	recorded, err := readSums(string(text))
	if err != nil {
		t.Fatal(err)
	}
	present := map[string]string{}
	for _, engine := range engines {
		for _, name := range migrations(t, engine) {
			path := filepath.ToSlash(filepath.Join(migrationFolder(engine), name))
			file, err := os.ReadFile(filepath.Join(root, path))
			if err != nil {
				t.Fatal(err)
			}
			present[path] = fmt.Sprintf("%x", sha256.Sum256(file))
		}
	}
	added, complaints := compareSums(recorded, present)
	for _, complaint := range complaints {
		t.Error(complaint)
	}
	if len(added) == 0 {
		return
	}
	if !*update {
		t.Errorf("not recorded in tests/%s: %v; `go test ./tests -update` records them", sumsFile, added)
		return
	}
	lines := strings.SplitAfter(string(text), "\n")
	for _, path := range added {
		lines = append(lines, present[path]+"  "+path+"\n")
	}
	if err := os.WriteFile(sumsFile, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readSums reads the lines of the sums file into path → checksum.
func readSums(text string) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		sum, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, twice := sums[path]; !found || twice {
			return nil, fmt.Errorf("tests/%s: bad or repeated line %q", sumsFile, line)
		}
		sums[path] = sum
	}
	return sums, nil
}

// compareSums returns the paths that are new, sorted, and what is wrong with the recorded ones.
func compareSums(recorded, present map[string]string) (added, complaints []string) {
	for path, sum := range recorded {
		switch got, ok := present[path]; {
		case !ok:
			complaints = append(complaints, path+" has landed and is gone; restore it")
		case got != sum:
			complaints = append(complaints, path+" has landed and was changed; restore it and add a new one")
		}
	}
	for path := range present {
		if _, ok := recorded[path]; !ok {
			added = append(added, path)
		}
	}
	slices.Sort(added)
	slices.Sort(complaints)
	return added, complaints
}

func TestPolicyMigrationsNeverChangeRule(t *testing.T) {
	t.Parallel()
	recorded, err := readSums("aa  a.sql\nbb  b.sql\ncc  c.sql\n")
	if err != nil {
		t.Fatal(err)
	}
	added, complaints := compareSums(recorded, map[string]string{"a.sql": "aa", "b.sql": "xx", "d.sql": "dd"})
	if diff := cmp.Diff([]string{"d.sql"}, added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	want := []string{
		"b.sql has landed and was changed; restore it and add a new one",
		"c.sql has landed and is gone; restore it",
	}
	if diff := cmp.Diff(want, complaints); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"aa a.sql\n", "aa  a.sql\nbb  a.sql\n"} {
		if _, err := readSums(bad); err == nil {
			t.Errorf("readSums(%q) took it, want an error", bad)
		}
	}
}
