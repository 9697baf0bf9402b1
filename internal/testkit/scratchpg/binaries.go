package scratchpg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoServer means that this machine has no PostgreSQL server binaries. It is the only reason for
// which a test may be skipped: a server that is there but does not start is a failure.
var ErrNoServer = errors.New("no PostgreSQL server binaries (initdb, postgres) in PATH or " +
	"/usr/lib/postgresql/*/bin; script/install-test-tools installs them")

// binaryPattern is where Debian and its relatives keep one folder a major version, none of them in
// PATH.
const binaryPattern = "/usr/lib/postgresql/*/bin"

// findBinaries returns a folder that holds both initdb and postgres: the one in PATH, else the
// newest version that matches pattern.
func findBinaries(pattern string) (string, error) {
	if found, err := exec.LookPath("postgres"); err == nil {
		// A link in PATH is followed: initdb insists on a postgres beside its own real file.
		if real, err := filepath.EvalSymlinks(found); err == nil {
			if dir := filepath.Dir(real); holdsServer(dir) {
				return dir, nil
			}
		}
	}
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range dirs {
		if holdsServer(dir) {
			return dir, nil
		}
	}
	return "", ErrNoServer
}

// version reads the major version out of …/15/bin; as text, 9 would be newer than 15.
func version(bin string) int {
	name, _, _ := strings.Cut(filepath.Base(filepath.Dir(bin)), ".")
	n, err := strconv.Atoi(name)
	if err != nil {
		return 0
	}
	return n
}

func holdsServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}
