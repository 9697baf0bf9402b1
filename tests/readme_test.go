package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/external"
)

// TestFieldE5ReadmeProductionBlock pastes the block "In production" of the README into a
// shell, as a new user does. The binary is the tests' own, so the line that builds one is
// left out.
func TestFieldE5ReadmeProductionBlock(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(readme), "\n## In production\n\n```sh\n")
	build, block, built := strings.Cut(block, "\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed || !built || !strings.HasPrefix(build, "make build") {
		t.Fatal("the README has no such block, or it does not begin with make build")
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	manage := external.FreeAddr(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "set -e\n"+block+"kill $!\nwait $!\n")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"),
		"CUSTODEX_ADDR=127.0.0.1:0", "CUSTODEX_MANAGE_ADDR="+manage, "CUSTODEX_MANAGE_URL=http://"+manage)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the block fails: %v\n%s", err, out)
	}
	for _, want := range []string{"Client secret (shown this once)", "key.create", "app.create"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}
}
